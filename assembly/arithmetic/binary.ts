import { Binary, BinaryParams } from '../generated/abi';
import { leakyVector, storeUpTo } from '../simd';
import { powVector, rowOf, rowOffset } from './broadcast';

@inline
function apply(kind: i32, x: v128, y: v128): v128 {
  if (kind == Binary.Add) return f32x4.add(x, y);
  if (kind == Binary.Sub) return f32x4.sub(x, y);
  if (kind == Binary.Mul) return f32x4.mul(x, y);
  if (kind == Binary.Div) return f32x4.div(x, y);
  if (kind == Binary.Maximum) return f32x4.max(x, y);
  if (kind == Binary.Minimum) return f32x4.min(x, y);
  if (kind == Binary.Pow) return powVector(x, y);
  return leakyVector(x, y);
}

/** `length` floats; a pointer advances by 0 or 64 bytes after sixteen of them. */
@inline
function run(kind: i32, a: usize, b: usize, output: usize, length: i32, aBytes: usize, bBytes: usize): void {
  for (let k = length >> 4; k > 0; k--) {
    const y0 = apply(kind, v128.load(a), v128.load(b)), y1 = apply(kind, v128.load(a, 16), v128.load(b, 16));
    const y2 = apply(kind, v128.load(a, 32), v128.load(b, 32)), y3 = apply(kind, v128.load(a, 48), v128.load(b, 48));
    v128.store(output, y0);
    v128.store(output, y1, 16);
    v128.store(output, y2, 32);
    v128.store(output, y3, 48);
    a += aBytes;
    b += bBytes;
    output += 64;
  }
  runTail(kind, a, b, output, length & 15);
}

/** A last run of less than sixteen floats; where an operand is one float, there are sixteen of it. */
@inline
function runTail(kind: i32, a: usize, b: usize, output: usize, left: i32): void {
  for (; left > 0; left -= 4) {
    storeUpTo(output, apply(kind, v128.load(a), v128.load(b)), left);
    a += 16;
    b += 16;
    output += 16;
  }
}

/** Powers are too many bytes to be unrolled, and too slow to gain by it. */
function runPower(a: usize, b: usize, output: usize, length: i32, aBytes: usize, bBytes: usize): void {
  for (; length > 0; length -= 4) {
    storeUpTo(output, powVector(v128.load(a), v128.load(b)), length);
    a += aBytes >> 2;
    b += bBytes >> 2;
    output += 16;
  }
}

/**
 * `output = f(input, other)`, element by element, both broadcast to the result. The switch over `kind` lies outside of the loops over a
 * row's floats. A task is `taskLength` floats of the result, wherever in a row they begin.
 */
export function binary(p: BinaryParams, taskBegin: i32, taskEnd: i32): void {
  const end = min(taskEnd * p.taskLength, p.length);
  const counts = changetype<usize>(p) + offsetof<BinaryParams>('count0');
  const inputStrides = changetype<usize>(p) + offsetof<BinaryParams>('inputStride0');
  const otherStrides = changetype<usize>(p) + offsetof<BinaryParams>('otherStride0');
  const inputStep = p.inputStep, otherStep = p.otherStep, rowLength = p.rowLength, kind = p.kind, axes = p.axes;
  const aBytes = <usize>inputStep << 6, bBytes = <usize>otherStep << 6;
  let at = taskBegin * p.taskLength;
  let row = at / rowLength;
  let skip = at - row * rowLength;
  while (at < end) {
    const length = min(rowLength - skip, end - at);
    const inputAt = rowOffset(row, axes, counts, inputStrides) + skip * inputStep;
    const otherAt = rowOffset(row, axes, counts, otherStrides) + skip * otherStep;
    const a = rowOf(p.input + (<usize>inputAt << 2), inputStep, p.scratch);
    const b = rowOf(p.other + (<usize>otherAt << 2), otherStep, p.scratch + 64);
    const output = p.output + (<usize>at << 2);
    switch (kind) {
      case Binary.Add: {
        run(Binary.Add, a, b, output, length, aBytes, bBytes);
        break;
      }
      case Binary.Sub: {
        run(Binary.Sub, a, b, output, length, aBytes, bBytes);
        break;
      }
      case Binary.Mul: {
        run(Binary.Mul, a, b, output, length, aBytes, bBytes);
        break;
      }
      case Binary.Div: {
        run(Binary.Div, a, b, output, length, aBytes, bBytes);
        break;
      }
      case Binary.Maximum: {
        run(Binary.Maximum, a, b, output, length, aBytes, bBytes);
        break;
      }
      case Binary.Minimum: {
        run(Binary.Minimum, a, b, output, length, aBytes, bBytes);
        break;
      }
      case Binary.Prelu: {
        run(Binary.Prelu, a, b, output, length, aBytes, bBytes);
        break;
      }
      default:
        runPower(a, b, output, length, aBytes, bBytes);
    }
    at += length;
    row++;
    skip = 0;
  }
}
