import { Unary, UnaryParams } from '../generated/abi';
import { erfOf, exponentialOf, logarithmOf } from '../math';
import { storeUpTo } from '../simd';

/** ±1 under the sign of x; of a zero the zero, of NaN NaN. */
function signVector(x: v128): v128 {
  const one = v128.or(v128.and(x, f32x4.splat(-0)), f32x4.splat(1));
  return v128.bitselect(one, x, f32x4.gt(f32x4.abs(x), f32x4.splat(0)));
}

@inline
function apply(kind: i32, x: v128): v128 {
  if (kind == Unary.Abs) return f32x4.abs(x);
  if (kind == Unary.Neg) return f32x4.neg(x);
  if (kind == Unary.Sqrt) return f32x4.sqrt(x);
  if (kind == Unary.Reciprocal) return f32x4.div(f32x4.splat(1), x);
  if (kind == Unary.Floor) return f32x4.floor(x);
  if (kind == Unary.Ceil) return f32x4.ceil(x);
  if (kind == Unary.RoundEven) return f32x4.nearest(x);
  if (kind == Unary.Sign) return signVector(x);
  if (kind == Unary.Exp) return exponentialOf(x);
  if (kind == Unary.Log) return logarithmOf(x);
  return erfOf(x);
}

@inline
function run(kind: i32, input: usize, output: usize, left: i32): void {
  for (; left > 0; left -= 4) {
    storeUpTo(output, apply(kind, v128.load(input)), left);
    input += 16;
    output += 16;
  }
}

/** `output = f(input)`, element by element. A task is `taskLength` floats; any range of tasks is one run. */
export function unary(p: UnaryParams, taskBegin: i32, taskEnd: i32): void {
  const begin = taskBegin * p.taskLength;
  const length = min(taskEnd * p.taskLength, p.length) - begin;
  const input = p.input + (<usize>begin << 2);
  const output = p.output + (<usize>begin << 2);
  switch (p.kind) {
    case Unary.Abs: {
      run(Unary.Abs, input, output, length);
      break;
    }
    case Unary.Neg: {
      run(Unary.Neg, input, output, length);
      break;
    }
    case Unary.Sqrt: {
      run(Unary.Sqrt, input, output, length);
      break;
    }
    case Unary.Reciprocal: {
      run(Unary.Reciprocal, input, output, length);
      break;
    }
    case Unary.Floor: {
      run(Unary.Floor, input, output, length);
      break;
    }
    case Unary.Ceil: {
      run(Unary.Ceil, input, output, length);
      break;
    }
    case Unary.RoundEven: {
      run(Unary.RoundEven, input, output, length);
      break;
    }
    case Unary.Sign: {
      run(Unary.Sign, input, output, length);
      break;
    }
    case Unary.Exp: {
      run(Unary.Exp, input, output, length);
      break;
    }
    case Unary.Log: {
      run(Unary.Log, input, output, length);
      break;
    }
    default:
      run(Unary.Erf, input, output, length);
  }
}

export { signVector };
