import type { ArrayOf, DType, TensorData } from '../tensor/dtype.ts';

/**
 * What a kernel is, to those who call it. A parameter block describes one call: its fields are four bytes each, in the order in which
 * they are declared, so that the host writes a block as a run of words. Buffers are byte addresses in kernel memory (0 for none), and
 * arrays in the JavaScript twin; `f32*` says what their elements are. Of `any*` the block itself says it, and the twin looks at the bytes.
 * `…Stride` and `…Length` count elements, `…Bytes` bytes.
 *
 * The build translates the blocks and constants of this folder to AssemblyScript (scripts/kernels.mjs): both sides have one description.
 */
export type BufferKind = 'f32*' | 'i32*' | 'u8*' | 'i8*' | 'any*';
export type FieldKind = BufferKind | 'i32' | 'f32';
export type Layout = Readonly<Record<string, FieldKind>>;

/** The number of words that a parameter block has at most. Threads copy as many for each job. */
export const BLOCK_LENGTH = 48;

/** The elements of a buffer; undefined where they may be any. */
export const ELEMENTS = {
  'f32*': 'float32',
  'i32*': 'int32',
  'u8*': 'uint8',
  'i8*': 'int8',
  'any*': undefined,
} as const satisfies Readonly<Record<BufferKind, DType | undefined>>;

export const isBuffer = (kind: FieldKind): kind is BufferKind => kind in ELEMENTS;

type ArrayOfKind<K extends BufferKind> = (typeof ELEMENTS)[K] extends DType ? ArrayOf[(typeof ELEMENTS)[K]] : TensorData;

/** A block as the twin sees it: numbers, and arrays in place of addresses. */
export type Block<L extends Layout> = {
  -readonly [F in keyof L]: L[F] extends BufferKind ? ArrayOfKind<L[F]> : number;
};

/** The numbers of a block. */
export type Numbers<L extends Layout> = { readonly [F in keyof L as L[F] extends BufferKind ? never : F]: number };

/** Everything that a caller of a kernel has to know, and nothing else knows. */
export interface KernelDescriptor<L extends Layout = Layout> {
  readonly block: L;
  /** The buffers that it writes. It reads all others, and touches nothing outside them but its scratch. */
  readonly writes: readonly (keyof L & string)[];
  /**
   * Idempotent in place: f(f(x)) = f(x). Only such a kernel may be run again over its own result, after a worker was lost. Any other
   * repeats its tasks only while its output is apart from its input.
   */
  readonly idempotent: boolean;
  /** Buffers in whose place the result may lie: each element is read before anything is written there. */
  readonly inPlace: readonly (keyof L & string)[];
  /** Independent pieces of a call: any split of [0, tasks) gives the same bits, in any order. */
  readonly tasks: (numbers: Numbers<L>) => number;
  /**
   * Nanoseconds on one thread, roughly, as a processor of 2025 takes. It serves one decision only: whether other threads are asked to
   * help.
   */
  readonly cost: (numbers: Numbers<L>) => number;
}

interface Traits<L extends Layout> {
  readonly writes?: readonly (keyof L & string)[];
  readonly idempotent?: boolean;
  readonly inPlace?: readonly (keyof L & string)[];
}

export function kernel<L extends Layout>(
  block: L,
  tasks: KernelDescriptor<L>['tasks'],
  cost: KernelDescriptor<L>['cost'],
  { writes = ['output'], idempotent = false, inPlace = [] }: Traits<L> = {},
): KernelDescriptor<L> {
  return { block, writes, idempotent, inPlace, tasks, cost };
}

/** Work that a nanosecond of one thread does. */
export const PER_NANOSECOND = {
  /** Multiplications with an addition each, of a matrix product. */
  products: 20,
  /** Floats of a pooling window. */
  taps: 4,
  /** Floats that are read, changed and written. */
  floats: 8,
  /** Points of a lattice with strides of its own. */
  points: 1,
  /** Taps of an image filter. */
  imageTaps: 20,
} as const;
