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
import { type Fused, fusing } from './fused.ts';
import { window2d } from './geometry.ts';
import { type Call, kernel } from './kernel.ts';

type Shape4 = [number, number, number, number];
type Attrs = Readonly<(Conv2DAttrs | DepthwiseConv2dNativeAttrs) & Fused>;

function infoOf({ x, filter }: Call<Attrs>['inputs'], attrs: Attrs, depthwise: boolean): backend_util.Conv2DInfo {
  const { strides, pad, dimRoundingMode } = attrs;
  const dilations = attrs.dilations ?? [1, 1];
  util.assert(
    !depthwise || backend_util.eitherStridesOrDilationsAreOne(strides, dilations),
    () => `Error in depthwiseConv2d: Either strides or dilations must be 1. Got strides ${strides} and dilations '${dilations}'`,
  );
  // TensorFlow.js's own kernel takes no notice of a depthwise convolution's data format either.
  const format = depthwise ? 'channelsLast' : backend_util.convertConv2DDataFormat(attrs.dataFormat);
  const shapes = [x.shape as Shape4, filter.shape as Shape4] as const;
  return backend_util.computeConv2DInfo(...shapes, strides, dilations as [number, number], pad, dimRoundingMode, depthwise, format);
}

function convolve(call: Call<Attrs>, depthwise: boolean): TensorInfo | undefined {
  const { inputs, attrs, backend } = call;
  const { x, filter } = inputs;
  const [height, width, inChannels, multiplier] = filter.shape;
  const outChannels = depthwise ? inChannels * multiplier : multiplier;
  const inputLayout = !depthwise && attrs.dataFormat === 'NCHW' ? 'nchw' : 'nhwc';
  const fused = fusing(call, outChannels, inputLayout);
  if (fused === undefined) return undefined;
  const { bias, activation } = fused;
  const { conv, outShape } = backend.convolution(filter, bias, [x.shape, filter.shape, depthwise, attrs], () => {
    const info = infoOf(inputs, attrs, depthwise);
    const options = { ...window2d(info), groups: depthwise ? inChannels : 1, inputLayout, filterLayout: 'hwio', activation } as const;
    // A depthwise filter [height, width, channels, multiplier] lies in memory as one of a channel a group.
    const shape = [height, width, depthwise ? 1 : inChannels, outChannels];
    return { conv: backend.prepared(filter, shape, options, bias), outShape: info.outShape };
  });
  const result = conv.run(backend.operand(x));
  fused.finish(result);
  return backend.result(result, outShape);
}

export function registerConv(): void {
  kernel<Conv2DAttrs>(Conv2D, (call) => convolve(call, false));
  kernel<FusedConv2DAttrs>(FusedConv2D, (call) => convolve(call, false));
  kernel<DepthwiseConv2dNativeAttrs>(DepthwiseConv2dNative, (call) => convolve(call, true));
  kernel<FusedDepthwiseConv2DAttrs>(FusedDepthwiseConv2D, (call) => convolve(call, true));
}
