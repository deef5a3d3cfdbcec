import type { PreluParams } from '../../kernels/elementwise.ts';
import type { Block } from '../../kernels/layout.ts';
import { choice } from '../choice.ts';
import { leakyRun } from './leaky-relu.ts';

type Params = Block<typeof PreluParams>;

/**
 * `y = x < 0 ? slope[channel] * x : x`, over the input seen as [outer][channels][rowLength].
 *
 *   rows     long ones (NCHW, or one slope for all): each is a run under one slope
 *   columns  short ones (NHWC: of one float)
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
  const { input, slope, output, channels, rowLength } = p;
  const end = Math.min(taskEnd * p.taskLength, p.length);
  let at = taskBegin * p.taskLength;
  let left = rowLength - (at % rowLength);
  let channel = Math.trunc(at / rowLength) % channels;
  choice[0] = 1;
  for (; at < end; at++) {
    const x = input[at];
    choice[1] = slope[channel];
    output[at] = x * choice[+(x < 0)];
    if (--left === 0) {
      left = rowLength;
      if (++channel === channels) channel = 0;
    }
  }
}
