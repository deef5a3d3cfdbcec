import { convWindow } from '../spec/axes.ts';
import type { Correlation } from '../spec/correlation.ts';
import { lengthOf } from '../tensor/tensor.ts';
import { planConvOnce } from './conv/conv.ts';
import { planGemm } from './conv/gemm.ts';
import { copy, zeros } from './move.ts';
import type { Plan, Value } from './plan.ts';

/** A batched product, checked. Batch dimensions of both operands have the rank of the result's: 1 where an operand repeats. */
export interface MatmulSpec {
  readonly batch: readonly number[];
  readonly aBatch: readonly number[];
  readonly bBatch: readonly number[];
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/**
 * A batched product is one 1 × 1 convolution, so its sums have the bits of `linear`:
 *
 *   b is shared       rows of all matrices of a are pixels, channels last; b is the filter
 *   a is shared       matrices of b are images of planes; a is the filter
 *   otherwise         matrices are groups of planes of b; those of a are their filters
 *
 * An operand that repeats along some batch dimensions only is expanded first.
 */
export function planMatmul(plan: Plan, spec: MatmulSpec, a: Value, b: Value, out: Value): void {
  const { batch, aBatch, bBatch, rows, inner, columns } = spec;
  const matrices = lengthOf(batch);
  if (matrices * rows * columns === 0) return;
  if (inner === 0) {
    zeros(plan, out, matrices * rows * columns);
    return;
  }
  if (lengthOf(bBatch) === 1) {
    const strides = { group: 0, outChannel: 1, inChannel: columns };
    planProduct(plan, { layout: 'nhwc', batch: 1, groups: 1, inner, channels: columns, pixels: matrices * rows, strides }, a, b, out);
    return;
  }
  const isShared = lengthOf(aBatch) === 1;
  const left = isShared ? a : expand(plan, a, aBatch, batch, rows * inner);
  const right = expand(plan, b, bBatch, batch, inner * columns);
  const counts = isShared ? { batch: matrices, groups: 1 } : { batch: 1, groups: matrices };
  const strides = { group: rows * inner, outChannel: inner, inChannel: 1 };
  planProduct(plan, { layout: 'nchw', ...counts, inner, channels: rows, pixels: columns, strides }, right, left, out);
}

interface Product {
  readonly layout: Correlation['layout'];
  readonly batch: number;
  readonly groups: number;
  readonly inner: number;
  /** Output channels of one group. */
  readonly channels: number;
  readonly pixels: number;
  readonly strides: { readonly group: number; readonly outChannel: number; readonly inChannel: number };
}

function planProduct(plan: Plan, product: Product, x: Value, filter: Value, out: Value): void {
  const { layout, batch, groups, inner, channels, pixels, strides } = product;
  const one = [1, 1, 1] as const;
  const extents = [1, 1, pixels] as const;
  const spec: Correlation = {
    batch,
    groups,
    groupInChannels: inner,
    groupOutChannels: channels,
    layout,
    window: convWindow({ input: extents, kernel: one, strides: one, dilations: one, padding: [0, 0, 0, 0, 0, 0], out: extents }),
    filterStrides: { offset: 0, ...strides, depth: 0, height: 0, width: 0 },
    paddingMode: 'zeros',
    divisor: 1,
    activation: { kind: 'none', lower: 0, upper: 0, alpha: 0 },
    algorithm: 'gemm',
    bias: undefined,
  };
  planConvOnce(plan, planGemm(spec), x, filter, null, out);
}

/** Matrices of `length` floats repeated along the dimensions in which `from` is 1 and `to` is not, the last dimension first. */
function expand(plan: Plan, input: Value, from: readonly number[], to: readonly number[], length: number): Value {
  let value = input;
  for (let axis = to.length - 1; axis >= 0; axis--) {
    if (from[axis] === to[axis]) continue;
    const outer = lengthOf(from.slice(0, axis));
    const inner = lengthOf(to.slice(axis + 1)) * length;
    const repeated = plan.temp(outer * to[axis] * inner);
    copy(plan, {
      input: value,
      output: repeated,
      dimensions: [
        [outer, inner, to[axis] * inner],
        [to[axis], 0, inner],
        [inner, 1, 1],
      ],
    });
    value = repeated;
  }
  return value;
}
