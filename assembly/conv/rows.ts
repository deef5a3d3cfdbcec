import { clampVector, loadSplat, madd } from '../simd';

/** What every row of a task shares: how its sums run through the strip of input rows. */
@unmanaged
export class Rows {
  kernelHeight: i32;
  /** Products of one kernel row: its columns times the channels of the group. */
  taps: i32;
  /** [taps] u32: where in its row a tap's input begins, in bytes from the pixel's. */
  offsets: usize;
  /** From one kernel row's input to the next's. */
  xBytes: usize;
  /** From one output row's input to the next's. */
  nextBytes: usize;
  /** How many kernel rows the second output row lies below the first. */
  shift: i32;
  yBytes: usize;
  columns: i32;
  /** A vector of lower bounds and one of upper bounds, or 0. */
  clamp: usize;
  /** Room for two rows of a tile. */
  stage: usize;
}

/**
 * The innermost loops of direct convolution in planes (NCHW): rows of one channel, two at a time or one. A vector is four
 * neighbouring pixels.
 *
 *   x        input of the first row's first pixel
 *   weights  [kernelHeight][taps]
 *   begin    what the sums begin with
 *   y        the rows, `count` of them
 *
 * Loads are what V8 runs out of: a product needs its input and a share of its weight. Four vectors share each weight, two
 * rows each input, which is the most that fits the registers; and loops stay loops, since V8 moves the loads of a long
 * unrolled body together and spills (docs/performance.md).
 *
 * The last vectors of a row end with it, over pixels that have their result already, and an odd last row is computed
 * together with the one before it: a sum has the same bits every time. A row narrower than its vectors spills into the rows
 * below, which are stored later; the last ones are staged.
 */

/**
 * `size` > 0: a kernel of size × size and its stride, known to the compiler, which may then unroll: a sixth of the time of 3×3 on V8 13.6,
 * 4 % of that of 5×5. `neighbours`: its taps lie side by side.
 */
@inline
function convRows(
  rows: Rows, x: usize, weights: usize, begin: f32, y: usize, count: i32, vectors: i32, two: bool, size: i32, stride: i32, neighbours: bool,
): void {
  const taps = size ? size : rows.taps;
  const shift = size ? stride : two ? rows.shift : rows.kernelHeight;
  const common = size ? size - stride : two ? rows.kernelHeight - shift : 0;
  const above = taps * shift << 2;
  const step = vectors << 2;
  const columns = rows.columns;
  const height = two ? 2 : 1;
  for (let done = 0; done < count; done += height) {
    const first = two ? min(done, count - 2) : done;
    const input = x + <usize>first * rows.nextBytes;
    const output = y + <usize>first * rows.yBytes;
    for (let column = 0; ; column = min(column + step, columns - step)) {
      let u0 = f32x4.splat(begin), u1 = u0, u2 = u0, u3 = u0;
      let l0 = u0, l1 = u0, l2 = u0, l3 = u0;
      let row = input + (<usize>column << 2);
      let weight = weights;
      // Kernel rows of the upper output alone.
      for (let i = shift; i > 0; i--) {
        let offset = rows.offsets, at = row;
        for (let tap = taps; tap > 0; tap--) {
          if (!neighbours) at = row + load<u32>(offset);
          const w = loadSplat(weight);
          u0 = madd(v128.load(at), w, u0);
          if (vectors > 1) u1 = madd(v128.load(at, 16), w, u1);
          if (vectors > 2) { u2 = madd(v128.load(at, 32), w, u2); u3 = madd(v128.load(at, 48), w, u3); }
          if (neighbours) at += 4; else offset += 4;
          weight += 4;
        }
        row += rows.xBytes;
      }
      if (two) {
        for (let i = common; i > 0; i--) {
          let offset = rows.offsets, at = row;
          for (let tap = taps; tap > 0; tap--) {
            if (!neighbours) at = row + load<u32>(offset);
            const w = loadSplat(weight), v = loadSplat(weight - above);
            const x0 = v128.load(at);
            u0 = madd(x0, w, u0); l0 = madd(x0, v, l0);
            if (vectors > 1) { const x1 = v128.load(at, 16); u1 = madd(x1, w, u1); l1 = madd(x1, v, l1); }
            if (vectors > 2) { const x2 = v128.load(at, 32); u2 = madd(x2, w, u2); l2 = madd(x2, v, l2); }
            if (vectors > 2) { const x3 = v128.load(at, 48); u3 = madd(x3, w, u3); l3 = madd(x3, v, l3); }
            if (neighbours) at += 4; else offset += 4;
            weight += 4;
          }
          row += rows.xBytes;
        }
        // Kernel rows of the lower output alone.
        for (let i = shift; i > 0; i--) {
          let offset = rows.offsets, at = row;
          for (let tap = taps; tap > 0; tap--) {
            if (!neighbours) at = row + load<u32>(offset);
            const v = loadSplat(weight - above);
            l0 = madd(v128.load(at), v, l0);
            if (vectors > 1) l1 = madd(v128.load(at, 16), v, l1);
            if (vectors > 2) { l2 = madd(v128.load(at, 32), v, l2); l3 = madd(v128.load(at, 48), v, l3); }
            if (neighbours) at += 4; else offset += 4;
            weight += 4;
          }
          row += rows.xBytes;
        }
      }
      if (rows.clamp) {
        const lower = v128.load(rows.clamp), upper = v128.load(rows.clamp, 16);
        u0 = clampVector(u0, lower, upper);
        if (vectors > 1) u1 = clampVector(u1, lower, upper);
        if (vectors > 2) { u2 = clampVector(u2, lower, upper); u3 = clampVector(u3, lower, upper); }
        if (two) {
          l0 = clampVector(l0, lower, upper);
          if (vectors > 1) l1 = clampVector(l1, lower, upper);
          if (vectors > 2) { l2 = clampVector(l2, lower, upper); l3 = clampVector(l3, lower, upper); }
        }
      }
      const staged = columns < step && (count - first - height) * columns < step - columns;
      const to = staged ? rows.stage : output + (<usize>column << 2);
      const below = to + (staged ? 64 : rows.yBytes);
      v128.store(to, u0);
      if (vectors > 1) v128.store(to, u1, 16);
      if (vectors > 2) { v128.store(to, u2, 32); v128.store(to, u3, 48); }
      if (two) {
        v128.store(below, l0);
        if (vectors > 1) v128.store(below, l1, 16);
        if (vectors > 2) { v128.store(below, l2, 32); v128.store(below, l3, 48); }
      }
      if (column + step >= columns) {
        if (!staged) break;
        for (let at: usize = 0; at < <usize>columns << 2; at += 4) {
          store<f32>(output + at, load<f32>(to + at));
          if (two) store<f32>(output + rows.yBytes + at, load<f32>(to + at, 64));
        }
        break;
      }
    }
  }
}

export function convRows2x16(rows: Rows, x: usize, weights: usize, begin: f32, y: usize, count: i32): void {
  convRows(rows, x, weights, begin, y, count, 4, true, 0, 1, false);
}
export function convRows2x8(rows: Rows, x: usize, weights: usize, begin: f32, y: usize, count: i32): void {
  convRows(rows, x, weights, begin, y, count, 2, true, 0, 1, false);
}
export function convRows2x4(rows: Rows, x: usize, weights: usize, begin: f32, y: usize, count: i32): void {
  convRows(rows, x, weights, begin, y, count, 1, true, 0, 1, false);
}
export function convRows1x16(rows: Rows, x: usize, weights: usize, begin: f32, y: usize, count: i32): void {
  convRows(rows, x, weights, begin, y, count, 4, false, 0, 1, false);
}
export function convRows1x8(rows: Rows, x: usize, weights: usize, begin: f32, y: usize, count: i32): void {
  convRows(rows, x, weights, begin, y, count, 2, false, 0, 1, false);
}
export function convRows1x4(rows: Rows, x: usize, weights: usize, begin: f32, y: usize, count: i32): void {
  convRows(rows, x, weights, begin, y, count, 1, false, 0, 1, false);
}
/** One channel a group, neither dilated nor strided along the row. */
export function convRows2x16near(rows: Rows, x: usize, weights: usize, begin: f32, y: usize, count: i32): void {
  convRows(rows, x, weights, begin, y, count, 4, true, 0, 1, true);
}
/** The same, 3×3 with a stride of 1, or s2, and dilation 1. */
export function convRows2x16k3(rows: Rows, x: usize, weights: usize, begin: f32, y: usize, count: i32): void {
  convRows(rows, x, weights, begin, y, count, 4, true, 3, 1, true);
}
export function convRows2x16k3s2(rows: Rows, x: usize, weights: usize, begin: f32, y: usize, count: i32): void {
  convRows(rows, x, weights, begin, y, count, 4, true, 3, 2, false);
}
