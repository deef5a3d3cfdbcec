import { type Step, step } from '../backend.ts';
import type { Workspaces } from '../execute.ts';
import type { Conv2dFilterSpec, Conv2dSpec } from '../shape/conv.ts';
import { FUSED } from './activation.ts';

/** What a convolution will do, and what it costs. */
export interface Conv2dPlan {
  readonly algorithm: 'gemm';
  /** Floating-point operations of the direct algorithm: two a product. */
  readonly flops: number;
  /** Output pixels and products of a block. */
  readonly tile: { readonly pixels: number; readonly depth: number };
  /** Kernel memory besides the operands while it runs, in bytes: scratch of one thread, and the padded input. */
  readonly scratchBytes: number;
  /** Packed filter and bias, in bytes. */
  readonly packedBytes: number;
}

/** Once a filter: packs it. */
export interface PackPlan {
  readonly steps: readonly Step[];
  readonly packedLength: number;
}

/** Once a call. */
export interface RunPlan {
  readonly steps: readonly Step[];
  readonly workspaces: Workspaces;
  readonly describe: Conv2dPlan;
}

const roundUp = (n: number, multiple: number) => Math.ceil(n / multiple) * multiple;

/** Products of a sum between two visits to memory: a panel of either side then fits the first-level cache. */
const DEPTH_BLOCK = 256;
/** Pixels of a block: with the depth block, panels of about 100 KB. */
const PIXEL_BLOCK = 96;
/** Bytes that `gemm/tile.ts` asks for. */
const TILE_LENGTH = 48;

/** `total` cut into equal parts of at most `most`. */
function evenBlock(total: number, most: number, multiple: number): number {
  return roundUp(Math.ceil(total / Math.ceil(total / most)), multiple);
}

export function planPack(spec: Conv2dFilterSpec): PackPlan {
  const { groups, groupInChannels, groupOutChannels, filterStrides } = spec;
  const rows = spec.layout === 'nchw';
  const depth = spec.kernel[0] * spec.kernel[1] * groupInChannels;
  const values = {
    groups,
    groupOutChannels,
    groupInChannels,
    kernelHeight: spec.kernel[0],
    kernelWidth: spec.kernel[1],
    outChannelStride: filterStrides.outChannel,
    inChannelStride: filterStrides.inChannel,
    heightStride: filterStrides.height,
    widthStride: filterStrides.width,
  };
  const buffers = { filter: 'filter', bias: spec.bias ? 'bias' : null, output: 'packed' };
  return {
    steps: [step(rows ? 'packFilterRows' : 'packFilterColumns', buffers, values, groups)],
    packedLength: groups * (roundUp(groupOutChannels, 8) + depth * (rows ? groupOutChannels : roundUp(groupOutChannels, 4))),
  };
}

export function planRun(spec: Conv2dSpec): RunPlan {
  const { window, batch, groups, groupInChannels, groupOutChannels, activation } = spec;
  const nchw = spec.layout === 'nchw';
  const channels = groups * groupInChannels;
  const steps: Step[] = [];
  const workspaces: Record<string, number> = {};

  let { inHeight, inWidth } = window;
  let inPlaneStride = inHeight * inWidth;
  let input = 'x';
  if (window.top || window.bottom || window.left || window.right) {
    inHeight = (window.outHeight - 1) * window.strideHeight + window.dilationHeight * (window.kernelHeight - 1) + 1;
    inWidth = (window.outWidth - 1) * window.strideWidth + window.dilationWidth * (window.kernelWidth - 1) + 1;
    // Planes a multiple of 4 KiB apart would share cache sets.
    inPlaneStride = inHeight * inWidth + ((inHeight * inWidth) % 1024 === 0 ? 16 : 0);
    input = 'padded';
    const planes = nchw ? batch * channels : batch;
    const outPlaneStride = nchw ? inPlaneStride : inHeight * inWidth * channels;
    workspaces.padded = planes * outPlaneStride;
    steps.push(
      step(
        'pad',
        { input: 'x', output: 'padded' },
        {
          planes,
          inHeight: window.inHeight,
          inRowLength: nchw ? window.inWidth : window.inWidth * channels,
          outHeight: inHeight,
          outRowLength: nchw ? inWidth : inWidth * channels,
          outPlaneStride,
          top: Math.min(window.top, inHeight),
          left: Math.min(window.left, inWidth) * (nchw ? 1 : channels),
        },
        planes,
      ),
    );
  }

  const pixels = window.outHeight * window.outWidth;
  const depth = window.kernelHeight * window.kernelWidth * groupInChannels;
  const pixelBlock = evenBlock(pixels, PIXEL_BLOCK, nchw ? 8 : 1);
  const depthBlock = evenBlock(depth, DEPTH_BLOCK, 1);
  const panels = Math.ceil(pixelBlock / (nchw ? 8 : 1));
  const scratchLength = TILE_LENGTH + 2 * pixelBlock + (nchw ? panels * (depthBlock * 8 + 16) : pixelBlock * (depthBlock + 16)) + 16;
  steps.push(
    step(
      nchw ? 'convGemmNchw' : 'convGemmNhwc',
      { input, filter: 'packed', output: 'out' },
      {
        batch,
        groups,
        groupInChannels,
        groupOutChannels,
        inHeight,
        inWidth,
        inPlaneStride,
        inImageStride: nchw ? channels * inPlaneStride : inHeight * inWidth * channels,
        outHeight: window.outHeight,
        outWidth: window.outWidth,
        kernelHeight: window.kernelHeight,
        kernelWidth: window.kernelWidth,
        strideHeight: window.strideHeight,
        strideWidth: window.strideWidth,
        dilationHeight: window.dilationHeight,
        dilationWidth: window.dilationWidth,
        divisor: spec.divisor,
        activation: FUSED[activation.kind],
        lower: activation.lower,
        upper: activation.upper,
        alpha: activation.alpha,
        pixelBlock,
        depthBlock,
      },
      batch * groups * Math.ceil(pixels / pixelBlock),
      scratchLength,
    ),
  );
  return {
    steps: batch === 0 ? [] : steps,
    workspaces,
    describe: {
      algorithm: 'gemm',
      flops: 2 * batch * groups * groupOutChannels * pixels * depth,
      tile: { pixels: pixelBlock, depth: depthBlock },
      scratchBytes: 4 * (scratchLength + (workspaces.padded ?? 0)),
      packedBytes: 4 * planPack(spec).packedLength,
    },
  };
}
