import { PoolParams } from '../params';
import { storeTail } from '../simd';
import { tapAtOrAfter, tapsBetween, windowStart, windowTaps } from './windows';

/**
 * An average's gradient: each window's, divided by its cells, is added to all of its taps. In two passes, as the windows were
 * reduced: the windows of a row of output are added up along the row, from left to right, and the row is added to each row of
 * input that they have, from top to bottom.
 *
 *   scratch  gradient over cells                        [outWidth][pixelLength], up to a multiple of 4, and 4
 *            sums, padding and what is beyond included  [columns that windows reach over][pixelLength]
 *
 * A task is a plane: of `input` outHeight × outWidth, of `output` inHeight × inWidth.
 */
export function averagePoolBackward(p: PoolParams, taskBegin: i32, taskEnd: i32): void {
  const pixelLength = p.pixelLength;
  const pixelBytes = <usize>pixelLength << 2;
  const outRowLength = p.outWidth * pixelLength;
  const sums = p.scratch + (<usize>((outRowLength + 7) & ~3) << 2);
  const reach = (p.outWidth - 1) * p.strideWidth + p.dilationWidth * (p.kernelWidth - 1) + 1;
  const sumsBytes = <usize>reach * pixelBytes;
  const insideLength = min(p.inWidth, reach - p.left) * pixelLength;
  const inside = sums + <usize>p.left * pixelBytes;
  const rowBytes = <usize>p.inWidth * pixelBytes;
  // Windows of one width are spread tap by tap, the last first, and each of an adaptive pooling's on its own.
  const run = p.strideWidth > 0 ? p.outWidth : 1;
  let input = p.input + (<usize>(taskBegin * p.outHeight * outRowLength) << 2);
  let output = p.output + <usize>(taskBegin * p.inHeight) * rowBytes;
  for (let task = taskBegin; task < taskEnd; task++) {
    memory.fill(output, 0, <usize>p.inHeight * rowBytes);
    for (let y = 0; y < p.outHeight; y++) {
      const start = windowStart(y, p.strideHeight, p.top, p.inHeight, p.outHeight);
      const taps = windowTaps(y, p.strideHeight, p.kernelHeight, p.inHeight, p.outHeight);
      let gradient = input;
      if (p.divisor != 1) {
        divideByCells(p, input, <f32>tapsBetween(start, taps, p.dilationHeight, -p.countTop, p.inHeight + p.countBottom));
        gradient = p.scratch;
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

/** A row of gradients over the cells of their windows, of `rows` rows each, into scratch. */
function divideByCells(p: PoolParams, from: usize, rows: f32): void {
  let to = p.scratch;
  for (let x = 0; x < p.outWidth; x++) {
    const start = windowStart(x, p.strideWidth, p.left, p.inWidth, p.outWidth);
    const taps = windowTaps(x, p.strideWidth, p.kernelWidth, p.inWidth, p.outWidth);
    const cells = rows * <f32>tapsBetween(start, taps, p.dilationWidth, -p.countLeft, p.inWidth + p.countRight);
    if (p.pixelLength == 1) {
      store<f32>(to, load<f32>(from) / cells);
      from += 4;
      to += 4;
      continue;
    }
    // The last vector spills into the next pixel, which overwrites it.
    const divisor = f32x4.splat(cells);
    for (let i: usize = 0; i < <usize>p.pixelLength << 2; i += 16) v128.store(to + i, f32x4.div(v128.load(from + i), divisor));
    from += <usize>p.pixelLength << 2;
    to += <usize>p.pixelLength << 2;
  }
}

/** Adds `count` pixels to pixels that are `stride` apart. */
function addStrided(to: usize, stride: i32, from: usize, count: i32, pixelLength: i32): void {
  if (stride == 1) {
    addFloats(to, from, count * pixelLength);
    return;
  }
  const strideBytes = <usize>(stride * pixelLength) << 2;
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
