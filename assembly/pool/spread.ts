import { PoolParams } from '../generated/abi';
import { storeTail } from '../simd';
import { tapAtOrAfter, tapsBetween, windowStart, windowTaps } from './windows';

/**
 * An average's gradient: each window's, divided by its cells, is added to all of its taps. In two passes, as the windows were
 * reduced: the windows of a row of output are added up along the row, from left to right, and the row is added to each row of
 * input that they have, from top to bottom.
 *
 *   scratch  columns that each window's average counts  [outWidth], up to a multiple of 4
 *            gradient over cells                        [outWidth][pixelLength], up to a multiple of 4, and 4
 *            sums, padding and what is beyond included  [columns that windows reach over][pixelLength]
 *
 * A task is a plane: of `input` outHeight × outWidth, of `output` inHeight × inWidth.
 */
export function averagePoolBackward(p: PoolParams, taskBegin: i32, taskEnd: i32): void {
  const pixelLength = p.pixelLength;
  const pixelBytes = <usize>pixelLength << 2;
  const outRowLength = p.outWidth * pixelLength;
  const weighed = p.scratch + (<usize>((p.outWidth + 3) & ~3) << 2);
  const sums = weighed + (<usize>((outRowLength + 7) & ~3) << 2);
  const reach = (p.outWidth - 1) * p.strideWidth + p.dilationWidth * (p.kernelWidth - 1) + 1;
  const sumsBytes = <usize>reach * pixelBytes;
  const insideLength = min(p.inWidth, reach - p.left) * pixelLength;
  const inside = sums + <usize>p.left * pixelBytes;
  const rowBytes = <usize>p.inWidth * pixelBytes;
  // Windows of one width are spread tap by tap, the last first, and each of an adaptive pooling's on its own.
  const run = p.strideWidth > 0 ? p.outWidth : 1;
  countColumns(p);
  let input = p.input + (<usize>(taskBegin * p.outHeight * outRowLength) << 2);
  let output = p.output + <usize>(taskBegin * p.inHeight) * rowBytes;
  for (let task = taskBegin; task < taskEnd; task++) {
    memory.fill(output, 0, <usize>p.inHeight * rowBytes);
    for (let y = 0; y < p.outHeight; y++) {
      const start = windowStart(y, p.strideHeight, p.top, p.inHeight, p.outHeight);
      const taps = windowTaps(y, p.strideHeight, p.kernelHeight, p.inHeight, p.outHeight);
      let gradient = input;
      if (p.divisor != 1) {
        const rows = tapsBetween(start, taps, p.dilationHeight, -p.countTop, p.inHeight + p.countBottom);
        divideByCells(input, p.scratch, <f32>rows, weighed, p.outWidth, pixelLength);
        gradient = weighed;
      }
      memory.fill(sums, 0, sumsBytes);
      for (let x = 0; x < p.outWidth; x += run) {
        const to = run == 1 ? sums + <usize>(windowStart(x, p.strideWidth, 0, p.inWidth, p.outWidth)) * pixelBytes : sums;
        const from = gradient + <usize>x * pixelBytes;
        for (let tap = windowTaps(x, p.strideWidth, p.kernelWidth, p.inWidth, p.outWidth) - 1; tap >= 0; tap--) {
          addStrided(to + <usize>(tap * p.dilationWidth) * pixelBytes, p.strideWidth, from, run, pixelLength);
        }
      }
      let row = start + tapAtOrAfter(start, p.dilationHeight, 0) * p.dilationHeight;
      for (let rows = tapsBetween(start, taps, p.dilationHeight, 0, p.inHeight); rows > 0; rows--) {
        addFloats(output + <usize>row * rowBytes, inside, insideLength);
        row += p.dilationHeight;
      }
      input += <usize>outRowLength << 2;
    }
    output += <usize>p.inHeight * rowBytes;
  }
}

function countColumns(p: PoolParams): void {
  for (let x = 0; x < p.outWidth; x++) {
    const start = windowStart(x, p.strideWidth, p.left, p.inWidth, p.outWidth);
    const taps = windowTaps(x, p.strideWidth, p.kernelWidth, p.inWidth, p.outWidth);
    const count = tapsBetween(start, taps, p.dilationWidth, -p.countLeft, p.inWidth + p.countRight);
    store<f32>(p.scratch + (<usize>x << 2), <f32>count);
  }
}

/** A row of gradients over the cells of their windows. The last vector of a pixel spills into the next one, which overwrites it. */
function divideByCells(from: usize, cells: usize, rows: f32, to: usize, count: i32, pixelLength: i32): void {
  if (pixelLength == 1) {
    const vector = f32x4.splat(rows);
    for (let i: usize = 0; i < <usize>count << 2; i += 16) {
      v128.store(to + i, f32x4.div(v128.load(from + i), f32x4.mul(vector, v128.load(cells + i))));
    }
    return;
  }
  const pixelBytes = <usize>pixelLength << 2;
  for (; count > 0; count--) {
    const divisor = f32x4.splat(rows * load<f32>(cells));
    for (let i: usize = 0; i < pixelBytes; i += 16) v128.store(to + i, f32x4.div(v128.load(from + i), divisor));
    from += pixelBytes;
    to += pixelBytes;
    cells += 4;
  }
}

/** Adds `count` pixels to pixels that are `stride` apart. */
function addStrided(to: usize, stride: i32, from: usize, count: i32, pixelLength: i32): void {
  if (stride == 1) {
    addFloats(to, from, count * pixelLength);
    return;
  }
  const strideBytes = <usize>(stride * pixelLength) << 2;
  if (pixelLength == 1 && stride == 2) {
    // What lies between is a sum from +0 on, which another 0 does not change.
    const zero = f32x4.splat(0);
    for (; count >= 4; count -= 4) {
      const x = v128.load(from);
      v128.store(to, f32x4.add(v128.load(to), v128.shuffle<f32>(x, zero, 0, 4, 1, 5)));
      v128.store(to, f32x4.add(v128.load(to, 16), v128.shuffle<f32>(x, zero, 2, 6, 3, 7)), 16);
      to += 32;
      from += 16;
    }
  }
  for (; count > 0; count--) {
    if (pixelLength == 1) store<f32>(to, load<f32>(to) + load<f32>(from));
    else addFloats(to, from, pixelLength);
    to += strideBytes;
    from += <usize>pixelLength << 2;
  }
}

function addFloats(to: usize, from: usize, count: i32): void {
  for (; count >= 4; count -= 4) {
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    to += 16;
    from += 16;
  }
  if (count > 0) storeTail(to, f32x4.add(v128.load(to), v128.load(from)), count);
}
