import type { Step } from '../backend.ts';
import { axesOf } from '../shape/axes.ts';
import type { Correlation } from '../shape/conv.ts';
import { lengthOf } from '../tensor.ts';
import type { ConvSteps } from './conv.ts';
import { planGemm } from './conv-gemm.ts';
import { copy, rename } from './move.ts';

/**
 * Whether an image of planes comes to a single pixel. As planes it would be one lane of eight that are multiplied; as the channels
 * of a pixel, which lie in memory as the planes do, it fills them. A dense layer of 16 planes of 5 × 5 takes half the time.
 */
export function isPixel({ layout, window }: Correlation): boolean {
  return layout === 'nchw' && lengthOf(axesOf(window).out) === 1;
}

/** The product over channels, of an input in planes: the same bits. Whatever has more than one pixel is turned before and after. */
export function planTurned(spec: Correlation): ConvSteps {
  const { batch, groups, groupInChannels, groupOutChannels, window } = spec;
  const { input, out } = axesOf(window);
  const [before, after] = [lengthOf(input), lengthOf(out)];
  const inChannels = groups * groupInChannels;
  const outChannels = groups * groupOutChannels;
  const steps = planGemm({ ...spec, layout: 'nhwc' });
  const turn = (from: string, to: string, outer: number, inner: number): Step =>
    copy({
      input: from,
      output: to,
      dimensions: [
        [batch, outer * inner, outer * inner],
        [inner, 1, outer],
        [outer, inner, 1],
      ],
    });
  return {
    ...steps,
    run: [
      ...(before === 1 ? [] : [turn('x', 'turnedIn', inChannels, before)]),
      ...rename(steps.run, { ...(before > 1 && { x: 'turnedIn' }), ...(after > 1 && { out: 'turnedOut' }) }),
      ...(after === 1 ? [] : [turn('turnedOut', 'out', after, outChannels)]),
    ],
    workspaces: {
      ...steps.workspaces,
      ...(before > 1 && { turnedIn: batch * inChannels * before }),
      ...(after > 1 && { turnedOut: batch * outChannels * after }),
    },
  };
}
