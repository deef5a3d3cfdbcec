import {
  Elu,
  LeakyRelu,
  type LeakyReluAttrs,
  Prelu,
  Relu,
  Relu6,
  Selu,
  Sigmoid,
  Softmax,
  type SoftmaxAttrs,
  Softplus,
  Tanh,
} from '@tensorflow/tfjs-core';
import { lengthOf } from '../tensor/tensor.ts';
import { kernel } from './kernel.ts';

type Method = 'relu' | 'relu6' | 'elu' | 'selu' | 'sigmoid' | 'tanh' | 'softplus';

function elementwise(kernelName: string, method: Method): void {
  kernel(kernelName, ({ inputs: { x }, backend }) => backend.result(backend.engine[method](backend.operand(x))));
}

export function registerActivation(): void {
  elementwise(Relu, 'relu');
  elementwise(Relu6, 'relu6');
  elementwise(Elu, 'elu');
  elementwise(Selu, 'selu');
  elementwise(Sigmoid, 'sigmoid');
  elementwise(Tanh, 'tanh');
  elementwise(Softplus, 'softplus');
  kernel<LeakyReluAttrs>(LeakyRelu, ({ inputs: { x }, attrs: { alpha }, backend }) =>
    backend.result(backend.engine.leakyRelu(backend.operand(x), { alpha })),
  );
  kernel(Prelu, ({ inputs: { x, alpha }, backend }) => {
    // One slope for all, or one for each of the last axis; any other broadcast is TensorFlow.js's own.
    const slopes = lengthOf(alpha.shape);
    const last = x.shape.length - 1;
    const fits =
      slopes === 1 || (last > 0 && alpha.shape.length <= x.shape.length && slopes === x.shape[last] && alpha.shape.at(-1) === slopes);
    if (!fits) return undefined;
    const slope = backend.operand({ ...alpha, shape: [slopes] });
    return backend.result(backend.engine.prelu(backend.operand(x), slope, { layout: 'nhwc' }));
  });
  kernel<SoftmaxAttrs>(Softmax, ({ inputs: { logits }, attrs: { dim }, backend }) => {
    if (dim !== -1 && dim !== logits.shape.length - 1) return undefined;
    return backend.result(backend.engine.softmax(backend.operand(logits)));
  });
}
