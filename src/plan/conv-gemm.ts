import { type Step, step } from '../backend.ts';
import type { Workspaces } from '../execute.ts';
import type { Conv2dSpec } from '../shape/conv.ts';
import type { ConvSteps } from './conv.ts';
import { convValues, evenBlock, filterBuffers, filterValues, inputStrides, roundUp } from './conv-values.ts';

/** Products of a sum between two visits to memory: a panel of either side then fits the first-level cache. */
const DEPTH_BLOCK = 256;
/** Pixels of a block: with the depth block, panels of about 100 KB. */
const PIXEL_BLOCK = 96;
/** `TILE_SCRATCH_BYTES` of gemm/tile.ts, in floats. */
const TILE_LENGTH = 64;

/** Convolution as a matrix product, after padding. */
export function planGemm(spec: Conv2dSpec): ConvSteps {
  const { window, batch, groups, groupInChannels, groupOutChannels } = spec;
  const nchw = spec.layout === 'nchw';
  const depth = window.kernelHeight * window.kernelWidth * groupInChannels;
  const pixels = window.outHeight * window.outWidth;
  const padded = planPad(spec);
  const pixelBlock = evenBlock(pixels, PIXEL_BLOCK, nchw ? 8 : 1);
  const depthBlock = evenBlock(depth, DEPTH_BLOCK, 1);
  const panelsLength = nchw ? Math.ceil(pixelBlock / 8) * (depthBlock * 8 + 16) : pixelBlock * (depthBlock + 16);
  return {
    pack: [step(nchw ? 'packFilterRows' : 'packFilterColumns', filterBuffers(spec), filterValues(spec), groups)],
    packedLength: nchw
      ? groups * groupOutChannels * (8 + depth)
      : groups * (roundUp(groupOutChannels, 8) + depth * roundUp(groupOutChannels, 4)),
    run: [
      ...padded.steps,
      step(
        nchw ? 'convGemmNchw' : 'convGemmNhwc',
        { input: padded.input, filter: 'packed', output: 'out' },
        { ...convValues(spec), ...padded.values, pixelBlock, depthBlock },
        batch * groups * Math.ceil(pixels / pixelBlock),
        TILE_LENGTH + 2 * pixelBlock + panelsLength + 16,
      ),
    ],
    workspaces: padded.workspaces,
    tile: { pixels: pixelBlock, depth: depthBlock },
  };
}

/** The input inside its border, where it has one. */
function planPad(spec: Conv2dSpec): {
  steps: Step[];
  workspaces: Workspaces;
  input: string;
  values: Partial<ReturnType<typeof convValues>>;
} {
  const { window, batch } = spec;
  if (!(window.top || window.bottom || window.left || window.right)) return { steps: [], workspaces: {}, input: 'x', values: {} };
  const nchw = spec.layout === 'nchw';
  const channels = spec.groups * spec.groupInChannels;
  const inHeight = (window.outHeight - 1) * window.strideHeight + window.dilationHeight * (window.kernelHeight - 1) + 1;
  const inWidth = (window.outWidth - 1) * window.strideWidth + window.dilationWidth * (window.kernelWidth - 1) + 1;
  const plane = inHeight * inWidth;
  // Planes a multiple of 4 KiB apart would share cache sets.
  const inPlaneStride = plane % 1024 === 0 ? plane + 16 : plane;
  const values = inputStrides(spec, inHeight, inWidth, inPlaneStride);
  const planes = nchw ? batch * channels : batch;
  const steps: Step[] = [
    step(
      'pad',
      { input: 'x', output: 'padded' },
      {
        planes,
        inDepth: 1,
        inHeight: window.inHeight,
        inRowLength: nchw ? window.inWidth : window.inWidth * channels,
        outDepth: 1,
        outHeight: inHeight,
        outRowLength: nchw ? inWidth : inWidth * channels,
        outPlaneStride: nchw ? inPlaneStride : values.inImageStride,
        front: 0,
        top: Math.min(window.top, inHeight),
        left: Math.min(window.left, inWidth) * (nchw ? 1 : channels),
      },
      planes,
    ),
  ];
  return {
    steps,
    workspaces: { padded: batch * values.inImageStride },
    input: 'padded',
    values,
  };
}
