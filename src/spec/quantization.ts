import { OptionError, ShapeError } from '../errors.ts';
import { arrayNameOf, copyOf, type DType, dtypeOf, rangeOf, type TensorData } from '../tensor/dtype.ts';
import type { Quantization } from '../tensor/tensor.ts';
import { isDetached } from '../tensor/typed-array.ts';
import { show } from './check.ts';

/**
 * What whole numbers of this type stand for, checked and copied: nothing where no scale is given.
 *
 * @param argument the object that `scale` and `zeroPoint` are properties of, for messages
 */
export function quantization(argument: string, dtype: DType, scale: unknown, zeroPoint: unknown): Quantization | undefined {
  if (scale === undefined) {
    if (zeroPoint === undefined) return undefined;
    throw new OptionError(`${argument}.scale`, 'undefined', 'the scale that belongs to the zero point');
  }
  if (dtype === 'float32') throw new OptionError(`${argument}.scale`, show(scale), 'none for floats, which stand for themselves');
  const scales = scalesOf(`${argument}.scale`, scale);
  return { scale: scales, zeroPoint: zeroPointOf(`${argument}.zeroPoint`, dtype, zeroPoint, scales) };
}

const EXPECTED_SCALE = 'a number above 0 that is finite as a 32-bit float, or a Float32Array of such numbers, one for each channel';

function scalesOf(argument: string, scale: unknown): number | Float32Array {
  const isScale = (value: unknown) => typeof value === 'number' && value > 0 && value < Infinity;
  if (typeof scale === 'number' && isScale(Math.fround(scale))) return Math.fround(scale);
  if (dtypeOf(scale) !== 'float32') throw new OptionError(argument, show(scale), EXPECTED_SCALE);
  if (isDetached(scale)) throw new ShapeError(argument, 'a detached buffer', 'a Float32Array that still holds its data');
  const own = copyOf(scale) as Float32Array;
  if (own.length === 0) throw new OptionError(argument, 'an empty Float32Array', EXPECTED_SCALE);
  const bad = own.findIndex((value) => !isScale(value));
  if (bad >= 0) throw new OptionError(`${argument}[${bad}]`, show(own[bad]), 'a number above 0 that is finite');
  return own;
}

function zeroPointOf(
  argument: string,
  dtype: Exclude<DType, 'float32'>,
  zeroPoint: unknown,
  scale: number | Float32Array,
): number | TensorData {
  const [least, greatest] = rangeOf(dtype);
  if (zeroPoint === undefined) return 0;
  if (typeof zeroPoint === 'number' && Number.isInteger(zeroPoint) && zeroPoint >= least && zeroPoint <= greatest) return zeroPoint;
  const expected = `a whole number from ${least} to ${greatest}, or an array of the tensor's type with as many of them as the scale has`;
  if (dtypeOf(zeroPoint) !== dtype) throw new OptionError(argument, show(zeroPoint), expected);
  const own = copyOf(zeroPoint) as TensorData;
  if (typeof scale === 'object' && own.length === scale.length) return own;
  throw new OptionError(argument, `a ${arrayNameOf(dtype)} of ${own.length} elements`, expected);
}
