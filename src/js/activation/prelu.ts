import type { Block, PreluParams } from '../../params.ts';
import { leakyRun } from './leaky-relu.ts';

type Params = Block<typeof PreluParams>;

/**
 * `y = x < 0 ? slope[channel] * x : x`, over the input seen as [outer][channels][rowLength].
 *
 *   rows     rowLength > 1 (NCHW, or one slope for all): a row has one slope
 *   columns  rowLength = 1 (NHWC): slopes lie side by side like the floats, and repeat every `channels`
 *
 * A task is `taskLength` floats, wherever in a row or in the channels they begin.
 */
export function preluRows(p: Params, taskBegin: number, taskEnd: number): void {
  const end = Math.min(taskEnd * p.taskLength, p.length);
  let at = taskBegin * p.taskLength;
  let left = p.rowLength - (at % p.rowLength);
  let channel = Math.trunc(at / p.rowLength) % p.channels;
  while (at < end) {
    const length = Math.min(left, end - at);
    leakyRun(p.input, p.output, at, at + length, p.slope[channel]);
    at += length;
    left = p.rowLength;
    if (++channel === p.channels) channel = 0;
  }
}

export function preluColumns(p: Params, taskBegin: number, taskEnd: number): void {
  const { input, slope, output, channels } = p;
  const end = Math.min(taskEnd * p.taskLength, p.length);
  let channel = (taskBegin * p.taskLength) % channels;
  for (let i = taskBegin * p.taskLength; i < end; i++) {
    const x = input[i];
    output[i] = x < 0 ? x * slope[channel] : x;
    if (++channel === channels) channel = 0;
  }
}
