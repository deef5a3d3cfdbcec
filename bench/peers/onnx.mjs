import onnxProto from 'onnx-proto';
import { outHeight, outWidth } from '../shapes.mjs';

const { AttributeProto, ModelProto, TensorProto } = onnxProto.onnx;
const FLOAT = TensorProto.DataType.FLOAT;

const ints = (name, values) => ({ name, type: AttributeProto.AttributeType.INTS, ints: values });
const int = (name, value) => ({ name, type: AttributeProto.AttributeType.INT, i: value });
const float = (name, value) => ({ name, type: AttributeProto.AttributeType.FLOAT, f: value });
const value = (name, dims) => ({
  name,
  type: { tensorType: { elemType: FLOAT, shape: { dim: dims.map((dimValue) => ({ dimValue })) } } },
});
const constant = (name, dims, data) => ({
  name,
  dims,
  dataType: FLOAT,
  rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
});

function node(shape, given) {
  const { filter, slope, weight, bias } = given;
  const { kernel, stride, padding, groups, channels, alpha } = shape;
  const window = [
    ints('kernel_shape', [kernel, kernel]),
    ints('strides', [stride, stride]),
    ints('pads', [padding, padding, padding, padding]),
  ];
  switch (shape.operator) {
    case 'conv2d':
      return { opType: 'Conv', attribute: [...window, int('group', groups)], operands: [constant('w', filter.shape, filter.data)] };
    case 'maxPool2d':
      return { opType: 'MaxPool', attribute: window };
    case 'averagePool2d':
      return { opType: 'AveragePool', attribute: [...window, int('count_include_pad', 0)] };
    case 'relu':
      return { opType: 'Relu', attribute: [] };
    case 'sigmoid':
      return { opType: 'Sigmoid', attribute: [] };
    case 'tanh':
      return { opType: 'Tanh', attribute: [] };
    case 'elu':
      return { opType: 'Elu', attribute: [] };
    case 'gelu':
      return { opType: 'Gelu', attribute: [] };
    case 'softmax':
      return { opType: 'Softmax', attribute: [int('axis', 1)] };
    case 'leakyRelu':
      return { opType: 'LeakyRelu', attribute: [float('alpha', alpha)] };
    case 'prelu':
      return { opType: 'PRelu', attribute: [], operands: [constant('w', [channels, 1, 1], slope)] };
    case 'linear':
      return {
        opType: 'Gemm',
        attribute: [int('transB', 1)],
        operands: [constant('w', weight.shape, weight.data), constant('b', bias.shape, bias.data)],
      };
    case 'batchNorm':
      return {
        opType: 'BatchNormalization',
        attribute: [float('epsilon', 1e-5)],
        operands: ['scale', 'bias', 'mean', 'variance'].map((name) => constant(name, [channels], given[name])),
      };
    default:
      throw new Error(`no operator ${shape.operator}`);
  }
}

/** A model of one node, x → y, its weights constants. */
export function model(shape, given) {
  const { opType, attribute, operands = [] } = node(shape, given);
  const { outChannels } = shape;
  const outShape = shape.operator === 'linear' ? [1, outChannels] : [1, outChannels, outHeight(shape), outWidth(shape)];
  return ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: shape.operator === 'gelu' ? 20 : 16 }],
    graph: {
      name: 'layer',
      node: [{ opType, attribute, input: ['x', ...operands.map(({ name }) => name)], output: ['y'] }],
      initializer: operands,
      input: [value('x', given.x.shape)],
      output: [value('y', outShape)],
    },
  }).finish();
}
