import { inputPoints2, outputPoints2 } from './winograd-2';
import { inputPoints4, outputPoints4 } from './winograd-4';
import { inputPoints6, outputPoints6 } from './winograd-6';

/**
 * One dimension of a transform, from memory to memory: vectors `fromStep` bytes apart to vectors `toStep` bytes apart.
 * `size` is the tile's, a constant where this is inlined.
 */
@inline
export function inputPass(size: i32, from: usize, fromStep: usize, to: usize, toStep: usize): void {
  const d0 = v128.load(from), d1 = v128.load(from + fromStep);
  const d2 = v128.load(from + 2 * fromStep), d3 = v128.load(from + 3 * fromStep);
  if (size == 2) {
    inputPoints2(d0, d1, d2, d3, to, toStep);
    return;
  }
  const d4 = v128.load(from + 4 * fromStep), d5 = v128.load(from + 5 * fromStep);
  if (size == 4) {
    inputPoints4(d0, d1, d2, d3, d4, d5, to, toStep);
    return;
  }
  inputPoints6(d0, d1, d2, d3, d4, d5, v128.load(from + 6 * fromStep), v128.load(from + 7 * fromStep), to, toStep);
}

@inline
export function outputPass(size: i32, from: usize, fromStep: usize, to: usize, toStep: usize): void {
  const m0 = v128.load(from), m1 = v128.load(from + fromStep);
  const m2 = v128.load(from + 2 * fromStep), m3 = v128.load(from + 3 * fromStep);
  if (size == 2) {
    outputPoints2(m0, m1, m2, m3, to, toStep);
    return;
  }
  const m4 = v128.load(from + 4 * fromStep), m5 = v128.load(from + 5 * fromStep);
  if (size == 4) {
    outputPoints4(m0, m1, m2, m3, m4, m5, to, toStep);
    return;
  }
  outputPoints6(m0, m1, m2, m3, m4, m5, v128.load(from + 6 * fromStep), v128.load(from + 7 * fromStep), to, toStep);
}
