import { type Step, step } from '../backend.ts';
import type { Workspaces } from '../execute.ts';
import type { Correlation } from '../shape/conv.ts';
import { evenBlock, roundUp } from './blocks.ts';
import type { ConvSteps } from './conv.ts';
import { convValues, filterBuffers, filterValues, inputStrides } from './conv-values.ts';
import { copy } from './move.ts';

/** Products of a sum between two visits to memory: a panel of either side then fits the first-level cache. */
const DEPTH_BLOCK = 256;
/** Pixels of a block: with the depth block, panels of about 100 KB. */
const PIXEL_BLOCK = 96;
/** `TILE_SCRATCH_BYTES` of gemm/tile.ts, in floats. */
const TILE_LENGTH = 64;

/** How a product is cut, and the scratch that it takes: `planes` where the columns are read by strides, four at a time. */
export function productBlocks(pixels: number, depth: number, planes: boolean) {
  const pixelBlock = evenBlock(pixels, PIXEL_BLOCK, planes ? 8 : 1);
  const depthBlock = evenBlock(depth, DEPTH_BLOCK, 1);
  const panelsLength = planes ? Math.ceil(pixelBlock / 8) * (depthBlock * 8 + 16) : pixelBlock * (depthBlock + 16);
  return { pixelBlock, depthBlock, scratchLength: TILE_LENGTH + 2 * pixelBlock + panelsLength + 16 };
}

/** Pixels of an image up to which planes of a batch are worth being put in order afterwards. */
const FEW_PIXELS = 32;

/**
 * Convolution as a matrix product, after padding. Images of few pixels would each be a block whose tiles are mostly empty: a batch
 * of them is taken for one image, of which each is a slice. Over channels the result lies where it should; planes come out as
 * [channel][image][pixel].
 */
export function planGemm(spec: Correlation): ConvSteps {
  const { window, groups, groupInChannels, groupOutChannels } = spec;
  const nchw = spec.layout === 'nchw';
  const depth = window.kernelDepth * window.kernelHeight * window.kernelWidth * groupInChannels;
  const imagePixels = window.outDepth * window.outHeight * window.outWidth;
  const isOne = spec.batch > 1 && window.outDepth === 1 && imagePixels <= (nchw ? FEW_PIXELS : PIXEL_BLOCK);
  const padded = planPad(spec);
  const values = { ...convValues(spec), ...padded.values };
  const slices = isOne ? { batch: 1, outDepth: spec.batch, windowDepthStride: values.inImageStride } : { batch: spec.batch };
  const pixels = isOne ? spec.batch * imagePixels : imagePixels;
  const { pixelBlock, depthBlock, scratchLength } = productBlocks(pixels, depth, nchw);
  const channels = groups * groupOutChannels;
  const reorders = isOne && nchw;
  const reorder = copy({
    input: 'byChannel',
    output: 'out',
    dimensions: [
      [spec.batch, imagePixels, channels * imagePixels],
      [channels, pixels, imagePixels],
      [imagePixels, 1, 1],
    ],
  });
  return {
    pack: [step(nchw ? 'packFilterRows' : 'packFilterColumns', filterBuffers(spec), filterValues(spec), groups)],
    packedLength: nchw
      ? groups * groupOutChannels * (8 + depth)
      : groups * (roundUp(groupOutChannels, 8) + depth * roundUp(groupOutChannels, 4)),
    run: [
      ...padded.steps,
      step(
        nchw ? 'convGemmNchw' : 'convGemmNhwc',
        { input: padded.input, filter: 'packed', output: reorders ? 'byChannel' : 'out' },
        { ...values, ...slices, pixelBlock, depthBlock },
        slices.batch * groups * Math.ceil(pixels / pixelBlock),
        scratchLength,
      ),
      ...(reorders ? [reorder] : []),
    ],
    workspaces: { ...padded.workspaces, ...(reorders && { byChannel: spec.batch * channels * imagePixels }) },
    tile: { pixels: pixelBlock, depth: depthBlock },
  };
}

interface Padded {
  readonly steps: readonly Step[];
  readonly workspaces: Workspaces;
  readonly input: string;
  readonly values: ReturnType<typeof inputStrides>;
}

/** The input inside its border, where it has one, and how it then lies. */
export function planPad(spec: Pick<Correlation, 'batch' | 'window' | 'layout' | 'groups' | 'groupInChannels'>): Padded {
  const { window: w, batch } = spec;
  if (!(w.front || w.back || w.top || w.bottom || w.left || w.right)) {
    return { steps: [], workspaces: {}, input: 'x', values: inputStrides(spec, w.inDepth, w.inHeight, w.inWidth) };
  }
  const nchw = spec.layout === 'nchw';
  const channels = spec.groups * spec.groupInChannels;
  const inDepth = (w.outDepth - 1) * w.strideDepth + w.dilationDepth * (w.kernelDepth - 1) + 1;
  const inHeight = (w.outHeight - 1) * w.strideHeight + w.dilationHeight * (w.kernelHeight - 1) + 1;
  const inWidth = (w.outWidth - 1) * w.strideWidth + w.dilationWidth * (w.kernelWidth - 1) + 1;
  const plane = inDepth * inHeight * inWidth;
  // Planes a multiple of 4 KiB apart would share cache sets.
  const values = inputStrides(spec, inDepth, inHeight, inWidth, plane % 1024 === 0 ? plane + 16 : plane);
  const planes = nchw ? batch * channels : batch;
  const steps = [
    step(
      'pad',
      { input: 'x', output: 'padded' },
      {
        planes,
        inDepth: w.inDepth,
        inHeight: w.inHeight,
        inRowLength: nchw ? w.inWidth : w.inWidth * channels,
        outDepth: inDepth,
        outHeight: inHeight,
        outRowLength: nchw ? inWidth : inWidth * channels,
        outPlaneStride: nchw ? values.inPlaneStride : values.inImageStride,
        front: Math.min(w.front, inDepth),
        top: Math.min(w.top, inHeight),
        left: Math.min(w.left, inWidth) * (nchw ? 1 : channels),
      },
      planes,
    ),
  ];
  return { steps, workspaces: { padded: batch * values.inImageStride }, input: 'padded', values };
}
