import * as plain from '../dist/plain/index.js';
import { averagePool2d, elu, gelu, maxPool2d, relu, sigmoid, tanh } from '../dist/plain/index.js';
import { outHeight, outWidth } from './shapes.mjs';

const pools = { maxPool2d, averagePool2d };
const curves = { relu, sigmoid, tanh, elu, gelu };

/**
 * A shape in plain JavaScript, ready to be called, as `subject` makes it ready on an engine: the filter packed, scratch and result allocated.
 *
 * @returns {{ run: () => void, out: { data: Float32Array } }}
 */
export function plainSubject(shape, layout, given) {
  const out = new Float32Array(shape.outChannels * outHeight(shape) * outWidth(shape));
  const x = given.x.data;
  return { run: bind(shape, layout, given, x, out), out: { data: out } };
}

function bind(shape, layout, given, x, out) {
  switch (shape.operator) {
    case 'conv2d': {
      const run = plain.conv2d(shape, layout, given.filter.data);
      return () => run(x, out);
    }
    case 'maxPool2d':
    case 'averagePool2d': {
      const run = pools[shape.operator](shape, layout);
      return () => run(x, out);
    }
    case 'relu':
    case 'sigmoid':
    case 'tanh':
    case 'elu':
    case 'gelu':
      return () => curves[shape.operator](x, out);
    case 'leakyRelu':
      return () => plain.leakyRelu(x, out, shape.alpha);
    case 'prelu':
      return () => plain.prelu(x, out, given.slope, layout);
    case 'softmax':
      return () => plain.softmax(x, out, shape.channels, layout);
    case 'linear':
      return () => plain.linear(x, out, given.weight.data, given.bias.data, shape.channels);
    case 'batchNorm': {
      const { mean, variance, scale, bias } = given;
      const factors = Float64Array.from(scale, (value, c) => value / Math.sqrt(variance[c] + EPSILON));
      const terms = Float64Array.from(bias, (value, c) => value - mean[c] * factors[c]);
      return () => plain.batchNorm(x, out, factors, terms, layout);
    }
    default:
      throw new Error(`no operator ${shape.operator}`);
  }
}

/** Of batch normalisation, where none is given. */
const EPSILON = 1e-5;
