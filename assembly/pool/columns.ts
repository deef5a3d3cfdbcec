import { storeTail } from '../simd';
import { addColumn, finish, Reduction } from './reduce';

/** Four floats `strideBytes` apart; strides of one and two floats are told by `stride`. */
@inline
export function loadStrided(from: usize, stride: i32, strideBytes: usize): v128 {
  if (stride == 1) return v128.load(from);
  if (stride == 2) return v128.shuffle<f32>(v128.load(from), v128.load(from, 12), 0, 2, 5, 7);
  const second = from + strideBytes;
  const third = second + strideBytes;
  const two = v128.load_lane<f32>(second, v128.load_zero<u32>(from), 1);
  return v128.load_lane<f32>(third + strideBytes, v128.load_lane<f32>(third, two, 2), 3);
}

/** Windows of four pixels of one float each. `kernel` is a constant, or 0 for any other width, told by `width`. */
@inline
function windowOfQuad(from: usize, stride: i32, strideBytes: usize, kernel: i32, width: i32, tapBytes: usize, reduction: i32): v128 {
  let window = loadStrided(from, stride, strideBytes);
  if (kernel == 3) {
    window = addColumn(window, loadStrided(from + tapBytes, stride, strideBytes), reduction);
    return addColumn(window, loadStrided(from + 2 * tapBytes, stride, strideBytes), reduction);
  }
  for (let tap = width - 1; tap > 0; tap--) {
    from += tapBytes;
    window = addColumn(window, loadStrided(from, stride, strideBytes), reduction);
  }
  return window;
}

@inline
function resultOfQuad(
  from: usize, stride: i32, strideBytes: usize, kernel: i32, width: i32, tapBytes: usize, rowCells: v128, cells: usize, reduction: i32,
): v128 {
  const window = windowOfQuad(from, stride, strideBytes, kernel, width, tapBytes, reduction);
  return finish(window, reduction == Reduction.Average ? f32x4.mul(rowCells, v128.load(cells)) : window, reduction);
}

@inline
function quads(
  from: usize, stride: i32, strideBytes: usize, kernel: i32, width: i32, tapBytes: usize, to: usize, count: i32, rows: f32, cells: usize, reduction: i32,
): void {
  const rowCells = f32x4.splat(rows);
  // Of the commonest widths the loop without a question is a twentieth faster; of others it is not worth its bytes.
  if (kernel > 0) {
    for (; count >= 4; count -= 4) {
      v128.store(to, resultOfQuad(from, stride, strideBytes, kernel, width, tapBytes, rowCells, cells, reduction));
      from += strideBytes << 2;
      to += 16;
      if (reduction == Reduction.Average) cells += 16;
    }
  }
  for (; count > 0; count -= 4) {
    const result = resultOfQuad(from, stride, strideBytes, kernel, width, tapBytes, rowCells, cells, reduction);
    if (count >= 4) v128.store(to, result);
    else storeTail(to, result, count);
    from += strideBytes << 2;
    to += 16;
    if (reduction == Reduction.Average) cells += 16;
  }
}

/**
 * Windows of `count` pixels of one float each: `width` columns `tapBytes` apart are reduced from left to right.
 *
 *   rows, cells  an average divides by their product: rows of the window, and columns of each pixel's
 */
@inline
export function reducePlane(
  from: usize, stride: i32, width: i32, tapBytes: usize, to: usize, count: i32, rows: f32, cells: usize, reduction: i32,
): void {
  if (stride == 1) {
    if (width == 3) quads(from, 1, 4, 3, 3, tapBytes, to, count, rows, cells, reduction);
    else quads(from, 1, 4, 0, width, tapBytes, to, count, rows, cells, reduction);
  } else if (stride == 2) {
    if (width == 3) quads(from, 2, 8, 3, 3, tapBytes, to, count, rows, cells, reduction);
    else quads(from, 2, 8, 0, width, tapBytes, to, count, rows, cells, reduction);
  } else quads(from, 0, <usize>stride << 2, 0, width, tapBytes, to, count, rows, cells, reduction);
}

/** Four channels of one pixel. */
@inline
function windowOfChannels(from: usize, kernel: i32, width: i32, tapBytes: usize, reduction: i32): v128 {
  let window = v128.load(from);
  if (kernel > 0) {
    if (kernel > 1) window = addColumn(window, v128.load(from + tapBytes), reduction);
    if (kernel > 2) window = addColumn(window, v128.load(from + 2 * tapBytes), reduction);
    return window;
  }
  for (let tap = width - 1; tap > 0; tap--) {
    from += tapBytes;
    window = addColumn(window, v128.load(from), reduction);
  }
  return window;
}

@inline
function pixels(
  from: usize, strideBytes: usize, kernel: i32, width: i32, tapBytes: usize, to: usize, count: i32, channels: i32, last: bool, rows: f32, cells: usize, reduction: i32,
): void {
  for (; count > 0; count--) {
    const divisor = f32x4.splat(reduction == Reduction.Average ? rows * load<f32>(cells) : 0);
    let source = from;
    let target = to;
    const spill = last && count == 1 ? 4 : 1;
    for (let channel = channels; channel > 0; channel -= 4) {
      const window = finish(windowOfChannels(source, kernel, width, tapBytes, reduction), divisor, reduction);
      if (channel >= spill) v128.store(target, window);
      else storeTail(target, window, channel);
      source += 16;
      target += 16;
    }
    from += strideBytes;
    to += <usize>channels << 2;
    if (reduction == Reduction.Average) cells += 4;
  }
}

/**
 * Windows of `count` pixels of several channels each. The last vector of a pixel spills into the next pixel, which
 * overwrites it, but not where the pixel is the `last` of its row.
 */
@inline
export function reducePixels(
  from: usize, strideBytes: usize, width: i32, tapBytes: usize, to: usize, count: i32, channels: i32, last: bool, rows: f32, cells: usize, reduction: i32,
): void {
  if (width == 2) pixels(from, strideBytes, 2, 2, tapBytes, to, count, channels, last, rows, cells, reduction);
  else if (width == 3) pixels(from, strideBytes, 3, 3, tapBytes, to, count, channels, last, rows, cells, reduction);
  else pixels(from, strideBytes, 0, width, tapBytes, to, count, channels, last, rows, cells, reduction);
}
