import { powerOf } from '../pool/power';

/** How far an operand's row is from its first float, in floats. `counts` and `strides` are words of a parameter block. */
export function rowOffset(row: i32, axes: i32, counts: usize, strides: usize): i32 {
  let offset = 0;
  for (let axis = axes - 1; axis > 0; axis--) {
    const count = load<i32>(counts + (<usize>axis << 2));
    const next = row / count;
    offset += (row - next * count) * load<i32>(strides + (<usize>axis << 2));
    row = next;
  }
  // The outermost dimension has no end: nothing lies beyond it.
  return axes > 0 ? offset + row * load<i32>(strides) : 0;
}

/** Where a loop reads a row: its floats, or sixteen copies of the one that it consists of. */
export function rowOf(row: usize, step: i32, copies: usize): usize {
  if (step != 0) return row;
  const x = v128.load_splat<f32>(row);
  v128.store(copies, x);
  v128.store(copies, x, 16);
  v128.store(copies, x, 32);
  v128.store(copies, x, 48);
  return copies;
}

/** `x^y` as IEEE 754 defines it; exponents of 2, −1 and ½ are a square, a reciprocal and a root. */
function powLane(x: f32, y: f32): f32 {
  if (y == 0 || x == 1) return 1;
  if (y == 2) return x * x;
  if (y == -1) return 1 / x;
  if (x != x || y != y) return <f32>NaN;
  const size = abs(x);
  if (abs(y) == <f32>Infinity) return size == 1 ? 1 : (size > 1) == (y > 0) ? <f32>Infinity : 0;
  if (y == 0.5) return size == <f32>Infinity ? size : sqrt(x + 0);
  const whole = floor(y) == y;
  if (x < 0 && !whole && size != <f32>Infinity) return <f32>NaN;
  const isLarge = y > 0 ? size == <f32>Infinity : size == 0;
  const result = isLarge ? <f32>Infinity : size == 0 || size == <f32>Infinity ? 0 : <f32>powerOf(size, y);
  return whole && floor(y * 0.5) != y * 0.5 ? copysign<f32>(result, x) : result;
}

function powVector(x: v128, y: v128): v128 {
  if (i32x4.all_true(f32x4.eq(y, f32x4.splat(2)))) return f32x4.mul(x, x);
  if (i32x4.all_true(f32x4.eq(y, f32x4.splat(-1)))) return f32x4.div(f32x4.splat(1), x);
  if (i32x4.all_true(f32x4.eq(y, f32x4.splat(0.5)))) {
    const infinity = f32x4.splat(Infinity);
    return v128.bitselect(infinity, f32x4.sqrt(f32x4.add(x, f32x4.splat(0))), f32x4.eq(f32x4.abs(x), infinity));
  }
  return f32x4(
    powLane(f32x4.extract_lane(x, 0), f32x4.extract_lane(y, 0)), powLane(f32x4.extract_lane(x, 1), f32x4.extract_lane(y, 1)),
    powLane(f32x4.extract_lane(x, 2), f32x4.extract_lane(y, 2)), powLane(f32x4.extract_lane(x, 3), f32x4.extract_lane(y, 3)),
  );
}

export { powVector };
