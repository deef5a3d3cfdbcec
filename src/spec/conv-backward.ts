import type { Tensor } from '../tensor/tensor.ts';
import type { Rank } from './axes.ts';
import { known } from './check.ts';
import {
  type AnyConvOptions,
  CONV_GEOMETRY_OPTIONS,
  type Conv1dGeometryOptions,
  type Conv2dGeometryOptions,
  type Conv3dGeometryOptions,
  type ConvSpec,
  convFilter,
  convInput,
} from './conv.ts';
import { checkGradient, type GradientOptions, type Wanted, wantedGradients } from './gradients.ts';

/** By what a convolution is differentiated: its input, its filter, its bias. */
export type ConvGradient = 'dx' | 'dFilter' | 'dBias';

/** Those of the forward call that say how windows lie; an activation has a gradient of its own. */
export interface Conv2dBackwardOptions extends Conv2dGeometryOptions, GradientOptions<ConvGradient> {}

/** The same in one dimension. */
export interface Conv1dBackwardOptions extends Conv1dGeometryOptions, GradientOptions<ConvGradient> {}

/** The same in three dimensions. */
export interface Conv3dBackwardOptions extends Conv3dGeometryOptions, GradientOptions<ConvGradient> {}

export type AnyConvBackwardOptions = AnyConvOptions & GradientOptions<ConvGradient>;

/** The convolution whose gradients are wanted, checked, and where they go. */
export function convBackward(
  dy: Tensor,
  x: Tensor,
  filter: Tensor,
  given: AnyConvBackwardOptions | undefined,
  rank: Rank,
): { spec: ConvSpec; wanted: Wanted<ConvGradient> } {
  const options = known('options', given, [...CONV_GEOMETRY_OPTIONS[rank], 'skip', 'out']);
  const spec = convInput(x, convFilter(filter, options, rank));
  checkGradient(dy, spec.outShape);
  const shapes = { dx: [...x.shape], dFilter: [...filter.shape], dBias: [spec.groups * spec.groupOutChannels] };
  return { spec, wanted: wantedGradients(options, shapes, { dy, x, filter }) };
}
