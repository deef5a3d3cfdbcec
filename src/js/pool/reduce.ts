const { fround } = Math;

/** What a window is reduced to. */
export const Reduction = { Max: 0, Average: 1 } as const;

/** What padding holds: nothing that the reduction would notice. */
export function identity(reduction: number): number {
  return reduction === Reduction.Max ? -Infinity : 0;
}

/**
 * Which of two places holds the greater: the second if it holds a NaN, the first if both hold zeros of whatever sign.
 * Without a branch, which random floats would send the wrong way every other time: three to four times as fast over two
 * rows of them (Node 20 to 26).
 */
export function greater(values: Float32Array, first: number, second: number): number {
  const x = values[second];
  return first + ((second - first) & -(Number(x > values[first]) | Number(Number.isNaN(x))));
}

/** Results of `count` windows of `length` floats each, in place. An average divides by rows × cells of each. */
export function finish(
  windows: Float32Array, at: number, count: number, length: number,
  rows: number, cells: Float32Array, cellsAt: number, reduction: number,
): void {
  if (reduction === Reduction.Average) {
    for (let x = 0; x < count; x++) {
      const divisor = fround(rows * cells[cellsAt + x]);
      for (const end = at + length; at < end; at++) windows[at] = windows[at] / divisor;
    }
  }
}
