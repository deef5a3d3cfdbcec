import { Gradient, GradientParams } from '../generated/abi';
import { exponentialOf, logarithmOf } from '../math';
import { storeUpTo } from '../simd';
import { powVector, rowOf, rowOffset } from './broadcast';
import { signVector } from './unary';

/** dy, half of it where a and b are equal, and 0 where `loses`. */
@inline
function chosen(dy: v128, a: v128, b: v128, loses: v128): v128 {
  return v128.andnot(v128.bitselect(f32x4.mul(dy, f32x4.splat(0.5)), dy, f32x4.eq(a, b)), loses);
}

function apply(kind: i32, dy: v128, a: v128, b: v128): v128 {
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  switch (kind) {
    case Gradient.Divisor: return f32x4.neg(f32x4.mul(dy, f32x4.div(f32x4.div(a, b), b)));
    case Gradient.Maximum: return chosen(dy, a, b, f32x4.lt(a, b));
    case Gradient.Minimum: return chosen(dy, a, b, f32x4.gt(a, b));
    case Gradient.Base:
      return v128.andnot(f32x4.mul(dy, f32x4.mul(b, powVector(a, f32x4.sub(b, one)))), f32x4.eq(b, zero));
    case Gradient.Exponent: {
      const flat = v128.and(f32x4.eq(a, zero), f32x4.ge(b, zero));
      return v128.andnot(f32x4.mul(dy, f32x4.mul(powVector(a, b), logarithmOf(a))), flat);
    }
    case Gradient.PreluInput: {
      const dx = v128.bitselect(dy, f32x4.mul(dy, b), f32x4.gt(a, zero));
      return v128.or(dx, f32x4.ne(a, a));
    }
    case Gradient.PreluSlope: return v128.andnot(f32x4.mul(a, dy), f32x4.gt(a, zero));
    case Gradient.Sqrt: {
      const root = f32x4.sqrt(b);
      return f32x4.div(dy, f32x4.add(root, root));
    }
    case Gradient.Exp: return f32x4.mul(dy, exponentialOf(b));
    case Gradient.Abs: return f32x4.mul(dy, signVector(b));
    case Gradient.Reciprocal: {
      const y = f32x4.div(one, b);
      return f32x4.neg(f32x4.mul(dy, f32x4.mul(y, y)));
    }
    default: {
      // 2 / √π · e^(−x²)
      return f32x4.mul(dy, f32x4.mul(f32x4.splat(1.1283792), exponentialOf(f32x4.neg(f32x4.mul(b, b)))));
    }
  }
}

/** What flows back into an operand, before it is summed over the axes in which the operand was broadcast. Tasks are those of `binary`. */
export function gradient(p: GradientParams, taskBegin: i32, taskEnd: i32): void {
  const end = min(taskEnd * p.taskLength, p.length);
  const counts = changetype<usize>(p) + offsetof<GradientParams>('count0');
  const aStrides = changetype<usize>(p) + offsetof<GradientParams>('aStride0');
  const bStrides = changetype<usize>(p) + offsetof<GradientParams>('bStride0');
  const aStep = p.aStep, bStep = p.bStep, rowLength = p.rowLength, axes = p.axes, kind = p.kind;
  let at = taskBegin * p.taskLength;
  let row = at / rowLength;
  let skip = at - row * rowLength;
  while (at < end) {
    const length = min(rowLength - skip, end - at);
    const aAt = rowOffset(row, axes, counts, aStrides) + skip * aStep;
    const bAt = rowOffset(row, axes, counts, bStrides) + skip * bStep;
    let a = rowOf(p.a + (<usize>aAt << 2), aStep, p.scratch);
    let b = rowOf(p.b + (<usize>bAt << 2), bStep, p.scratch + 64);
    let dy = p.input + (<usize>at << 2);
    let output = p.output + (<usize>at << 2);
    for (let left = length; left > 0; left -= 4) {
      storeUpTo(output, apply(kind, v128.load(dy), v128.load(a), v128.load(b)), left);
      a += <usize>aStep << 4;
      b += <usize>bStep << 4;
      dy += 16;
      output += 16;
    }
    at += length;
    row++;
    skip = 0;
  }
}
