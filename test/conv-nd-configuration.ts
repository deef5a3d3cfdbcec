import fc from 'fast-check';
import { lengthOf } from '../src/tensor/tensor.ts';
import type { Geometry } from './oracle/conv-nd.ts';

/** Random convolutions in one, two and three dimensions, small, but with panels of 5 rows and of 8 and 4 columns to straddle. */
export type Rank = 1 | 2 | 3;

const between = (min: number, max: number) => fc.integer({ min, max });
const SPATIAL = ['', 'w', 'hw', 'dhw'];

export const letters = (rank: Rank) => ({
  first: `nc${SPATIAL[rank]}`,
  last: `n${SPATIAL[rank]}c`,
  filters: ['oi*', '*io', 'o*i', 'i*o'].map((form) => form.replace('*', SPATIAL[rank])),
});

export interface NdConfiguration {
  readonly rank: Rank;
  readonly geometry: Geometry;
  /** [begin, end] of each axis, flat. */
  readonly padding: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly layout: 'first' | 'last';
  /** Which of the four layouts of a filter. */
  readonly filterLayout: number;
  readonly paddingMode: 'zeros' | 'reflect' | 'replicate' | 'circular';
  readonly mean: boolean;
  readonly algorithm: 'auto' | 'direct' | 'gemm';
  readonly seed: number;
}

export function ndConfiguration(rank: Rank): fc.Arbitrary<NdConfiguration> {
  const most = [0, 24, 11, 5][rank];
  const per = (arbitrary: fc.Arbitrary<number>) => fc.array(arbitrary, { minLength: rank, maxLength: rank });
  return fc
    .record({
      batch: fc.constantFrom(0, 1, 1, 2, 3, 5),
      groups: fc.constantFrom(1, 1, 2, 3, 5),
      inChannels: fc.oneof(between(1, 6), fc.constantFrom(1, 9)),
      outChannels: fc.oneof(between(1, 6), fc.constantFrom(1, 9, 11)),
      kernel: per(between(1, rank === 3 ? 3 : 4)),
      strides: per(between(1, 3)),
      dilations: per(between(1, 3)),
      padding: fc.array(between(0, 3), { minLength: 2 * rank, maxLength: 2 * rank }),
      spare: per(fc.nat(most)),
      layout: fc.constantFrom('first' as const, 'last' as const),
      filterLayout: fc.nat(3),
      wish: fc.constantFrom('zeros' as const, 'zeros' as const, 'reflect' as const, 'replicate' as const, 'circular' as const),
      mean: fc.boolean(),
      algorithm: fc.constantFrom('auto' as const, 'direct' as const, 'gemm' as const),
      seed: fc.integer(),
    })
    .map(({ batch, groups, inChannels, outChannels, kernel, spare, wish, ...rest }) => {
      const { strides, dilations, padding } = rest;
      const input = kernel.map((k, axis) => Math.max(1, dilations[axis] * (k - 1) + 1 + spare[axis] - padding[2 * axis]));
      const out = input.map((extent, axis) => {
        const room = extent + padding[2 * axis] + padding[2 * axis + 1] - dilations[axis] * (kernel[axis] - 1) - 1;
        return Math.floor(room / strides[axis]) + 1;
      });
      const triple = (values: readonly number[], fill: number) => [fill, fill, ...values].slice(-3);
      const geometry = {
        batch,
        groups,
        inChannels,
        outChannels,
        input: triple(input, 1),
        kernel: triple(kernel, 1),
        strides: triple(strides, 1),
        dilations: triple(dilations, 1),
        begin: triple(
          padding.filter((_, i) => i % 2 === 0),
          0,
        ),
        out: triple(out, 1),
      };
      // What there is to mirror, or at the other end, may not be enough.
      const most = { zeros: Infinity, reflect: -1, replicate: Infinity, circular: 0 }[wish];
      const fits = padding.every((border, i) => border <= input[i >> 1] + most);
      return { rank, geometry, ...rest, paddingMode: fits ? wish : ('zeros' as const) };
    })
    .filter(({ geometry: g }) => lengthOf(g.out) > 0 && g.out.every((extent) => extent > 0));
}
