import { COLUMNS, TILE_SCRATCH_BYTES } from '../../kernels/tiles.ts';
import type { ConvWindow } from '../../spec/axes.ts';
import type { Triple } from '../../spec/check.ts';
import type { Correlation } from '../../spec/correlation.ts';
import { evenBlock, roundUp } from '../blocks.ts';
import { copy } from '../move.ts';
import type { Plan, Value } from '../plan.ts';
import type { ConvAlgorithmPlan } from './algorithm.ts';
import { convValues, filterValues, inputStrides } from './values.ts';

/** Products of a sum between two visits to memory: a panel of either side then fits the first-level cache. */
const DEPTH_BLOCK = 256;
/** Pixels of a block: with the depth block, panels of about 100 KB. */
const PIXEL_BLOCK = 96;

/** How a product is cut, and the scratch that it takes: `planes` where the columns are read by strides, four at a time. */
export function productBlocks(pixels: number, depth: number, planes: boolean) {
  const pixelBlock = evenBlock(pixels, PIXEL_BLOCK, planes ? COLUMNS : 1);
  const depthBlock = evenBlock(depth, DEPTH_BLOCK, 1);
  const panelsLength = planes ? Math.ceil(pixelBlock / COLUMNS) * (depthBlock * COLUMNS + 16) : pixelBlock * (depthBlock + 16);
  return { pixelBlock, depthBlock, scratchBytes: TILE_SCRATCH_BYTES + 4 * (2 * pixelBlock + panelsLength + 16) };
}

/** Pixels of an image up to which planes of a batch are worth being put in order afterwards. */
const FEW_PIXELS = 32;

/**
 * Convolution as a matrix product, after padding. Images of few pixels would each be a block whose tiles are mostly empty: a batch
 * of them is taken for one image, of which each is a slice. Over channels the result lies where it should; planes come out as
 * [channel][image][pixel].
 */
export function planGemm(spec: Correlation): ConvAlgorithmPlan {
  const { window, groups, groupInChannels, groupOutChannels } = spec;
  const nchw = spec.layout === 'nchw';
  const depth = window.kernelDepth * window.kernelHeight * window.kernelWidth * groupInChannels;
  const imagePixels = window.outDepth * window.outHeight * window.outWidth;
  const isOne = spec.batch > 1 && window.outDepth === 1 && imagePixels <= (nchw ? FEW_PIXELS : PIXEL_BLOCK);
  const values = { ...convValues(spec), ...paddedStrides(spec) };
  const slices = isOne ? { batch: 1, outDepth: spec.batch, windowDepthStride: values.inImageStride } : { batch: spec.batch };
  const pixels = isOne ? spec.batch * imagePixels : imagePixels;
  const { pixelBlock, depthBlock, scratchBytes } = productBlocks(pixels, depth, nchw);
  const channels = groups * groupOutChannels;
  const reorders = isOne && nchw;
  return {
    packedLength: nchw
      ? groups * groupOutChannels * (COLUMNS + depth)
      : groups * (roundUp(groupOutChannels, COLUMNS) + depth * roundUp(groupOutChannels, 4)),
    tile: { pixels: pixelBlock, depth: depthBlock },
    pack(plan, filter, bias, packed) {
      plan.step(nchw ? 'packFilterRows' : 'packFilterColumns', { filter, bias, output: packed }, filterValues(spec));
    },
    run(plan, x, packed, out) {
      const output = reorders ? plan.temp(spec.batch * channels * imagePixels) : out;
      plan.step(
        nchw ? 'convGemmNchw' : 'convGemmNhwc',
        { input: planPad(plan, spec, x), filter: packed, output },
        { ...values, ...slices, pixelBlock, depthBlock },
        { scratchBytes },
      );
      if (!reorders) return;
      copy(plan, {
        input: output,
        output: out,
        dimensions: [
          [spec.batch, imagePixels, channels * imagePixels],
          [channels, pixels, imagePixels],
          [imagePixels, 1, 1],
        ],
      });
    },
  };
}

type Padding = Pick<Correlation, 'batch' | 'window' | 'layout' | 'groups' | 'groupInChannels'>;

const isPadded = ({ front, back, top, bottom, left, right }: ConvWindow) => front || back || top || bottom || left || right;

/** Extents of an input inside its border: what windows reach, which may be less than the border has. */
function paddedExtents({ window: w }: Padding): Triple {
  if (!isPadded(w)) return [w.inDepth, w.inHeight, w.inWidth];
  return [
    (w.outDepth - 1) * w.strideDepth + w.dilationDepth * (w.kernelDepth - 1) + 1,
    (w.outHeight - 1) * w.strideHeight + w.dilationHeight * (w.kernelHeight - 1) + 1,
    (w.outWidth - 1) * w.strideWidth + w.dilationWidth * (w.kernelWidth - 1) + 1,
  ];
}

/** How the input that `planPad` gives lies. */
export function paddedStrides(spec: Padding) {
  const [inDepth, inHeight, inWidth] = paddedExtents(spec);
  const plane = inDepth * inHeight * inWidth;
  // Planes a multiple of 4 KiB apart would share cache sets.
  const apart = isPadded(spec.window) && plane % 1024 === 0 ? plane + 16 : plane;
  return inputStrides(spec, inDepth, inHeight, inWidth, apart);
}

/** The input inside its border, where it has one. */
export function planPad(plan: Plan, spec: Padding, x: Value): Value {
  const { window: w, batch } = spec;
  if (!isPadded(w)) return x;
  const nchw = spec.layout === 'nchw';
  const channels = spec.groups * spec.groupInChannels;
  const [inDepth, inHeight, inWidth] = paddedExtents(spec);
  const strides = paddedStrides(spec);
  const planes = nchw ? batch * channels : batch;
  const output = plan.temp(batch * strides.inImageStride);
  plan.step(
    'pad',
    { input: x, output },
    {
      planes,
      inDepth: w.inDepth,
      inHeight: w.inHeight,
      inRowLength: nchw ? w.inWidth : w.inWidth * channels,
      outDepth: inDepth,
      outHeight: inHeight,
      outRowLength: nchw ? inWidth : inWidth * channels,
      outPlaneStride: nchw ? strides.inPlaneStride : strides.inImageStride,
      front: Math.min(w.front, inDepth),
      top: Math.min(w.top, inHeight),
      left: Math.min(w.left, inWidth) * (nchw ? 1 : channels),
    },
  );
  return output;
}
