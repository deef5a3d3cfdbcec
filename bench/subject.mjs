import { operands } from './operands.mjs';
import { dimensions, outHeight, outWidth } from './shapes.mjs';

/**
 * One shape on one engine, ready to be called: operands and result live in the engine's memory, filters are packed.
 *
 * @returns {{ run: () => unknown, out: import('simdconv').Tensor, plan: () => import('simdconv').Conv2dPlan | undefined, dispose: () => void }}
 */
export function subject(engine, shape, layout, { algorithm = 'auto' } = {}) {
  const given = operands(shape, layout);
  const x = engine.tensor(given.x.shape, given.x.data);
  const outShape =
    shape.operator === 'linear' ? [1, shape.outChannels] : dimensions(layout, shape.outChannels, outHeight(shape), outWidth(shape));
  const out = engine.tensor(outShape);
  const owned = [x, out];
  const { run, plan = () => undefined } = bind(engine, shape, layout, given, x, out, owned, algorithm);
  return {
    run,
    out,
    plan,
    dispose() {
      for (const each of owned) each.dispose();
    },
  };
}

function bind(engine, shape, layout, given, x, out, owned, algorithm) {
  const { kernel, stride: strides, padding, groups } = shape;
  const windowDimensions = [kernel, kernel];
  switch (shape.operator) {
    case 'conv2d': {
      const conv = engine.prepareConv2d(given.filter, { strides, padding, groups, inputLayout: layout, algorithm });
      owned.push(conv);
      return { run: () => conv.run(x, out), plan: () => conv.plan };
    }
    case 'maxPool2d': {
      const options = { windowDimensions, strides, padding, layout, out };
      return { run: () => engine.maxPool2d(x, options) };
    }
    case 'averagePool2d': {
      const options = { windowDimensions, strides, padding, layout, countIncludePad: false, out };
      return { run: () => engine.averagePool2d(x, options) };
    }
    case 'relu':
      return { run: () => engine.relu(x, { out }) };
    case 'sigmoid':
    case 'tanh':
    case 'elu':
    case 'gelu':
      return { run: () => engine[shape.operator](x, { out }) };
    case 'softmax':
      return { run: () => engine.softmax(x, { axis: layout === 'nchw' ? 1 : 3, out }) };
    case 'leakyRelu':
      return { run: () => engine.leakyRelu(x, { alpha: shape.alpha, out }) };
    case 'prelu': {
      const slope = engine.tensor([shape.channels], given.slope);
      owned.push(slope);
      return { run: () => engine.prelu(x, slope, { layout, out }) };
    }
    case 'linear': {
      const [weight, bias] = [given.weight, given.bias].map(({ shape: dims, data }) => engine.tensor(dims, data));
      owned.push(weight, bias);
      return { run: () => engine.linear(x, weight, { bias, out }) };
    }
    case 'batchNorm': {
      const tensors = ['mean', 'variance', 'scale', 'bias'].map((name) => engine.tensor([shape.channels], given[name]));
      owned.push(...tensors);
      const [mean, variance, scale, bias] = tensors;
      const options = { scale, bias, axis: layout === 'nchw' ? 1 : 3, out };
      return { run: () => engine.batchNorm(x, mean, variance, options) };
    }
    default:
      throw new Error(`no operator ${shape.operator}`);
  }
}
