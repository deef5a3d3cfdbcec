/** The JavaScript twin alone: nothing that is imported from here reaches WebAssembly. */
import { Engine } from './engine.ts';
import { JsBackend } from './js/backend.ts';

export * from './public.ts';

/** An engine whose kernels are JavaScript, with the same bits as the `simd` variant. */
export function loadJs(notes: readonly string[] = []): Engine {
  return new Engine(new JsBackend(), notes);
}
