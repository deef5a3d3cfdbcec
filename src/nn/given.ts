import type { Engine } from '../engine.ts';
import { ShapeError } from '../errors.ts';
import { readTensor } from '../spec/read.ts';
import { KernelTensor } from '../tensor/tensor.ts';

/** A live tensor of an engine: of `engine`, where one is given. */
export function resident(argument: string, value: unknown, engine?: Engine): KernelTensor {
  const given = readTensor(argument, value, undefined, true);
  if (!KernelTensor.is(given))
    throw new ShapeError(argument, 'a plain tensor', `a tensor of ${engine === undefined ? 'an' : 'this'} engine`);
  if (engine !== undefined && !engine.holds(given)) throw new ShapeError(argument, 'a tensor of another engine', 'a tensor of this engine');
  return given;
}
