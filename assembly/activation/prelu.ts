import { PreluParams } from '../generated/abi';
import { isLeakyMax, leakyMaxVector, leakyVector, storeUpTo } from '../simd';
import { leakyRun } from './leaky-relu';

/**
 * `y = x < 0 ? slope[channel] * x : x`, over the input seen as [outer][channels][rowLength].
 *
 *   rows     long ones (NCHW, or one slope for all): each is a run under one slope
 *   columns  short ones (NHWC: of one float): a run goes over many, under slopes that lie side by side like the floats
 *
 * A task is `taskLength` floats, wherever in a row or in the channels they begin.
 */
export function preluRows(p: PreluParams, taskBegin: i32, taskEnd: i32): void {
  const end = min(taskEnd * p.taskLength, p.length);
  let at = taskBegin * p.taskLength;
  let left = p.rowLength - at % p.rowLength;
  let channel = at / p.rowLength % p.channels;
  while (at < end) {
    const length = min(left, end - at);
    leakyRun(p.input + (<usize>at << 2), p.output + (<usize>at << 2), length, load<f32>(p.slope + (<usize>channel << 2)));
    at += length;
    left = p.rowLength;
    if (++channel == p.channels) channel = 0;
  }
}

@inline
function leaky(x: v128, slope: v128, isMax: bool): v128 {
  return isMax ? leakyMaxVector(x, slope) : leakyVector(x, slope);
}

/** `length` floats, each under its own slope. */
@inline
function runColumns(input: usize, output: usize, slope: usize, length: i32, isMax: bool): void {
  for (let k = length >> 4; k > 0; k--) {
    const x0 = v128.load(input), x1 = v128.load(input, 16), x2 = v128.load(input, 32), x3 = v128.load(input, 48);
    v128.store(output, leaky(x0, v128.load(slope), isMax));
    v128.store(output, leaky(x1, v128.load(slope, 16), isMax), 16);
    v128.store(output, leaky(x2, v128.load(slope, 32), isMax), 32);
    v128.store(output, leaky(x3, v128.load(slope, 48), isMax), 48);
    input += 64;
    output += 64;
    slope += 64;
  }
  for (let left = length & 15; left > 0; left -= 4) {
    storeUpTo(output, leaky(v128.load(input), v128.load(slope), isMax), left);
    input += 16;
    output += 16;
    slope += 16;
  }
}

function areLeakyMax(slope: usize, count: i32): bool {
  for (let i = 0; i < count; i++) if (!isLeakyMax(load<f32>(slope + (<usize>i << 2)))) return false;
  return true;
}

/** The slopes as the floats lie: each `rowLength` times, and all of it `slopeCopies` times. */
function spreadSlopes(p: PreluParams): void {
  let to = p.scratch;
  for (let copy = p.slopeCopies; copy > 0; copy--) {
    let from = p.slope;
    for (let channel = p.channels; channel > 0; channel--) {
      const slope = load<f32>(from);
      for (let i = p.rowLength; i > 0; i--) {
        store<f32>(to, slope);
        to += 4;
      }
      from += 4;
    }
  }
}

/**
 * Slopes are used where they are, unless a row has several floats, or channels are so few that runs would be nothing but
 * tails: of three channels, one a pixel.
 */
export function preluColumns(p: PreluParams, taskBegin: i32, taskEnd: i32): void {
  const end = min(taskEnd * p.taskLength, p.length);
  const period = p.channels * p.rowLength * p.slopeCopies;
  const isMax = areLeakyMax(p.slope, p.channels);
  const spread = p.rowLength * p.slopeCopies > 1;
  if (spread) spreadSlopes(p);
  const slopes = spread ? p.scratch : p.slope;
  let at = taskBegin * p.taskLength;
  let skip = at % period;
  while (at < end) {
    const length = min(period - skip, end - at);
    const input = p.input + (<usize>at << 2);
    const output = p.output + (<usize>at << 2);
    const slope = slopes + (<usize>skip << 2);
    if (isMax) runColumns(input, output, slope, length, true);
    else runColumns(input, output, slope, length, false);
    at += length;
    skip = 0;
  }
}
