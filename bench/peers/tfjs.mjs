import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';

/** TensorFlow.js on one of its backends: NHWC, filters hwio, an output tensor made and given back a call. */
async function open(backend) {
  setWasmPaths(fileURLToPath(new URL('./node_modules/@tensorflow/tfjs-backend-wasm/dist/', import.meta.url)));
  setThreadsCount(1);
  tf.enableProdMode();
  await tf.setBackend(backend);
  return {
    layout: 'nhwc',
    version: tf.version_core,
    supports: ({ operator }) => operator !== 'gelu',
    prepare: (shape, given) => prepare(backend, shape, given),
  };
}

export const openTfjsWasm = () => open('wasm');
export const openTfjsCpu = () => open('cpu');

/** oihw → hwio, or hwi with one output channel an input channel for a depthwise filter. */
function filterOf({ shape, data }, depthwise) {
  const filter = tf.tensor4d(data, shape);
  const turned = tf.transpose(filter, depthwise ? [2, 3, 0, 1] : [2, 3, 1, 0]);
  filter.dispose();
  return turned;
}

function operation(shape, x, given) {
  const { filter, slope } = given;
  const { kernel, stride, padding, groups, channels, alpha } = shape;
  switch (shape.operator) {
    case 'conv2d': {
      const depthwise = groups > 1 && groups === channels;
      const w = filterOf(filter, depthwise);
      return [() => (depthwise ? tf.depthwiseConv2d(x, w, stride, padding) : tf.conv2d(x, w, stride, padding)), w];
    }
    case 'maxPool2d':
      return [() => tf.maxPool(x, kernel, stride, padding)];
    case 'averagePool2d':
      return [() => tf.avgPool(x, kernel, stride, padding)];
    case 'relu':
      return [() => tf.relu(x)];
    case 'sigmoid':
      return [() => tf.sigmoid(x)];
    case 'tanh':
      return [() => tf.tanh(x)];
    case 'elu':
      return [() => tf.elu(x)];
    case 'softmax':
      return [() => tf.softmax(x)];
    case 'leakyRelu':
      return [() => tf.leakyRelu(x, alpha)];
    case 'batchNorm': {
      const [mean, variance, offset, scale] = ['mean', 'variance', 'bias', 'scale'].map((name) => tf.tensor1d(given[name]));
      return [() => tf.batchNorm(x, mean, variance, offset, scale, 1e-5), mean, variance, offset, scale];
    }
    case 'linear': {
      const [w, b] = [given.weight, given.bias].map(({ shape: dims, data }) => tf.tensor(data, dims));
      return [() => tf.tidy(() => tf.add(tf.matMul(x, w, false, true), b)), w, b];
    }
    case 'prelu': {
      const a = tf.tensor1d(slope);
      return [() => tf.prelu(x, a), a];
    }
    default:
      throw new Error(`no operator ${shape.operator}`);
  }
}

function prepare(backend, shape, given) {
  tf.setBackend(backend);
  const x = tf.tensor(given.x.data, given.x.shape);
  const [operate, ...owned] = operation(shape, x, given);
  return {
    before: () => tf.setBackend(backend),
    run: () => operate().dispose(),
    read() {
      const out = operate();
      const data = out.dataSync();
      out.dispose();
      return data;
    },
    dispose: () => tf.dispose([x, ...owned]),
  };
}
