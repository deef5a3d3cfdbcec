import type { Plan, Value } from './plan.ts';

/** Steps that only move floats, or add them up. */

/** One dimension of a lattice: as many points, so far apart in the input and in the output. */
export type Dimension = readonly [count: number, inStride: number, outStride: number];

interface Lattice {
  readonly input: Value;
  readonly output: Value;
  readonly dimensions: readonly Dimension[];
  readonly inOffset?: number;
  readonly outOffset?: number;
}

/** Up to six dimensions, the last of which runs fastest; the first two are what threads share. */
export function copy(plan: Plan, lattice: Lattice): void {
  strided(plan, 'stridedCopy', lattice, 0);
}

/** Adds up what meets in a point; each point of the first two dimensions has `clearLength` floats to itself. */
export function sum(plan: Plan, lattice: Lattice, clearLength: number): void {
  strided(plan, 'stridedSum', lattice, clearLength);
}

function strided(
  plan: Plan,
  kernel: 'stridedCopy' | 'stridedSum',
  { input, output, dimensions, inOffset = 0, outOffset = 0 }: Lattice,
  clearLength: number,
): void {
  const none: readonly Dimension[] = Array.from({ length: 6 - dimensions.length }, () => [1, 0, 0]);
  const [d0, d1, d2, d3, d4, d5] = [...dimensions.slice(0, 2), ...none, ...dimensions.slice(2)];
  plan.step(
    kernel,
    { input, output },
    {
      inOffset,
      outOffset,
      count0: d0[0],
      count1: d1[0],
      count2: d2[0],
      count3: d3[0],
      count4: d4[0],
      count5: d5[0],
      in0: d0[1],
      in1: d1[1],
      in2: d2[1],
      in3: d3[1],
      in4: d4[1],
      in5: d5[1],
      out0: d0[2],
      out1: d1[2],
      out2: d2[2],
      out3: d3[2],
      out4: d4[2],
      out5: d5[2],
      clearLength,
    },
  );
}

/** `length` floats, as they lie. */
export function copyRun(plan: Plan, input: Value, output: Value, length: number): void {
  copy(plan, {
    input,
    output,
    dimensions: [
      [1, 0, 0],
      [1, 0, 0],
      [length, 1, 1],
    ],
  });
}

/** `length` zeros: padding around nothing. */
export function zeros(plan: Plan, output: Value, length: number): void {
  const nothing = { inDepth: 0, inHeight: 0, inRowLength: 0, front: 0, top: 0, left: 0 };
  const all = { planes: 1, outDepth: 1, outHeight: 1, outRowLength: length, outPlaneStride: length };
  plan.step('pad', { input: output, output }, { ...nothing, ...all });
}

/** The sum of each channel of [outer][channels][rowLength]. */
export function channelSum(plan: Plan, input: Value, output: Value, outer: number, channels: number, rowLength: number): void {
  plan.step('channelSum', { input, output }, { outer, channels, rowLength });
}
