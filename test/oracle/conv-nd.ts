import { lengthOf } from '../../src/tensor/tensor.ts';

/** Convolution in three dimensions and its gradients, as they are defined, in float64: channels first, filters o, i, d, h, w. */

export type Floats = Float32Array | Float64Array;
type Triple = readonly number[];

export interface Geometry {
  readonly batch: number;
  readonly groups: number;
  /** Channels of one group. */
  readonly inChannels: number;
  readonly outChannels: number;
  readonly input: Triple;
  readonly kernel: Triple;
  readonly strides: Triple;
  readonly dilations: Triple;
  /** Before the input, on each axis. */
  readonly begin: Triple;
  readonly out: Triple;
}

/** Every product of the convolution: which float of the input (−1 in the padding), of the filter, and of the result. */
export function eachProduct(g: Geometry, visit: (x: number, w: number, y: number) => void): void {
  const at = (extents: Triple, index: Triple) => (index[0] * extents[1] + index[1]) * extents[2] + index[2];
  const cells = (extents: Triple, visitCell: (index: Triple) => void) => {
    for (let z = 0; z < extents[0]; z++) for (let y = 0; y < extents[1]; y++) for (let x = 0; x < extents[2]; x++) visitCell([z, y, x]);
  };
  const [inPlane, outPlane, taps] = [g.input, g.out, g.kernel].map(lengthOf);
  for (let n = 0; n < g.batch; n++)
    for (let o = 0; o < g.groups * g.outChannels; o++)
      cells(g.out, (out) =>
        cells(g.kernel, (tap) => {
          const from = out.map((index, axis) => index * g.strides[axis] - g.begin[axis] + tap[axis] * g.dilations[axis]);
          const inside = from.every((index, axis) => index >= 0 && index < g.input[axis]);
          for (let i = 0; i < g.inChannels; i++) {
            const channel = Math.floor(o / g.outChannels) * g.inChannels + i;
            visit(
              inside ? (n * g.groups * g.inChannels + channel) * inPlane + at(g.input, from) : -1,
              (o * g.inChannels + i) * taps + at(g.kernel, tap),
              (n * g.groups * g.outChannels + o) * outPlane + at(g.out, out),
            );
          }
        }),
      );
}

type Mode = 'zeros' | 'reflect' | 'replicate' | 'circular';

/** Which cell of an axis has its image at `i`: −1 for none. */
function cellAt(i: number, length: number, mode: Mode): number {
  if (i >= 0 && i < length) return i;
  if (mode === 'replicate') return Math.min(Math.max(i, 0), length - 1);
  if (mode === 'reflect') return length - 1 - Math.abs(length - 1 - Math.abs(i));
  if (mode === 'circular') return (i + length) % length;
  return -1;
}

/** A convolution whose padding is part of its input, and which cell of `x` each cell of that input is. */
export function bordered(g: Geometry, after: Triple, mode: Mode): { readonly g: Geometry; readonly cells: readonly number[] } {
  const input = g.input.map((extent, axis) => g.begin[axis] + extent + after[axis]);
  const cells: number[] = [];
  for (let plane = 0; plane < g.batch * g.groups * g.inChannels; plane++)
    for (let z = 0; z < input[0]; z++)
      for (let y = 0; y < input[1]; y++)
        for (let x = 0; x < input[2]; x++) {
          const [cz, cy, cx] = [z, y, x].map((i, axis) => cellAt(i - g.begin[axis], g.input[axis], mode));
          const inside = cz >= 0 && cy >= 0 && cx >= 0;
          cells.push(inside ? ((plane * g.input[0] + cz) * g.input[1] + cy) * g.input[2] + cx : -1);
        }
  return { g: { ...g, input, begin: [0, 0, 0] }, cells };
}

/** A tensor inside its border, and what a border gives back. */
export const gather = (x: Floats, cells: readonly number[]) => Float64Array.from(cells, (cell) => (cell < 0 ? 0 : x[cell]));
export function scatter({ data, magnitude, products }: Sums, cells: readonly number[], length: number): Sums {
  const to = sums(length, 0);
  for (const [i, cell] of cells.entries()) {
    if (cell < 0) continue;
    to.data[cell] += data[i];
    to.magnitude[cell] += magnitude[i];
    to.products[cell] += products[i];
    to.parts[cell] += 1;
  }
  return to;
}

export interface Sums {
  readonly data: Float64Array;
  /** Σ|a·b| of each. */
  readonly magnitude: Float64Array;
  /** How many products each has, those with the padding among them. */
  readonly products: Float64Array;
  /** How many sums each was added up from: more than one where a border gave back its images. */
  readonly parts: Float64Array;
}

const sums = (length: number, parts = 1): Sums => ({
  data: new Float64Array(length),
  magnitude: new Float64Array(length),
  products: new Float64Array(length),
  parts: new Float64Array(length).fill(parts),
});
function add(to: Sums, at: number, product: number): void {
  to.data[at] += product;
  to.magnitude[at] += Math.abs(product);
  to.products[at] += 1;
}

export function forward(g: Geometry, x: Floats, w: Floats): Sums {
  const y = sums(g.batch * g.groups * g.outChannels * lengthOf(g.out));
  eachProduct(g, (xi, wi, yi) => add(y, yi, (xi < 0 ? 0 : x[xi]) * w[wi]));
  return y;
}

/** What each float of the input gets back: with `dy` as an input and `dx` as a result, the transposed convolution. */
export function inputGradient(g: Geometry, dy: Floats, w: Floats): Sums {
  const dx = sums(g.batch * g.groups * g.inChannels * lengthOf(g.input));
  eachProduct(g, (xi, wi, yi) => xi >= 0 && add(dx, xi, dy[yi] * w[wi]));
  return dx;
}

export function filterGradient(g: Geometry, dy: Floats, x: Floats): Sums {
  const dw = sums(g.groups * g.outChannels * g.inChannels * lengthOf(g.kernel));
  eachProduct(g, (xi, wi, yi) => add(dw, wi, (xi < 0 ? 0 : x[xi]) * dy[yi]));
  return dw;
}

/** The sum of each channel of [outer][channels][rowLength]. */
export function channelSums(data: Floats, outer: number, channels: number, rowLength: number): Sums {
  const total = sums(channels);
  for (let i = 0; i < outer * channels * rowLength; i++) add(total, Math.floor(i / rowLength) % channels, data[i]);
  return total;
}

/** The gradient of Σ weights · f(at) by central differences. */
export function finiteDifferences(at: Float64Array, weights: Floats, f: (at: Float64Array) => Float64Array): Float64Array {
  const step = 1e-4;
  const moved = at.slice();
  const total = (y: Float64Array) => y.reduce((sum, value, i) => sum + value * weights[i], 0);
  return at.map((value, i) => {
    moved[i] = value + step;
    const above = total(f(moved));
    moved[i] = value - step;
    const below = total(f(moved));
    moved[i] = value;
    return (above - below) / (2 * step);
  });
}
