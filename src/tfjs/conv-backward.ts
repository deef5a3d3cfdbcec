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
import { sameShape } from '../shape/check.ts';
import { type KernelTensor, lengthOf, newFloats, type Tensor } from '../tensor.ts';
import type { SimdconvBackend } from './backend.ts';
import { layout2d, layout3d, window2d, window3d } from './geometry.ts';
import { kernel } from './kernel.ts';

type Shape4 = [number, number, number, number];
type Shape5 = [number, number, number, number, number];

const BUT_DX = ['dFilter', 'dBias'] as const;
const BUT_D_FILTER = ['dx', 'dBias'] as const;

let zeros = newFloats(0);

/** An operand of which a gradient reads nothing but the shape. */
function shaped(shape: readonly number[]): Tensor {
  const length = lengthOf(shape);
  if (zeros.length < length) zeros = newFloats(length);
  return { shape, data: zeros.subarray(0, length) };
}

/** The gradient of a convolution in two dimensions: in its input from `dy` and `filter`, in its filter from `dy` and `x`. */
function gradient2d(
  backend: SimdconvBackend,
  info: backend_util.Conv2DInfo,
  dy: TensorInfo,
  { x, filter }: { x?: TensorInfo; filter?: TensorInfo },
  filterShape: readonly number[],
  depthwise: boolean,
): TensorInfo | undefined {
  if (!sameShape(dy.shape, info.outShape)) return undefined;
  const options = {
    ...window2d(info),
    inputLayout: layout2d(info),
    filterLayout: 'hwio',
    groups: depthwise ? info.inChannels : 1,
    skip: x === undefined ? BUT_DX : BUT_D_FILTER,
  } as const;
  // A depthwise filter [height, width, channels, multiplier] lies in memory as one of a channel a group.
  const shape = depthwise ? [filterShape[0], filterShape[1], 1, info.outChannels] : filterShape;
  const { dx, dFilter } = backend.engine.conv2dBackward(
    backend.operand(dy),
    x === undefined ? shaped(info.inShape) : backend.operand(x),
    filter === undefined ? shaped(shape) : backend.operand({ ...filter, shape: [...shape] }),
    x === undefined ? { ...options, out: { dx: backend.engine.tensor(info.inShape) } } : options,
  );
  return x === undefined ? backend.result(dx as KernelTensor) : backend.result(dFilter as KernelTensor, filterShape);
}

function gradient3d(
  backend: SimdconvBackend,
  info: backend_util.Conv3DInfo,
  dy: TensorInfo,
  { x, filter }: { x?: TensorInfo; filter?: TensorInfo },
  filterShape: readonly number[],
): TensorInfo | undefined {
  if (!sameShape(dy.shape, info.outShape)) return undefined;
  const options = {
    ...window3d(info),
    inputLayout: layout3d(info),
    filterLayout: 'dhwio',
    skip: x === undefined ? BUT_DX : BUT_D_FILTER,
  } as const;
  const { dx, dFilter } = backend.engine.conv3dBackward(
    backend.operand(dy),
    x === undefined ? shaped(info.inShape) : backend.operand(x),
    filter === undefined ? shaped(filterShape) : backend.operand(filter),
    x === undefined ? { ...options, out: { dx: backend.engine.tensor(info.inShape) } } : options,
  );
  return backend.result((x === undefined ? dx : dFilter) as KernelTensor);
}

export function registerConvBackward(): void {
  kernel<Conv2DBackpropInputAttrs>(Conv2DBackpropInput, ({ inputs: { dy, filter }, attrs, backend }) => {
    const format = backend_util.convertConv2DDataFormat(attrs.dataFormat);
    const shape = filter.shape as Shape4;
    const info = backend_util.computeConv2DInfo(attrs.inputShape, shape, attrs.strides, 1, attrs.pad, attrs.dimRoundingMode, false, format);
    return gradient2d(backend, info, dy, { filter }, shape, false);
  });
  kernel<Conv2DBackpropFilterAttrs>(Conv2DBackpropFilter, ({ inputs: { x, dy }, attrs, backend }) => {
    const format = backend_util.convertConv2DDataFormat(attrs.dataFormat);
    const shape = attrs.filterShape;
    const info = backend_util.computeConv2DInfo(
      x.shape as Shape4,
      shape,
      attrs.strides,
      1,
      attrs.pad,
      attrs.dimRoundingMode,
      false,
      format,
    );
    return gradient2d(backend, info, dy, { x }, shape, false);
  });
  kernel<DepthwiseConv2dNativeBackpropInputAttrs>(DepthwiseConv2dNativeBackpropInput, ({ inputs: { dy, filter }, attrs, backend }) => {
    const shape = filter.shape as Shape4;
    const { inputShape, strides, dilations, pad, dimRoundingMode } = attrs;
    const info = backend_util.computeConv2DInfo(inputShape, shape, strides, dilations, pad, dimRoundingMode, true);
    return gradient2d(backend, info, dy, { filter }, shape, true);
  });
  kernel<DepthwiseConv2dNativeBackpropFilterAttrs>(DepthwiseConv2dNativeBackpropFilter, ({ inputs: { x, dy }, attrs, backend }) => {
    const { filterShape, strides, dilations, pad, dimRoundingMode } = attrs;
    const info = backend_util.computeConv2DInfo(x.shape as Shape4, filterShape, strides, dilations, pad, dimRoundingMode, true);
    return gradient2d(backend, info, dy, { x }, filterShape, true);
  });
  kernel<Conv3DBackpropInputV2Attrs>(Conv3DBackpropInputV2, ({ inputs: { dy, filter }, attrs, backend }) => {
    const shape = filter.shape as Shape5;
    const info = backend_util.computeConv3DInfo(attrs.inputShape, shape, attrs.strides, 1, attrs.pad);
    return gradient3d(backend, info, dy, { filter }, shape);
  });
  kernel<Conv3DBackpropFilterV2Attrs>(Conv3DBackpropFilterV2, ({ inputs: { x, dy }, attrs, backend }) => {
    const info = backend_util.computeConv3DInfo(x.shape as Shape5, attrs.filterShape, attrs.strides, 1, attrs.pad);
    return gradient3d(backend, info, dy, { x }, attrs.filterShape);
  });
}

export function registerConv3d(): void {
  kernel<Conv3DAttrs>(Conv3D, ({ inputs: { x, filter }, attrs, backend }) => {
    const info = backend_util.computeConv3DInfo(x.shape as Shape5, filter.shape as Shape5, attrs.strides, attrs.dilations, attrs.pad);
    const options = { ...window3d(info), inputLayout: layout3d(info), filterLayout: 'dhwio' } as const;
    return backend.result(backend.engine.conv3d(backend.operand(x), backend.operand(filter), options) as KernelTensor);
  });
}
