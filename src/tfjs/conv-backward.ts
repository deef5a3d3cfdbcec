import {
  backend_util,
  Conv2DBackpropFilter,
  type Conv2DBackpropFilterAttrs,
  Conv2DBackpropInput,
  type Conv2DBackpropInputAttrs,
  Conv3D,
  type Conv3DAttrs,
  Conv3DBackpropFilterV2,
  type Conv3DBackpropFilterV2Attrs,
  Conv3DBackpropInputV2,
  type Conv3DBackpropInputV2Attrs,
  DepthwiseConv2dNativeBackpropFilter,
  type DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropInput,
  type DepthwiseConv2dNativeBackpropInputAttrs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { sameShape } from '../spec/check.ts';
import { lengthOf, newFloats, type Tensor } from '../tensor/tensor.ts';
import type { SimdconvBackend } from './backend.ts';
import { layout2d, layout3d, window2d, window3d } from './geometry.ts';
import { kernel } from './kernel.ts';

type Shape4 = [number, number, number, number];
type Shape5 = [number, number, number, number, number];

let zeros = newFloats(0);

/** An operand of which a gradient reads nothing but the shape. */
function shaped(shape: readonly number[]): Tensor {
  const length = lengthOf(shape);
  if (zeros.length < length) zeros = newFloats(length);
  return { shape, data: zeros.subarray(0, length) };
}

/** A convolution that is differentiated. */
interface Forward {
  readonly method: 'conv2dBackward' | 'conv3dBackward';
  readonly inShape: readonly number[];
  readonly outShape: readonly number[];
  readonly filterShape: readonly number[];
  /** As the engine's filter; elements lie in memory as TensorFlow.js has them. */
  readonly engineFilter: readonly number[];
  readonly options: object;
}

function forward2d(info: backend_util.Conv2DInfo, filterShape: Shape4, depthwise: boolean): Forward {
  const [height, width] = filterShape;
  const groups = depthwise ? info.inChannels : 1;
  return {
    method: 'conv2dBackward',
    inShape: info.inShape,
    outShape: info.outShape,
    filterShape,
    // A depthwise filter [height, width, channels, multiplier] is one of a channel a group.
    engineFilter: depthwise ? [height, width, 1, info.outChannels] : filterShape,
    options: { ...window2d(info), inputLayout: layout2d(info), filterLayout: 'hwio', groups },
  };
}

function forward3d(info: backend_util.Conv3DInfo, filterShape: Shape5): Forward {
  return {
    method: 'conv3dBackward',
    inShape: info.inShape,
    outShape: info.outShape,
    filterShape,
    engineFilter: filterShape,
    options: { ...window3d(info), inputLayout: layout3d(info), filterLayout: 'dhwio' },
  };
}

function inputGradient(backend: SimdconvBackend, forward: Forward, dy: TensorInfo, filter: TensorInfo): TensorInfo | undefined {
  const { method, inShape, outShape, engineFilter, options } = forward;
  if (!sameShape(dy.shape, outShape)) return undefined;
  const by = backend.operand({ ...filter, shape: [...engineFilter] });
  const dx = backend.engine.tensor(inShape);
  backend.engine[method](backend.operand(dy), shaped(inShape), by, { ...options, skip: ['dFilter', 'dBias'], out: { dx } } as const);
  return backend.result(dx);
}

function filterGradient(backend: SimdconvBackend, forward: Forward, dy: TensorInfo, x: TensorInfo): TensorInfo | undefined {
  const { method, outShape, filterShape, engineFilter, options } = forward;
  if (!sameShape(dy.shape, outShape)) return undefined;
  const dFilter = backend.engine.tensor(engineFilter);
  const all = { ...options, skip: ['dx', 'dBias'], out: { dFilter } } as const;
  backend.engine[method](backend.operand(dy), backend.operand(x), shaped(engineFilter), all);
  return backend.result(dFilter, filterShape);
}

export function registerConvBackward(): void {
  kernel<Conv2DBackpropInputAttrs>(Conv2DBackpropInput, ({ inputs: { dy, filter }, attrs, backend }) => {
    const format = backend_util.convertConv2DDataFormat(attrs.dataFormat);
    const shape = filter.shape as Shape4;
    const info = backend_util.computeConv2DInfo(attrs.inputShape, shape, attrs.strides, 1, attrs.pad, attrs.dimRoundingMode, false, format);
    return inputGradient(backend, forward2d(info, shape, false), dy, filter);
  });
  kernel<Conv2DBackpropFilterAttrs>(Conv2DBackpropFilter, ({ inputs: { x, dy }, attrs, backend }) => {
    const format = backend_util.convertConv2DDataFormat(attrs.dataFormat);
    const { filterShape, strides, pad, dimRoundingMode } = attrs;
    const info = backend_util.computeConv2DInfo(x.shape as Shape4, filterShape, strides, 1, pad, dimRoundingMode, false, format);
    return filterGradient(backend, forward2d(info, filterShape, false), dy, x);
  });
  kernel<DepthwiseConv2dNativeBackpropInputAttrs>(DepthwiseConv2dNativeBackpropInput, ({ inputs: { dy, filter }, attrs, backend }) => {
    const shape = filter.shape as Shape4;
    const { inputShape, strides, dilations, pad, dimRoundingMode } = attrs;
    const info = backend_util.computeConv2DInfo(inputShape, shape, strides, dilations, pad, dimRoundingMode, true);
    return inputGradient(backend, forward2d(info, shape, true), dy, filter);
  });
  kernel<DepthwiseConv2dNativeBackpropFilterAttrs>(DepthwiseConv2dNativeBackpropFilter, ({ inputs: { x, dy }, attrs, backend }) => {
    const { filterShape, strides, dilations, pad, dimRoundingMode } = attrs;
    const info = backend_util.computeConv2DInfo(x.shape as Shape4, filterShape, strides, dilations, pad, dimRoundingMode, true);
    return filterGradient(backend, forward2d(info, filterShape, true), dy, x);
  });
  kernel<Conv3DBackpropInputV2Attrs>(Conv3DBackpropInputV2, ({ inputs: { dy, filter }, attrs, backend }) => {
    const shape = filter.shape as Shape5;
    const info = backend_util.computeConv3DInfo(attrs.inputShape, shape, attrs.strides, 1, attrs.pad);
    return inputGradient(backend, forward3d(info, shape), dy, filter);
  });
  kernel<Conv3DBackpropFilterV2Attrs>(Conv3DBackpropFilterV2, ({ inputs: { x, dy }, attrs, backend }) => {
    const info = backend_util.computeConv3DInfo(x.shape as Shape5, attrs.filterShape, attrs.strides, 1, attrs.pad);
    return filterGradient(backend, forward3d(info, attrs.filterShape), dy, x);
  });
}

export function registerConv3d(): void {
  kernel<Conv3DAttrs>(Conv3D, ({ inputs: { x, filter }, attrs, backend }) => {
    const info = backend_util.computeConv3DInfo(x.shape as Shape5, filter.shape as Shape5, attrs.strides, attrs.dilations, attrs.pad);
    const options = { ...window3d(info), inputLayout: layout3d(info), filterLayout: 'dhwio' } as const;
    return backend.result(backend.engine.conv3d(backend.operand(x), backend.operand(filter), options));
  });
}
