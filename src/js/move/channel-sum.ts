import type { Block } from '../../kernels/layout.ts';
import type { ChannelParams } from '../../kernels/move.ts';

/**
 * The sum of each channel of an input seen as [outer][channels][rowLength], in the order in which its floats lie:
 *
 *   s = +0, then s ⊕ x …
 *
 * A task is four channels.
 */
export function channelSum(p: Block<typeof ChannelParams>, taskBegin: number, taskEnd: number): void {
  const { input, output, outer, channels, rowLength } = p;
  for (let channel = taskBegin * 4; channel < Math.min(taskEnd * 4, channels); channel++) {
    let sum = 0;
    for (let image = 0; image < outer; image++) {
      const at = (image * channels + channel) * rowLength;
      for (let k = at; k < at + rowLength; k++) sum = Math.fround(sum + input[k]);
    }
    output[channel] = sum;
  }
}
