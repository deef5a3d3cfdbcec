/** What a window is reduced to. */
export const Reduction = { Max: 0, Average: 1, L2: 2 } as const;

/** What padding holds: nothing that the reduction would notice. */
export function identity(reduction: number): number {
  return reduction === Reduction.Max ? -Infinity : 0;
}

const { sqrt } = Math;

/** Whole windows' results, in place: `length` floats of one pixel, or of pixels with the same number of cells. */
export function finish(windows: Float32Array, at: number, length: number, cells: number, reduction: number): void {
  const end = at + length;
  if (reduction === Reduction.Average) for (let i = at; i < end; i++) windows[i] = windows[i] / cells;
  if (reduction === Reduction.L2) for (let i = at; i < end; i++) windows[i] = sqrt(windows[i]);
}
