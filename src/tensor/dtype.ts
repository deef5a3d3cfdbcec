import { OutOfMemoryError } from '../errors.ts';
import { copyArray, kindOf, lengthOfArray } from './typed-array.ts';

/** What the elements of a tensor are, by WebNN's names. */
export type DType = 'float32' | 'int32' | 'uint8' | 'int8';

/** The array that holds elements of each type. */
export interface ArrayOf {
  /** IEEE 754 single precision. */
  readonly float32: Float32Array;
  /** Whole numbers, such as indices. */
  readonly int32: Int32Array;
  /** Bytes from 0 to 255. */
  readonly uint8: Uint8Array;
  /** Bytes from −128 to 127. */
  readonly int8: Int8Array;
}

/** Any array of elements that a tensor can have. */
export type TensorData = ArrayOf[DType];

interface ArrayKind<A extends TensorData> {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): A;
  new (buffer: ArrayBufferLike, byteOffset: number, length?: number): A;
}

const KINDS: { readonly [D in DType]: ArrayKind<ArrayOf[D]> } = {
  float32: Float32Array,
  int32: Int32Array,
  uint8: Uint8Array,
  int8: Int8Array,
};

export const DTYPES = Object.keys(KINDS) as readonly DType[];

const BY_ARRAY: ReadonlyMap<string | undefined, DType> = new Map(DTYPES.map((dtype) => [KINDS[dtype].name, dtype]));

/** The type of an array's elements; undefined for anything but an array that a tensor can have. */
export const dtypeOf = (data: unknown): DType | undefined => BY_ARRAY.get(kindOf(data));

/** The class of the array that holds such elements. */
export const arrayNameOf = (dtype: DType): string => KINDS[dtype].name;

/** What elements are called in messages. */
export const nounOf = (dtype: DType): string => (dtype === 'float32' ? 'floats' : 'elements');

/** Bytes of one element. */
export const elementBytes = (dtype: DType): number => KINDS[dtype].BYTES_PER_ELEMENT;

/** The least and the greatest whole number that an element can be. */
export function rangeOf(dtype: Exclude<DType, 'float32'>): readonly [least: number, greatest: number] {
  const bits = 8 * elementBytes(dtype);
  return dtype === 'uint8' ? [0, 255] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

/** An array of zeros outside kernel memory. */
export function newArray<D extends DType>(dtype: D, length: number): ArrayOf[D] {
  try {
    return new KINDS[dtype](length);
  } catch {
    throw new OutOfMemoryError(length * elementBytes(dtype), 'the host refused an array of that size');
  }
}

/** Elements of a buffer. */
export function viewOf<D extends DType>(dtype: D, buffer: ArrayBufferLike, byteOffset: number, length: number): ArrayOf[D] {
  return new KINDS[dtype](buffer, byteOffset, length);
}

/** A copy of an array that a tensor can have, and anything else itself. */
export function copyOf(value: unknown): unknown {
  const dtype = dtypeOf(value);
  if (dtype === undefined) return value;
  const copy = newArray(dtype, lengthOfArray(value));
  if (copy.length > 0) copyArray(copy, value);
  return copy;
}
