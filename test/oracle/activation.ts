/** Activations as they are defined, one float at a time in float64. NaN passes through every one of them. */
export const oracle = {
  relu: (x: number) => (x < 0 ? 0 : x),
  /** ONNX's Min(upper, Max(x, lower)), which of two zeros keeps x. */
  clamp: (x: number, lower: number, upper: number) => {
    const raised = x < lower ? lower : x;
    return raised > upper ? upper : raised;
  },
  leaky: (x: number, slope: number) => (x < 0 ? slope * x : x),
  threshold: (x: number, alpha: number) => (Number.isNaN(x) || x > alpha ? x : 0),
};

/** Index of the channel of every element. */
export function channelIndices(shape: readonly number[], axis: number): number[] {
  const inner = shape.slice(axis + 1).reduce((product, extent) => product * extent, 1);
  const length = shape.reduce((product, extent) => product * extent, 1);
  return Array.from({ length }, (_, i) => Math.floor(i / inner) % shape[axis]);
}

const WORD = 0xffffffffn;

function lowbias32(x: bigint): bigint {
  x = ((x ^ (x >> 16n)) * 0x7feb352dn) & WORD;
  x = ((x ^ (x >> 15n)) * 0x846ca68bn) & WORD;
  return x ^ (x >> 16n);
}

/** The slope that a training call draws for an element, before any rounding to a 32-bit float. */
export function drawnSlope(index: number, seed: number, lower: number, upper: number): number {
  const hash = lowbias32(lowbias32(BigInt(index)) ^ BigInt(seed));
  return lower + (upper - lower) * (Number(hash >> 8n) / 2 ** 24);
}
