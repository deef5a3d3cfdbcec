import { axesOf } from '../../spec/axes.ts';
import type { Correlation } from '../../spec/correlation.ts';
import { lengthOf } from '../../tensor/tensor.ts';
import { copy } from '../move.ts';
import type { Plan, Value } from '../plan.ts';
import type { ConvAlgorithmPlan } from './algorithm.ts';
import { planGemm } from './gemm.ts';

/**
 * Whether an image of planes comes to a single pixel. As planes it would be one lane of eight that are multiplied; as the channels
 * of a pixel, which lie in memory as the planes do, it fills them. A dense layer of 16 planes of 5 × 5 takes half the time.
 */
export function isPixel({ layout, window }: Correlation): boolean {
  return layout === 'nchw' && lengthOf(axesOf(window).out) === 1;
}

/** The product over channels, of an input in planes: the same bits. Whatever has more than one pixel is transposed before and after. */
export function planTurned(spec: Correlation): ConvAlgorithmPlan {
  const { batch, groups, groupInChannels, groupOutChannels, window } = spec;
  const { input, out } = axesOf(window);
  const [before, after] = [lengthOf(input), lengthOf(out)];
  const inChannels = groups * groupInChannels;
  const outChannels = groups * groupOutChannels;
  const product = planGemm({ ...spec, layout: 'nhwc' });
  const transpose = (plan: Plan, from: Value, to: Value, outer: number, inner: number) =>
    copy(plan, {
      input: from,
      output: to,
      dimensions: [
        [batch, outer * inner, outer * inner],
        [inner, 1, outer],
        [outer, inner, 1],
      ],
    });
  return {
    ...product,
    run(plan, x, packed, out) {
      const from = before === 1 ? x : plan.temp(batch * inChannels * before);
      const to = after === 1 ? out : plan.temp(batch * outChannels * after);
      if (before > 1) transpose(plan, x, from, inChannels, before);
      product.run(plan, from, packed, to);
      if (after > 1) transpose(plan, to, out, after, outChannels);
    },
  };
}
