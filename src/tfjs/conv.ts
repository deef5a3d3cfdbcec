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
import type { FusedActivation } from '../shape/activation.ts';
import type { KernelTensor } from '../tensor.ts';
import { layout2d, window2d } from './geometry.ts';
import { type Call, kernel } from './kernel.ts';

interface Fused {
  readonly activation?: string;
  readonly leakyreluAlpha?: number;
}

/** An activation that convolution applies itself; undefined for any other. */
function fusedActivation({ activation = 'linear', leakyreluAlpha }: Fused): FusedActivation | 'linear' | undefined {
  if (activation === 'linear' || activation === 'relu' || activation === 'relu6') return activation;
  return activation === 'leakyrelu' ? { type: 'leakyRelu', alpha: leakyreluAlpha } : undefined;
}

/** A convolution with its filter packed; with a bias a channel or none, and an activation of the fused ones. */
function convolve({ inputs, attrs, backend }: Call<Fused>, info: backend_util.Conv2DInfo, groups: number): TensorInfo | undefined {
  const { x, filter, bias } = inputs;
  const activation = fusedActivation(attrs);
  if (activation === undefined || (bias != null && (bias.shape.length !== 1 || bias.shape[0] !== info.outChannels))) return undefined;
  const options = {
    ...window2d(info),
    groups,
    inputLayout: layout2d(info),
    filterLayout: 'hwio',
    ...(activation !== 'linear' && { activation }),
  } as const;
  const [height, width, inChannels] = filter.shape;
  const { data } = backend.operand(filter);
  // A depthwise filter [height, width, channels, multiplier] lies in memory as one of a channel a group.
  const shape = [height, width, groups === 1 ? inChannels : 1, info.outChannels];
  const key = JSON.stringify([options, shape, bias == null ? 0 : backend.identity(bias)]);
  const conv = backend.prepared(filter, key, () =>
    backend.engine.prepareConv2d({ shape, data }, bias == null ? options : { ...options, bias: backend.operand(bias) }),
  );
  return backend.result(conv.run(backend.operand(x)) as KernelTensor, info.outShape);
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
