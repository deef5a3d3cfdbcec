import { FusedBatchNorm, type FusedBatchNormAttrs } from '@tensorflow/tfjs-core';
import { kernel } from './kernel.ts';

export function registerNorm(): void {
  kernel<FusedBatchNormAttrs>(FusedBatchNorm, ({ inputs, attrs, backend }) => {
    const { x, mean, variance, scale, offset } = inputs;
    const axis = x.shape.length - 1;
    // Moments of another shape than one a channel are TensorFlow.js's own.
    const moments = [mean, variance, scale, offset].filter((moment) => moment != null);
    if (axis < 1 || moments.some(({ shape }) => shape.length !== 1 || shape[0] !== x.shape[axis])) return undefined;
    const options = {
      axis,
      epsilon: attrs.varianceEpsilon ?? 0.001,
      scale: scale == null ? undefined : backend.operand(scale),
      bias: offset == null ? undefined : backend.operand(offset),
    };
    const result = backend.engine.batchNorm(backend.operand(x), backend.operand(mean), backend.operand(variance), options);
    return backend.result(result);
  });
}
