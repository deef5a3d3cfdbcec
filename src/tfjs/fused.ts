import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { FusedActivation } from '../spec/activation.ts';
import { type KernelTensor, lengthOf } from '../tensor/tensor.ts';
import type { SimdconvBackend } from './backend.ts';
import type { Call } from './kernel.ts';

/** What TensorFlow.js fuses with a convolution or a product of matrices: a bias, then an activation. */
export interface Fused {
  readonly activation?: string;
  readonly leakyreluAlpha?: number;
}

/** How a fused call is done: a part of it by the kernel itself, the rest on its result, in place. */
export interface Fusing {
  readonly bias: TensorInfo | undefined;
  readonly activation: FusedActivation | undefined;
  readonly finish: (result: KernelTensor) => void;
}

const nothing = (): void => {};

/** Undefined where the bias, or the slopes of a parametric ReLU, are broadcast in any other way than a channel each or one for all. */
export function fusing({ inputs, attrs, backend }: Call<Fused>, channels: number, layout: 'nchw' | 'nhwc'): Fusing | undefined {
  const bias = inputs.bias ?? undefined;
  if (bias !== undefined && !isPerChannel(bias, channels)) return undefined;
  const { activation = 'linear', leakyreluAlpha } = attrs;
  switch (activation) {
    case 'linear':
      return { bias, activation: undefined, finish: nothing };
    case 'relu':
    case 'relu6':
      return { bias, activation, finish: nothing };
    case 'leakyrelu':
      return { bias, activation: { type: 'leakyRelu', alpha: leakyreluAlpha }, finish: nothing };
    case 'elu':
    case 'sigmoid':
      return { bias, activation: undefined, finish: (out) => backend.engine[activation](out, { out }) };
    case 'prelu': {
      const slope = slopes(backend, inputs.preluActivationWeights, channels);
      return slope && { bias, activation: undefined, finish: (out) => backend.engine.prelu(out, slope, { layout, out }) };
    }
    default:
      return undefined;
  }
}

function isPerChannel({ shape }: TensorInfo, channels: number): boolean {
  return shape.length === 1 && shape[0] === channels;
}

/** Slopes of a parametric ReLU, if there is one for all or one for each channel, the last axis. */
function slopes(backend: SimdconvBackend, weights: TensorInfo, channels: number): KernelTensor | undefined {
  const { shape } = weights;
  const count = lengthOf(shape);
  const fits = count === 1 || (count === channels && shape.at(-1) === channels);
  return fits ? backend.operand({ ...weights, shape: [count] }) : undefined;
}
