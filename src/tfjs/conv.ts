import {
  backend_util,
  Conv2D,
  type Conv2DAttrs,
  DepthwiseConv2dNative,
  type DepthwiseConv2dNativeAttrs,
  FusedConv2D,
  type FusedConv2DAttrs,
  FusedDepthwiseConv2D,
  type FusedDepthwiseConv2DAttrs,
  type TensorInfo,
  util,
} from '@tensorflow/tfjs-core';
import type { KernelTensor } from '../tensor.ts';
import { type Fused, fusing } from './fused.ts';
import { layout2d, window2d } from './geometry.ts';
import { type Call, kernel } from './kernel.ts';

/** A convolution with its filter packed. */
function convolve(call: Call<Fused>, info: backend_util.Conv2DInfo, groups: number): TensorInfo | undefined {
  const { inputs, backend } = call;
  const { x, filter } = inputs;
  const inputLayout = layout2d(info);
  const fused = fusing(call, info.outChannels, inputLayout);
  if (fused === undefined) return undefined;
  const { bias, activation } = fused;
  const options = { ...window2d(info), groups, inputLayout, filterLayout: 'hwio', activation } as const;
  const [height, width, inChannels] = filter.shape;
  // A depthwise filter [height, width, channels, multiplier] lies in memory as one of a channel a group.
  const shape = [height, width, groups === 1 ? inChannels : 1, info.outChannels];
  const result = backend.prepared(filter, shape, options, bias).run(backend.operand(x)) as KernelTensor;
  fused.finish(result);
  return backend.result(result, info.outShape);
}

function conv2d(call: Call<Conv2DAttrs & Fused>): TensorInfo | undefined {
  const { inputs, attrs } = call;
  const info = backend_util.computeConv2DInfo(
    inputs.x.shape as [number, number, number, number],
    inputs.filter.shape as [number, number, number, number],
    attrs.strides,
    attrs.dilations,
    attrs.pad,
    attrs.dimRoundingMode,
    false,
    backend_util.convertConv2DDataFormat(attrs.dataFormat),
  );
  return convolve(call, info, 1);
}

function depthwise(call: Call<DepthwiseConv2dNativeAttrs & Fused>): TensorInfo | undefined {
  const { inputs, attrs } = call;
  const dilations = attrs.dilations ?? [1, 1];
  util.assert(
    backend_util.eitherStridesOrDilationsAreOne(attrs.strides, dilations),
    () => `Error in depthwiseConv2d: Either strides or dilations must be 1. Got strides ${attrs.strides} and dilations '${dilations}'`,
  );
  const info = backend_util.computeConv2DInfo(
    inputs.x.shape as [number, number, number, number],
    inputs.filter.shape as [number, number, number, number],
    attrs.strides,
    dilations as [number, number],
    attrs.pad,
    attrs.dimRoundingMode,
    true,
  );
  return convolve(call, info, info.inChannels);
}

export function registerConv(): void {
  kernel<Conv2DAttrs>(Conv2D, conv2d);
  kernel<FusedConv2DAttrs>(FusedConv2D, conv2d);
  kernel<DepthwiseConv2dNativeAttrs>(DepthwiseConv2dNative, depthwise);
  kernel<FusedDepthwiseConv2DAttrs>(FusedDepthwiseConv2D, depthwise);
}
