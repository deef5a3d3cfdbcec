import fc from 'fast-check';
import type { Conv2dOptions, Tensor } from '../src/index.ts';
import { type ConvAttributes, explicitPadding } from './oracle/conv.ts';
import { randomTensor, relayout } from './random.ts';

/** Random convolutions whose sizes straddle tile edges: panels of 5 rows and of 8 and 4 columns, blocks of 96 pixels and of 256 products. */
const between = (min: number, max: number) => fc.integer({ min, max });
const pairOf = (min: number, max: number) => fc.tuple(between(min, max), between(min, max));

const common = {
  batch: fc.constantFrom(0, 1, 1, 1, 2, 3),
  kernel: pairOf(1, 5),
  strides: pairOf(1, 3),
  dilations: pairOf(1, 3),
  padding: fc.oneof(
    { weight: 3, arbitrary: fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3), fc.nat(3)) },
    fc.tuple(fc.nat(3), fc.nat(3)),
    fc.nat(3),
    fc.constantFrom('same' as const, 'same-lower' as const, 'valid' as const),
  ),
  filterLayout: fc.constantFrom('oihw' as const, 'hwio' as const, 'ohwi' as const, 'ihwo' as const),
  activation: fc.constantFrom<Conv2dOptions['activation'][]>(
    undefined,
    undefined,
    'relu',
    'relu6',
    'leakyRelu',
    { type: 'clamp', minValue: -0.5, maxValue: 0.25 },
    { type: 'leakyRelu', alpha: -1.5 },
  ),
  bias: fc.boolean(),
  mean: fc.boolean(),
  seed: fc.integer(),
  algorithm: fc.constantFrom('gemm' as const, 'direct' as const),
};

const ordinary = fc.record({
  ...common,
  groups: fc.constantFrom(1, 1, 1, 2, 3),
  groupIn: between(1, 6),
  groupOut: fc.oneof(between(1, 6), fc.constantFrom(7, 8, 9, 10, 11, 16, 17)),
  spare: fc.tuple(fc.nat(14), fc.nat(14)),
});
/** One channel a group, and one to four results of each. */
const depthwise = fc.record({
  ...common,
  groups: fc.oneof(between(1, 9), fc.constantFrom(16, 17)),
  groupIn: fc.constant(1),
  groupOut: between(1, 4),
  spare: fc.tuple(fc.nat(14), fc.nat(14)),
});
/** Sums of more products than a block holds. */
const deep = fc.record({
  ...common,
  groups: fc.constantFrom(1, 1, 2),
  groupIn: fc.oneof(between(29, 90), fc.constantFrom(255, 256, 257, 512, 513)),
  groupOut: between(1, 9),
  kernel: pairOf(1, 3),
  spare: fc.tuple(fc.nat(4), fc.nat(4)),
});
/** More pixels than a block holds. */
const wide = fc.record({
  ...common,
  groups: fc.constantFrom(1, 1, 2),
  groupIn: between(1, 3),
  groupOut: between(1, 9),
  spare: fc.tuple(between(6, 40), between(6, 40)),
});

export const configuration = fc
  .oneof({ weight: 6, arbitrary: ordinary }, { weight: 2, arbitrary: depthwise }, deep, wide)
  .map(({ spare, ...rest }) => ({
    ...rest,
    height: rest.dilations[0] * (rest.kernel[0] - 1) + 1 + spare[0],
    width: rest.dilations[1] * (rest.kernel[1] - 1) + 1 + spare[1],
  }));

export type Configuration = typeof configuration extends fc.Arbitrary<infer T> ? T : never;

export interface Operands {
  /** NCHW */
  readonly x: Tensor;
  /** In `options.filterLayout`. */
  readonly filter: Tensor;
  readonly options: Conv2dOptions;
  /** OIHW, for the oracle. */
  readonly plainFilter: Tensor;
  readonly attributes: ConvAttributes;
}

export function operands(c: Configuration, make = randomTensor): Operands {
  const x = make([c.batch, c.groups * c.groupIn, c.height, c.width], c.seed);
  const plainFilter = make([c.groups * c.groupOut, c.groupIn, ...c.kernel], c.seed + 1);
  const bias = c.bias ? make([c.groups * c.groupOut], c.seed + 2) : undefined;
  const options = {
    strides: c.strides,
    dilations: c.dilations,
    padding: c.padding,
    groups: c.groups,
    filterLayout: c.filterLayout,
    normalize: c.mean ? ('mean' as const) : ('none' as const),
    algorithm: c.algorithm,
    ...(bias && { bias }),
    ...(c.activation && { activation: c.activation }),
  };
  const padding = explicitPadding(c.padding, [c.height, c.width], c.kernel, c.strides, c.dilations);
  return { x, filter: relayout(plainFilter, 'oihw', c.filterLayout), options, plainFilter, attributes: { ...c, padding, bias } };
}
