import type { Step } from './backend.ts';
import type { Operands, Workspaces } from './execute.ts';
import { planActivation, planPrelu } from './plan/activation.ts';
import { chooseConvKernel, planConv2d } from './plan/conv.ts';
import { planPool } from './plan/pool.ts';
import type { ActivationSpec, Elementwise } from './shape/activation.ts';
import { type Conv2dOptions, conv2d as checkConv2d } from './shape/conv.ts';
import { type AveragePool2dOptions, type PoolReduction, pool2d } from './shape/pool.ts';
import { prelu as checkPrelu, type PreluOptions } from './shape/prelu.ts';
import type { RreluSpec } from './shape/rrelu.ts';
import type { Tensor } from './tensor.ts';

/** One call of an operator, checked and planned: what a synchronous method and its asynchronous form have in common. */
export interface Operation {
  readonly x: Tensor;
  readonly shape: readonly number[];
  readonly out: Tensor | undefined;
  readonly steps: readonly Step[];
  readonly workspaces: Workspaces;
  /** Besides `x` and `out`. */
  readonly operands: Operands;
}

const NONE = {};

export function conv2d(x: Tensor, filter: Tensor, options: Conv2dOptions | undefined): Operation {
  const { spec, out } = checkConv2d(x, filter, options);
  const { pack, run, workspaces, packedLength } = planConv2d(spec, chooseConvKernel(spec, true));
  return {
    x,
    shape: spec.outShape,
    out,
    steps: [...pack, ...run],
    workspaces: { ...workspaces, packed: packedLength },
    operands: spec.bias ? { filter, bias: spec.bias } : { filter },
  };
}

export function pool(reduction: PoolReduction, x: Tensor, options: AveragePool2dOptions | undefined): Operation {
  const { spec, out } = pool2d(reduction, x, options);
  return { x, shape: spec.outShape, out, steps: planPool(spec), workspaces: NONE, operands: NONE };
}

export function activate(x: Tensor, { spec, shape, out }: Elementwise<ActivationSpec | RreluSpec>): Operation {
  return { x, shape, out, steps: planActivation(spec, shape), workspaces: NONE, operands: NONE };
}

export function prelu(x: Tensor, slope: Tensor, options: PreluOptions | undefined): Operation {
  const { spec, shape, out } = checkPrelu(x, slope, options);
  return { x, shape, out, steps: planPrelu(spec, shape), workspaces: NONE, operands: { slope } };
}
