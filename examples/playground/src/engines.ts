import { type Engine, load } from 'simdconv';

export type EngineKind = 'wasm' | 'js';

const engines = new Map<EngineKind, Promise<Engine>>();

/** The page's engines, each loaded when it is first wanted. One thread: what is compared is Wasm and JavaScript. */
export function engineOf(kind: EngineKind): Promise<Engine> {
  let engine = engines.get(kind);
  if (engine === undefined) {
    engine = load({ variant: kind === 'js' ? 'js' : 'auto' });
    engines.set(kind, engine);
  }
  return engine;
}
