import { NormParams, NormTableParams } from '../generated/abi';
import { madd, storeTail } from '../simd';

/**
 * Batch normalisation with given moments: `y = ((x ⊖ mean) ⊗ factor) ⊕ bias`, `factor = scale ⊘ √(variance ⊕ epsilon)`. What it
 * does to each channel lies in a table, whose entries are a channel each, or as the floats lie in memory where rows are short.
 *
 *   table  factor | mean | bias    [tableLength] each
 */
export function batchNormTable(p: NormTableParams, taskBegin: i32, taskEnd: i32): void {
  const sectionBytes = <usize>p.tableLength << 2;
  for (let i = taskBegin; i < taskEnd; i++) {
    const channel = <usize>(i / p.repeat % p.channels) << 2;
    const to = p.output + (<usize>i << 2);
    const scale: f32 = p.scale ? load<f32>(p.scale + channel) : 1;
    store<f32>(to, scale / sqrt<f32>(load<f32>(p.variance + channel) + p.epsilon));
    store<f32>(to + sectionBytes, p.mean ? load<f32>(p.mean + channel) : 0);
    store<f32>(to + 2 * sectionBytes, p.bias ? load<f32>(p.bias + channel) : 0);
  }
}

/** A task is `taskLength` floats, wherever in a row or in the table they begin. */
export function batchNorm(p: NormParams, taskBegin: i32, taskEnd: i32): void {
  const end = min(taskEnd * p.taskLength, p.length);
  const tableLength = p.tableLength;
  const rows = p.rowLength > 0;
  const runLength = rows ? p.rowLength : tableLength;
  let at = taskBegin * p.taskLength;
  let skip = at % runLength;
  let entry = rows ? at / runLength % tableLength : skip;
  while (at < end) {
    const length = min(runLength - skip, end - at);
    const input = p.input + (<usize>at << 2);
    const output = p.output + (<usize>at << 2);
    const table = p.table + (<usize>entry << 2);
    if (rows) run(input, output, table, <usize>tableLength << 2, length, true);
    else run(input, output, table, <usize>tableLength << 2, length, false);
    at += length;
    skip = 0;
    if (!rows || ++entry == tableLength) entry = 0;
  }
}

/** With `same` under one entry of the table, else each float under its own. */
@inline
function run(input: usize, output: usize, table: usize, sectionBytes: usize, length: i32, same: bool): void {
  const means = table + sectionBytes;
  const biases = means + sectionBytes;
  let factor = v128.load_splat<f32>(table), mean = v128.load_splat<f32>(means), bias = v128.load_splat<f32>(biases);
  let i: usize = 0;
  for (let k = length; k > 0; k -= 4) {
    if (!same) {
      factor = v128.load(table + i);
      mean = v128.load(means + i);
      bias = v128.load(biases + i);
    }
    const y = madd(f32x4.sub(v128.load(input + i), mean), factor, bias);
    if (k >= 4) v128.store(output + i, y);
    else storeTail(output + i, y, k);
    i += 16;
  }
}
