import { axesOf, convWindow } from '../../spec/axes.ts';
import type { Correlation, FilterStrides } from '../../spec/correlation.ts';
import { lengthOf } from '../../tensor/tensor.ts';
import { copy } from '../move.ts';
import type { Plan, Value } from '../plan.ts';
import { planConvOnce } from './conv.ts';
import { planGemm } from './gemm.ts';

const one = [1, 1, 1] as const;

/** Whether the transposition of a filter that covers its whole result, from a single pixel: each cell then has one tap. */
export function isCovering({ window, algorithm }: Correlation): boolean {
  const { input: target, kernel, dilations, begin, out: source } = axesOf(window);
  return (
    lengthOf(kernel) > 1 &&
    algorithm !== 'winograd' &&
    source.every((extent) => extent === 1) &&
    kernel.every((taps, axis) => begin[axis] === 0 && target[axis] === taps && (taps === 1 || dilations[axis] === 1))
  );
}

/**
 * It is a dense layer, images × channels by channels × results, whose weights are the filter in the order in which the results of
 * an image lie. As a convolution it would multiply as many zeros for every product as the filter has taps. The results of one
 * group have to lie side by side: channels last of several groups do not, and come out as planes first.
 */
export function planCovering(plan: Plan, spec: Correlation, x: Value, filter: Value, bias: Value | null, out: Value): void {
  const { window, batch, groups, groupInChannels, groupOutChannels: channels, layout, filterStrides } = spec;
  const { kernel } = axesOf(window);
  const [depth, height, width] = kernel;
  const taps = lengthOf(kernel);
  const planes = layout === 'nchw' || groups > 1;
  const transposes = planes && layout === 'nhwc';
  const results = channels * taps;
  const pixel = planes ? 1 : channels;
  const ordered: FilterStrides = {
    offset: 0,
    group: groupInChannels * results,
    inChannel: results,
    outChannel: planes ? taps : 1,
    depth: height * width * pixel,
    height: width * pixel,
    width: pixel,
  };
  const extents = { outChannel: channels, depth, height, width };
  const axes = ['outChannel', 'depth', 'height', 'width'] as const;
  const isOrdered = axes.every((axis) => extents[axis] === 1 || filterStrides[axis] === ordered[axis]);
  const dense = planGemm({
    ...spec,
    batch: 1,
    groupOutChannels: results,
    layout: 'nhwc',
    window: convWindow({
      input: [1, 1, batch],
      kernel: one,
      strides: one,
      dilations: one,
      padding: [0, 0, 0, 0, 0, 0],
      out: [1, 1, batch],
    }),
    filterStrides: { ...(isOrdered ? filterStrides : ordered), outChannel: 1 },
  });
  let weights = filter;
  if (!isOrdered) {
    weights = plan.temp(groups * ordered.group);
    copy(plan, {
      input: filter,
      output: weights,
      inOffset: filterStrides.offset,
      dimensions: [
        [groups, filterStrides.group, ordered.group],
        [groupInChannels, filterStrides.inChannel, ordered.inChannel],
        ...axes.map((axis) => [extents[axis], filterStrides[axis], ordered[axis]] as const),
      ],
    });
  }
  let biases = bias;
  if (bias !== null) {
    biases = plan.temp(groups * results);
    copy(plan, {
      input: bias,
      output: biases,
      dimensions: [
        [groups * channels, 1, planes ? taps : 1],
        [taps, 0, pixel],
      ],
    });
  }
  const to = transposes ? plan.temp(batch * groups * results) : out;
  planConvOnce(plan, dense, x, weights, biases, to);
  if (!transposes) return;
  copy(plan, {
    input: to,
    output: out,
    dimensions: [
      [batch, groups * results, groups * results],
      [groups * channels, taps, 1],
      [taps, 1, groups * channels],
    ],
  });
}
