import { PreluBackwardParams } from '../generated/abi';
import { loadTail, storeUpTo } from '../simd';

/** `length` floats of dx = x > 0 ? dy : slope * dy, and NaN where x is NaN; the slopes are those at `slope`, or one for all. */
@inline
function run(input: usize, at: usize, output: usize, slope: usize, length: i32, own: bool): void {
  for (let left = length; left > 0; left -= 4) {
    const x = v128.load(at), dy = v128.load(input);
    const a = own ? v128.load(slope) : v128.load_splat<f32>(slope);
    const dx = v128.bitselect(dy, f32x4.mul(dy, a), f32x4.gt(x, f32x4.splat(0)));
    storeUpTo(output, v128.or(dx, f32x4.ne(x, x)), left);
    input += 16;
    at += 16;
    output += 16;
    if (own) slope += 16;
  }
}

/** The gradient of the input. A task is a plane of NCHW, or a pixel of NHWC. */
export function preluBackward(p: PreluBackwardParams, taskBegin: i32, taskEnd: i32): void {
  const length = p.channelsLast ? p.channels : p.pixels;
  for (let task = taskBegin; task < taskEnd; task++) {
    const begin = <usize>(task * length) << 2;
    if (p.channelsLast) run(p.input + begin, p.x + begin, p.output + begin, p.slope, length, true);
    else run(p.input + begin, p.x + begin, p.output + begin, p.slope + (<usize>(task % p.channels) << 2), length, false);
  }
}

/** What an element adds to the gradient of its slope. */
@inline
function share(x: v128, dy: v128): v128 {
  return v128.andnot(f32x4.mul(x, dy), f32x4.gt(x, f32x4.splat(0)));
}

@inline
function planeSum(at: usize, input: usize, length: i32): f32 {
  let sum = f32x4.splat(0);
  for (let k = length >> 2; k > 0; k--) {
    sum = f32x4.add(sum, share(v128.load(at), v128.load(input)));
    at += 16;
    input += 16;
  }
  const tail = length & 3;
  if (tail > 0) sum = f32x4.add(sum, share(loadTail(at, tail), loadTail(input, tail)));
  return f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1) + (f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3));
}

/** The same of four channels that lie side by side. */
@inline
function pixelSum(at: usize, input: usize, length: i32, stride: usize): v128 {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
  for (let k = length; k > 0; k--) {
    // The oldest of four sums is the next one's turn.
    const next = f32x4.add(s0, share(v128.load(at), v128.load(input)));
    s0 = s1;
    s1 = s2;
    s2 = s3;
    s3 = next;
    at += stride;
    input += stride;
  }
  // The sums of pixels 0 and 1, and of 2 and 3, modulo four, are added in pairs: after an odd number, s0 is that of 1 or 3.
  if (length & 1) return f32x4.add(f32x4.add(s3, s0), f32x4.add(s1, s2));
  return f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
}

/**
 * The gradient of the slopes: the sum of x · dy over what is not above 0. The pixels of an image go in turn to four sums, which are
 * added in pairs; the images follow one another. A task is four channels.
 */
export function preluSlopeBackward(p: PreluBackwardParams, taskBegin: i32, taskEnd: i32): void {
  const image = p.channels * p.pixels;
  const end = min(4 * taskEnd, p.channels);
  for (let channel = 4 * taskBegin; channel < end; channel += 4) {
    if (p.channelsLast) {
      let total = f32x4.splat(0);
      for (let i = 0; i < p.images; i++) {
        const begin = <usize>(i * image + channel) << 2;
        total = f32x4.add(total, pixelSum(p.x + begin, p.input + begin, p.pixels, <usize>p.channels << 2));
      }
      storeUpTo(p.output + (<usize>channel << 2), total, end - channel);
    } else {
      for (let c = channel; c < min(channel + 4, end); c++) {
        let total: f32 = 0;
        for (let i = 0; i < p.images; i++) {
          const begin = <usize>(i * image + c * p.pixels) << 2;
          total += planeSum(p.x + begin, p.input + begin, p.pixels);
        }
        store<f32>(p.output + (<usize>c << 2), total);
      }
    }
  }
}
