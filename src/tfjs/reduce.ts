import { LRN, type LRNAttrs, Max, Mean, Min, Prod, Sum } from '@tensorflow/tfjs-core';
import { kernel } from './kernel.ts';

interface ReduceAttrs {
  readonly axis?: number | readonly number[] | null;
  readonly reductionIndices?: number | readonly number[] | null;
  readonly keepDims?: boolean;
}

const METHODS = { [Sum]: 'reduceSum', [Mean]: 'reduceMean', [Max]: 'reduceMax', [Min]: 'reduceMin', [Prod]: 'reduceProduct' } as const;

export function registerReduce(): void {
  for (const [name, method] of Object.entries(METHODS)) {
    kernel<ReduceAttrs>(name, ({ inputs: { x }, attrs, backend }) => {
      const given = attrs.axis ?? attrs.reductionIndices ?? [...x.shape.keys()];
      const axes = typeof given === 'number' ? [given] : given;
      return backend.result(backend.engine[method](backend.operand(x), { axes, keepDimensions: attrs.keepDims ?? false }));
    });
  }
  kernel<LRNAttrs>(LRN, ({ inputs: { x }, attrs: { depthRadius, bias, alpha, beta }, backend }) => {
    const size = 2 * depthRadius + 1;
    if (!(bias > 0 && alpha >= 0 && beta >= 0)) return undefined;
    return backend.result(backend.engine.localResponseNorm(backend.operand(x), size, { alpha: alpha * size, beta, bias, layout: 'nhwc' }));
  });
}
