import { NormSumParams } from '../generated/abi';
import { madd, storeTail } from '../simd';

/**
 * Sums of each channel of each image, of `input`, or of `input ⊗ (other ⊖ mean)`: from +0 on, over `[outer][inner]` in the order of
 * memory. Lanes are channels. A task is four channels of an image, or what is left of them.
 */
export function batchNormSums(p: NormSumParams, taskBegin: i32, taskEnd: i32): void {
  const channels = p.channels;
  const inner = p.inner;
  const quads = (channels + 3) >> 2;
  for (let task = taskBegin; task < taskEnd; task++) {
    const image = task / quads;
    const channel = (task - image * quads) << 2;
    const count = min(4, channels - channel);
    // Lanes of no channel read the last one's floats.
    const second = <usize>(min(1, count - 1) * inner) << 2;
    const third = <usize>(min(2, count - 1) * inner) << 2;
    const fourth = <usize>(min(3, count - 1) * inner) << 2;
    const mean = p.mean ? v128.load(p.mean + (<usize>channel << 2)) : f32x4.splat(0);
    let at = <usize>(image * p.outer * channels * inner + channel * inner) << 2;
    let sum = f32x4.splat(0);
    for (let o = p.outer; o > 0; o--) {
      let from = at;
      for (let i = inner; i > 0; i--) {
        const x = loadLanes(p.input + from, inner, second, third, fourth);
        if (p.other) {
          sum = madd(x, f32x4.sub(loadLanes(p.other + from, inner, second, third, fourth), mean), sum);
        } else sum = f32x4.add(sum, x);
        from += 4;
      }
      at += <usize>(channels * inner) << 2;
    }
    const to = p.output + (<usize>(image * channels + channel) << 2);
    if (count == 4) v128.store(to, sum);
    else storeTail(to, sum, count);
  }
}

@inline
function loadLanes(from: usize, inner: i32, second: usize, third: usize, fourth: usize): v128 {
  if (inner == 1) return v128.load(from);
  const two = v128.load_lane<f32>(from + second, v128.load_zero<u32>(from), 1);
  return v128.load_lane<f32>(from + fourth, v128.load_lane<f32>(from + third, two, 2), 3);
}
