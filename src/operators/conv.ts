import { chooseConvKernel, planConv2d } from '../plan/conv.ts';
import { type Conv2dOptions, conv2d as checkConv2d } from '../shape/conv.ts';
import type { Tensor } from '../tensor.ts';
import type { Operations } from './operation.ts';
import { one } from './operation.ts';

export interface ConvOperators {
  /**
   * Two-dimensional convolution (cross-correlation, as in every neural-network library).
   *
   * @param x [batch, channels, height, width], or [batch, height, width, channels] with `inputLayout: 'nhwc'`
   * @param filter [outChannels, channels / groups, height, width], or as `filterLayout` says
   * @returns [batch, outChannels, outHeight, outWidth] in the layout of the input, where
   *   out = floor((in + padding − dilation · (kernel − 1) − 1) / stride) + 1
   * @throws ShapeError, LayoutError, OptionError before anything is written
   */
  conv2d(x: Tensor, filter: Tensor, options?: Conv2dOptions): Tensor;
}

export const conv: Operations<ConvOperators> = {
  conv2d(x, filter, options) {
    const { spec, out } = checkConv2d(x, filter, options);
    const { pack, run, workspaces, packedLength } = planConv2d(spec, chooseConvKernel(spec, true));
    return {
      ...one(x, spec.outShape, out, [...pack, ...run], spec.bias ? { filter, bias: spec.bias } : { filter }),
      workspaces: { ...workspaces, packed: packedLength },
    };
  },
};
