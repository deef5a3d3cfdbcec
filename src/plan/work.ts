import {
  ActivationBackwardParams,
  ActivationParams,
  BinaryParams,
  ChannelParams,
  ConvParams,
  FilterGradientParams,
  ImageParams,
  IndexParams,
  kernels,
  NormParams,
  NormSumParams,
  PadAxisParams,
  PadParams,
  PoolParams,
  PowerParams,
  PreluBackwardParams,
  PreluParams,
  RreluBackwardParams,
  RreluParams,
  SoftmaxParams,
  StridedParams,
} from '../kernels/params.ts';
import type { Step } from './plan.ts';

/**
 * How long a step takes on one thread, in nanoseconds: roughly, as a processor of 2025 takes, for one decision only, whether
 * other threads are asked to help.
 */
export function workOf({ kernel, values, taskCount }: Step): number {
  switch (kernels[kernel]) {
    case ConvParams: {
      const products = values.kernelDepth * values.kernelHeight * values.kernelWidth * values.groupInChannels;
      return (
        (values.batch * values.outDepth * values.outHeight * values.outWidth * values.groups * values.groupOutChannels * products) /
        PRODUCTS
      );
    }
    case FilterGradientParams:
      return (taskCount * values.count0 * values.count1 * values.count2 * GRADIENT_TILE) / PRODUCTS;
    case PoolParams: {
      // First the columns of a row of windows, then their rows.
      const taps = values.kernelHeight * values.inWidth + values.kernelWidth * values.outWidth;
      const rows = kernel === 'averagePoolBackward' ? taskCount * values.outHeight : taskCount;
      return (rows * values.pixelLength * taps) / TAPS;
    }
    case IndexParams:
      return taskCount * values.pixelLength * (values.indexCount + values.planeLength / FLOATS);
    case NormSumParams:
      return taskCount * values.outer * values.inner;
    case ActivationParams:
    case BinaryParams:
    case ActivationBackwardParams:
    case PreluParams:
    case RreluParams:
    case PowerParams:
    case NormParams:
    case RreluBackwardParams:
      return values.length / FLOATS;
    case PadAxisParams:
      return (values.outer * (values.before + values.length + values.after) * values.inner) / FLOATS;
    case ChannelParams:
      return (values.outer * values.channels * values.rowLength) / FLOATS;
    case StridedParams:
      return (taskCount * values.count2 * values.count3 * values.count4 * values.count5) / POINTS;
    case PadParams:
      return (values.planes * values.outDepth * values.outHeight * values.outRowLength) / FLOATS;
    case PreluBackwardParams:
      return (values.images * values.channels * values.pixels) / FLOATS;
    case SoftmaxParams:
      return values.outer * values.extent * values.inner;
    case ImageParams:
      return (values.width * values.height * values.channels * (2 + values.tapCount + values.rowTapCount)) / IMAGE_TAPS;
    default:
      return taskCount * OTHER_TASK;
  }
}

/** Below it, waking a worker and waiting for it takes a good part of what it saves. */
export const isSmall = (nanoseconds: number): boolean => nanoseconds < 20000;

/** A nanosecond's worth of each. */
const PRODUCTS = 20;
const TAPS = 4;
const FLOATS = 8;
const POINTS = 1;
const IMAGE_TAPS = 20;
/** Products of a tile of conv/direct-filter-gradient.ts for each term of its sums. */
const GRADIENT_TILE = 36;
/** Nanoseconds of a task of any other kernel: they are cut so that one is about that. */
const OTHER_TASK = 1000;
