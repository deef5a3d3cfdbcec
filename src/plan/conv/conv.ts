import { axesOf, type ConvWindow } from '../../spec/axes.ts';
import { type ConvFilterSpec, type Correlation, suitsWinograd } from '../../spec/correlation.ts';
import { borderedLength, planBorder, withBorder } from '../border.ts';
import type { Plan, Value } from '../plan.ts';
import type { ConvAlgorithmPlan } from './algorithm.ts';
import { gemmCost, winogradCost } from './cost.ts';
import { planDirect } from './direct.ts';
import { planGemm } from './gemm.ts';
import { isPixel, planTurned } from './pixel.ts';
import { LEAST_CHANNELS, planWinograd, type TileSize } from './winograd.ts';

/** `'gemm-turned'` is the matrix product over channels, of planes. */
export type ConvKernel = 'direct' | 'gemm' | 'gemm-turned' | 'winograd-2' | 'winograd-4' | 'winograd-6';

const ALGORITHMS = {
  direct: 'direct',
  gemm: 'gemm',
  'gemm-turned': 'gemm',
  'winograd-2': 'winograd',
  'winograd-4': 'winograd',
  'winograd-6': 'winograd',
} as const satisfies Record<ConvKernel, string>;

/** What a convolution does, and what it costs. */
export interface Conv2dPlan {
  /** What `'auto'` has chosen, or what was asked for. */
  readonly algorithm: 'direct' | 'gemm' | 'winograd';
  /** Floating-point operations of the direct algorithm: two a product. */
  readonly flops: number;
  /** What one task is cut into, in the algorithm's own units. */
  readonly tile: Readonly<Record<string, number>>;
  /** Kernel memory that a run takes besides its operands, in bytes, on one thread. */
  readonly scratchBytes: number;
  /** Packed filter and bias, in bytes. */
  readonly packedBytes: number;
}

/** A convolution by the algorithm that was chosen, and what there is to know about it. */
export interface PlannedConv extends ConvAlgorithmPlan {
  readonly algorithm: Conv2dPlan['algorithm'];
  readonly flops: number;
}

/** Where F(6×6) is allowed it errs about four times as much as F(4×4) (docs/numerics.md): it has to be this much faster. */
const WORTH_ITS_ERROR = 1.1;

/** Products of one pixel of a group up to which Winograd's transforms cost more than they save. */
const NARROW = 64;

function product(spec: Correlation): ConvKernel {
  return isPixel(spec) ? 'gemm-turned' : 'gemm';
}

/**
 * The same sums by a direct kernel or by the matrix product: the same bits, so the layout may decide. In planes a direct
 * kernel is the faster one for every narrow group, and for few results, since the product's panels of pixels serve each of them
 * once (docs/performance.md); over channels it copies each input channel once for every output channel
 * that sees it, which is worth it for depthwise and nearly depthwise groups only.
 */
function sums(spec: Correlation): ConvKernel {
  const { layout, groups, groupInChannels, groupOutChannels, window } = spec;
  const products = groupInChannels * groupOutChannels;
  if (layout === 'nchw') {
    const few = groupOutChannels === 1 || (groupOutChannels <= 6 && groupInChannels <= 64);
    return products <= NARROW || (few && window.outWidth >= 4) ? 'direct' : product(spec);
  }
  return (groupInChannels === 1 && groupOutChannels <= 8) || (groups > 1 && products <= 16) ? 'direct' : 'gemm';
}

/** Nothing but the matrix product knows of a depth. */
function isPlane({ inDepth, kernelDepth, outDepth, front }: ConvWindow): boolean {
  return inDepth === 1 && kernelDepth === 1 && outDepth === 1 && front === 0;
}

/** Does the input's size decide between algorithms of other bits? */
export function choosesByInput({ algorithm, kernel, strides, dilations, groupInChannels, groupOutChannels }: ConvFilterSpec): boolean {
  if (algorithm === 'gemm' || algorithm === 'direct' || !suitsWinograd(kernel, strides, dilations)) return false;
  return algorithm === 'winograd' || groupInChannels * groupOutChannels > NARROW;
}

/**
 * The one place that chooses. For a convolution that runs `once` the time to pack its filter counts too. Where the algorithm is
 * given, its bits are too: then the tiles of Winograd are the same, run once or often.
 */
export function chooseConvKernel(spec: Correlation, once = spec.algorithm === 'auto-once'): ConvKernel {
  const { algorithm, groupInChannels, groupOutChannels } = spec;
  const { kernel, strides, dilations } = axesOf(spec.window);
  if (!isPlane(spec.window) || algorithm === 'gemm') return product(spec);
  if (algorithm === 'direct') return algorithm;
  const isFree = algorithm === 'auto' || algorithm === 'auto-once';
  if (isFree) {
    const isNarrow = groupInChannels * groupOutChannels <= NARROW;
    if (isNarrow || !suitsWinograd(kernel, strides, dilations)) return sums(spec);
  }
  const paid = once && isFree;
  const tileCost = (size: TileSize) => (groupInChannels < LEAST_CHANNELS[size] ? Number.POSITIVE_INFINITY : winogradCost(spec, size, paid));
  const costs: readonly (readonly [ConvKernel, number])[] = [
    ['winograd-4', tileCost(4)],
    ['winograd-2', tileCost(2)],
    ['winograd-6', tileCost(6) * WORTH_ITS_ERROR],
    [product(spec), isFree ? gemmCost(spec, paid) : Number.POSITIVE_INFINITY],
  ];
  return costs.reduce((least, other) => (other[1] < least[1] ? other : least))[0];
}

function planAlgorithm(spec: Correlation, kernel: ConvKernel): ConvAlgorithmPlan {
  switch (kernel) {
    case 'direct':
      return planDirect(spec);
    case 'gemm':
      return planGemm(spec);
    case 'gemm-turned':
      return planTurned(spec);
    case 'winograd-2':
      return planWinograd(spec, 2);
    case 'winograd-4':
      return planWinograd(spec, 4);
    case 'winograd-6':
      return planWinograd(spec, 6);
  }
}

export function planConv2d(spec: Correlation, kernel: ConvKernel): PlannedConv {
  const { spec: bare, border } = withBorder(spec);
  const planned = planAlgorithm(bare, kernel);
  const { window, batch, groups, groupInChannels, groupOutChannels } = spec;
  const pixels = window.outDepth * window.outHeight * window.outWidth;
  const depth = window.kernelDepth * window.kernelHeight * window.kernelWidth * groupInChannels;
  return {
    ...planned,
    algorithm: ALGORITHMS[kernel],
    flops: 2 * batch * groups * groupOutChannels * pixels * depth,
    run(plan, x, packed, out) {
      if (batch === 0) return;
      let input = x;
      if (border !== undefined) {
        input = plan.temp(borderedLength(border));
        planBorder(plan, border, x, input, false);
      }
      planned.run(plan, input, packed, out);
    },
  };
}

/** A convolution whose filter is packed for this one run. */
export function planConvOnce(
  plan: Plan,
  { pack, run, packedLength }: ConvAlgorithmPlan,
  x: Value,
  filter: Value,
  bias: Value | null,
  out: Value,
): void {
  const packed = plan.temp(packedLength);
  pack(plan, filter, bias, packed);
  run(plan, x, packed, out);
}
