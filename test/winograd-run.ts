import { expect } from 'vitest';
import type { PrepareConv2dOptions, Tensor } from '../src/index.ts';
import { conv2dFilter, convInput } from '../src/ops/conv/check.ts';
import { type ConvKernel, planConv2d } from '../src/plan/conv/conv.ts';
import { read } from '../src/tensor/read.ts';
import { lengthOf } from '../src/tensor/tensor.ts';
import type { TileSize } from './bounds.ts';
import { expectSameBits } from './equal.ts';
import { runTasks, stepsOf } from './tasks.ts';

/** Both backends by the plan of one tile size, the tasks of each step cut at `bounds` (from 0 to 1). */
export function runWinograd(size: TileSize, x: Tensor, filter: Tensor, options: PrepareConv2dOptions, cuts: readonly number[] = []) {
  const spec = convInput(
    read(x, 'x') as Tensor,
    conv2dFilter(read(filter, 'filter') as Tensor, read(options, 'options') as PrepareConv2dOptions),
  );
  const { pack, packedLength, run } = planConv2d(spec, `winograd-${size}` satisfies ConvKernel);
  const bounds = (tasks: number) => [0, ...cuts.map((cut) => Math.round(cut * tasks)).sort((a, b) => a - b), tasks];
  const [packing] = stepsOf((plan) => pack(plan, plan.named('filter'), options.bias ? plan.named('bias') : null, plan.named('out')));
  const packed = runTasks(
    packing,
    { filter: filter.data, ...(options.bias && { bias: options.bias.data }), out: new Float32Array(packedLength) },
    bounds(packing.taskCount),
  );
  expectSameBits(packed.simd, packed.js);
  const [step] = stepsOf((plan) => run(plan, plan.named('x'), plan.named('packed'), plan.named('out')));
  const guard = 16;
  const length = lengthOf(spec.outShape);
  const out = new Float32Array(length + guard).fill(-123);
  const results = runTasks(step, { x: x.data, packed: packed.js, out }, bounds(step.taskCount));
  for (const side of ['js', 'simd'] as const) expect(results[side].subarray(length)).toEqual(out.subarray(length));
  const tensor = (data: Float32Array): Tensor => ({ shape: spec.outShape, data: data.subarray(0, length) });
  return { js: tensor(results.js), simd: tensor(results.simd), taskCount: step.taskCount };
}
