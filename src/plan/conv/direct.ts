import { DIRECT_HEADER_BYTES } from '../../kernels/tiles.ts';
import type { Correlation } from '../../spec/correlation.ts';
import { evenBlock, roundUp } from '../blocks.ts';
import type { ConvAlgorithmPlan } from './algorithm.ts';
import { convValues, filterValues } from './values.ts';

/** Floats of input rows that a task copies: half of a first-level cache of 32 KB. */
const STRIP_LENGTH = 4096;

/** Direct convolution: no more than a strip of padded input besides the operands. */
export function planDirect(spec: Correlation): ConvAlgorithmPlan {
  const { window, groups, groupInChannels, groupOutChannels } = spec;
  const nchw = spec.layout === 'nchw';
  const channels = groups * groupOutChannels;
  const taps = window.kernelHeight * window.kernelWidth * groupInChannels;
  const columns = (window.outWidth - 1) * window.strideWidth + window.dilationWidth * (window.kernelWidth - 1) + 1;
  const rowLength = nchw ? roundUp(columns, window.strideWidth === 2 ? 8 : window.strideWidth) : columns * channels;
  const reach = window.dilationHeight * (window.kernelHeight - 1) + 1;
  const mostRows = Math.floor((STRIP_LENGTH / (groupInChannels * rowLength) - reach) / window.strideHeight) + 1;
  // Rows in pairs, and at least twice as many as the strip of the next block repeats.
  const pixelBlock = Math.min(window.outHeight, evenBlock(window.outHeight, Math.max(mostRows, 2 * reach, 2), 2));
  const stripRows = (pixelBlock - 1) * window.strideHeight + reach;
  return {
    packedLength: nchw ? channels * (1 + taps) : roundUp(channels, 4) * (1 + taps),
    tile: { rows: pixelBlock },
    pack(plan, filter, bias, packed) {
      plan.step(nchw ? 'packFilterPlanes' : 'packFilterLanes', { filter, bias, output: packed }, filterValues(spec));
    },
    run(plan, x, packed, out) {
      plan.step(
        nchw ? 'convDirectNchw' : 'convDirectNhwc',
        { input: x, filter: packed, output: out },
        { ...convValues(spec), pixelBlock, depthBlock: taps },
        { scratchBytes: DIRECT_HEADER_BYTES + 4 * (taps + groupInChannels * stripRows * rowLength + 80) },
      );
    },
  };
}
