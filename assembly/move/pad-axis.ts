import { PadAxisParams, PadMode } from '../generated/abi';
import { copyFloats, fillFloats } from '../simd';

/**
 * One axis with cells before and after it that repeat its own, or have a value; and the gradient, in which every cell of the
 * axis is the sum of its images, in their order:
 *
 *   forward    [outer][length][inner] → [outer][before + length + after][inner]
 *   backward   s = +0, then s ⊕ dy … over the images, from the first
 *
 * A task is one of the outer.
 */

/** The cell of the axis whose image is at `i`, which counts from its first cell. */
function cellAt(i: i32, length: i32, mode: i32): i32 {
  if (i >= 0 && i < length) return i;
  if (mode == PadMode.Replicate) return i < 0 ? 0 : length - 1;
  if (mode == PadMode.Reflect) return i < 0 ? -i : 2 * (length - 1) - i;
  return i < 0 ? i + length : i - length;
}

/** Cells of the border, from `begin` up to `end`. */
function fillBorder(p: PadAxisParams, from: usize, to: usize, begin: i32, end: i32): void {
  if (p.mode == PadMode.Constant) {
    fillFloats(to, p.value, (end - begin) * p.inner);
    return;
  }
  const cellBytes = <usize>p.inner << 2;
  for (let i = begin; i < end; i++) {
    copyFloats(to, from + <usize>cellAt(i, p.length, p.mode) * cellBytes, p.inner);
    to += cellBytes;
  }
}

export function padAxis(p: PadAxisParams, taskBegin: i32, taskEnd: i32): void {
  const cellBytes = <usize>p.inner << 2;
  const inBytes = <usize>p.length * cellBytes;
  const outBytes = <usize>(p.before + p.length + p.after) * cellBytes;
  for (let outer = taskBegin; outer < taskEnd; outer++) {
    const from = p.input + <usize>outer * inBytes;
    const to = p.output + <usize>outer * outBytes;
    fillBorder(p, from, to, -p.before, 0);
    copyFloats(to + <usize>p.before * cellBytes, from, p.length * p.inner);
    fillBorder(p, from, to + outBytes - <usize>p.after * cellBytes, p.length, p.length + p.after);
  }
}

function addFloats(to: usize, from: usize, count: i32): void {
  for (; count >= 4; count -= 4) {
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    to += 16;
    from += 16;
  }
  for (; count > 0; count--) {
    store<f32>(to, load<f32>(to) + load<f32>(from));
    to += 4;
    from += 4;
  }
}

function addBorder(p: PadAxisParams, from: usize, to: usize, begin: i32, end: i32): void {
  if (p.mode == PadMode.Constant) return;
  const cellBytes = <usize>p.inner << 2;
  for (let i = begin; i < end; i++) {
    addFloats(to + <usize>cellAt(i, p.length, p.mode) * cellBytes, from, p.inner);
    from += cellBytes;
  }
}

export function padAxisBackward(p: PadAxisParams, taskBegin: i32, taskEnd: i32): void {
  const cellBytes = <usize>p.inner << 2;
  const outBytes = <usize>p.length * cellBytes;
  const inBytes = <usize>(p.before + p.length + p.after) * cellBytes;
  for (let outer = taskBegin; outer < taskEnd; outer++) {
    const from = p.input + <usize>outer * inBytes;
    const to = p.output + <usize>outer * outBytes;
    memory.fill(to, 0, outBytes);
    addBorder(p, from, to, -p.before, 0);
    addFloats(to, from + <usize>p.before * cellBytes, p.length * p.inner);
    addBorder(p, from + inBytes - <usize>p.after * cellBytes, to, p.length, p.length + p.after);
  }
}
