import type { Engine } from '../engine.ts';
import { OptionError, ShapeError } from '../errors.ts';
import { show } from '../shape/check.ts';
import { read, readTensor } from '../shape/read.ts';
import { KernelTensor } from '../tensor.ts';

/** What networks ask of what they are given, besides what every operator asks. */

const ENGINE = 'an engine, which `load` promises and `loadSync` returns';

export function engineOf(argument: string, value: unknown): Engine {
  const [isEngine, isPromise] = read(argument, ENGINE, () => {
    const given = (value ?? {}) as Partial<Engine & PromiseLike<Engine>>;
    return [typeof given.variant === 'string' && typeof given.holds === 'function', typeof given.then === 'function'];
  });
  if (!isEngine) throw new OptionError(argument, isPromise ? 'a promise (did you forget `await`?)' : show(value), ENGINE);
  return value as Engine;
}

export function callable(argument: string, value: unknown): void {
  if (typeof value !== 'function') throw new OptionError(argument, show(value), 'a function');
}

/** A live tensor of an engine: of `engine`, where one is given. */
export function resident(argument: string, value: unknown, engine?: Engine): KernelTensor {
  const given = readTensor(argument, value, undefined, true);
  if (given instanceof KernelTensor && (engine === undefined || engine.holds(given))) return given;
  const place = engine === undefined ? 'an' : 'this';
  throw new ShapeError(
    argument,
    given instanceof KernelTensor ? 'a tensor of another engine' : 'a plain tensor',
    `a tensor of ${place} engine`,
  );
}
