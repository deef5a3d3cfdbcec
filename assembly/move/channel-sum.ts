import { ChannelParams } from '../generated/abi';

/**
 * The sum of each channel of an input seen as [outer][channels][rowLength], in the order in which its floats lie:
 *
 *   s = +0, then s ⊕ x …
 *
 * A lane is a channel. Where rows are longer than one float, four steps of four channels are turned at a time. A task is four
 * channels; the last one's missing channels repeat the last that is there.
 */
export function channelSum(p: ChannelParams, taskBegin: i32, taskEnd: i32): void {
  const rowBytes = <usize>p.rowLength << 2;
  const imageBytes = <usize>p.channels * rowBytes;
  for (let task = taskBegin; task < taskEnd; task++) {
    const channel = task << 2;
    const last = p.channels - 1 - channel;
    const at1 = <usize>min(1, last) * rowBytes, at2 = <usize>min(2, last) * rowBytes, at3 = <usize>min(3, last) * rowBytes;
    let from = p.input + <usize>channel * rowBytes;
    let sum = f32x4.splat(0);
    for (let image = p.outer; image > 0; image--) {
      let at = from;
      let k = p.rowLength;
      for (; k >= 4; k -= 4) {
        const x0 = v128.load(at), x1 = v128.load(at + at1), x2 = v128.load(at + at2), x3 = v128.load(at + at3);
        const low01 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
        const low23 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
        sum = f32x4.add(sum, v128.shuffle<i64>(low01, low23, 0, 2));
        sum = f32x4.add(sum, v128.shuffle<i64>(low01, low23, 1, 3));
        sum = f32x4.add(sum, v128.shuffle<i64>(high01, high23, 0, 2));
        sum = f32x4.add(sum, v128.shuffle<i64>(high01, high23, 1, 3));
        at += 16;
      }
      for (; k > 0; k--) {
        const two = v128.load_lane<f32>(at + at1, v128.load_zero<u32>(at), 1);
        sum = f32x4.add(sum, v128.load_lane<f32>(at + at3, v128.load_lane<f32>(at + at2, two, 2), 3));
        at += 4;
      }
      from += imageBytes;
    }
    const to = p.output + (<usize>channel << 2);
    v128.store_lane<f32>(to, sum, 0);
    if (last > 0) v128.store_lane<f32>(to, sum, 1, 4);
    if (last > 1) v128.store_lane<f32>(to, sum, 2, 8);
    if (last > 2) v128.store_lane<f32>(to, sum, 3, 12);
  }
}
