import type { Tensor } from 'simdconv';
import drawn from '../../../x-and-o.json';

/** A picture of `#` (1) and `.` (−1), row by row. */
function picture(rows: readonly string[]): Tensor {
  return {
    shape: [1, 1, rows.length, rows[0].length],
    data: Float32Array.from(rows.join(''), (character) => (character === '#' ? 1 : -1)),
  };
}

const all = (drawings: Readonly<Record<string, readonly string[]>>): Readonly<Record<string, Tensor>> =>
  Object.fromEntries(Object.entries(drawings).map(([name, rows]) => [name, picture(rows)]));

export const SIDE = 9;

export const pictures = all(drawn.pictures);

/** The parts of an X. */
export const parts = all(drawn.parts);
