import type { Block } from '../../kernels/layout.ts';
import type { NormParams, NormTableParams } from '../../kernels/norm.ts';

const { fround, sqrt } = Math;

/**
 * Batch normalisation with given moments: `y = ((x ⊖ mean) ⊗ factor) ⊕ bias`, `factor = scale ⊘ √(variance ⊕ epsilon)`. What it
 * does to each channel lies in a table, whose entries are a channel each, or as the floats lie in memory where rows are short.
 *
 *   table  factor | mean | bias    [tableLength] each
 */
export function batchNormTable(p: Block<typeof NormTableParams>, taskBegin: number, taskEnd: number): void {
  const { scale, mean, bias, output, tableLength } = p;
  for (let i = taskBegin; i < taskEnd; i++) {
    const channel = Math.trunc(i / p.repeat) % p.channels;
    output[i] = (scale.length > 0 ? scale[channel] : 1) / fround(sqrt(fround(p.variance[channel] + p.epsilon)));
    output[i + tableLength] = mean.length > 0 ? mean[channel] : 0;
    output[i + 2 * tableLength] = bias.length > 0 ? bias[channel] : 0;
  }
}

/** A task is `taskLength` floats, wherever in a row or in the table they begin. */
export function batchNorm(p: Block<typeof NormParams>, taskBegin: number, taskEnd: number): void {
  const end = Math.min(taskEnd * p.taskLength, p.length);
  const { tableLength } = p;
  const rows = p.rowLength > 0;
  const runLength = rows ? p.rowLength : tableLength;
  let at = taskBegin * p.taskLength;
  let skip = at % runLength;
  let entry = rows ? Math.trunc(at / runLength) % tableLength : skip;
  while (at < end) {
    const length = Math.min(runLength - skip, end - at);
    run(p, at, entry, length, rows ? 0 : 1);
    at += length;
    skip = 0;
    if (!rows || ++entry === tableLength) entry = 0;
  }
}

function run({ input, table, output, tableLength }: Block<typeof NormParams>, at: number, entry: number, length: number, step: number) {
  for (const end = at + length; at < end; at++, entry += step) {
    const centred = fround(input[at] - table[entry + tableLength]);
    output[at] = fround(centred * table[entry]) + table[entry + 2 * tableLength];
  }
}
