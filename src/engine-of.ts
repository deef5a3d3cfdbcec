/** Apart from engine.ts, so that a family which only takes engines carries none of its operators. */
import type { Engine } from './engine.ts';
import { OptionError } from './errors.ts';
import { show } from './spec/check.ts';
import { attempt } from './tensor/read.ts';

const ENGINE = 'an engine, which `load` promises and `loadSync` returns';

/**
 * A caller's argument as an engine.
 *
 * @throws OptionError
 */
export function engineOf(argument: string, value: unknown): Engine {
  const [isEngine, isPromise] = attempt(argument, ENGINE, () => {
    const given = (value ?? {}) as Partial<Engine & PromiseLike<Engine>>;
    return [typeof given.variant === 'string' && typeof given.holds === 'function', typeof given.then === 'function'];
  });
  if (!isEngine) throw new OptionError(argument, isPromise ? 'a promise (did you forget `await`?)' : show(value), ENGINE);
  return value as Engine;
}
