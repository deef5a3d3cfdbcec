import { imageKernels, Order } from '../../kernels/image.ts';
import type { Plan, Value } from '../../plan/plan.ts';
import type { ImageSpec } from '../spec.ts';

/** Where a filter's rows and lines lie in its scratch, and what a task of it is. */

export interface Reach {
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly top: number;
  readonly left: number;
  readonly below: number;
}

/** An even kernel lies over its pixel with the cell after its middle, as in OpenCV. */
export function reachOf(height: number, width: number): Reach {
  const top = Math.floor(height / 2);
  return { kernelHeight: height, kernelWidth: width, top, left: Math.floor(width / 2), below: height - 1 - top };
}

export interface Work {
  readonly kernel: keyof typeof imageKernels;
  /** Rows that the ring holds besides those of a window. */
  readonly moreSlots?: number;
  /** Rows of output that are computed at once. */
  readonly rowsAtOnce?: 1 | 2;
  readonly reach: Reach;
  /** Lines that `middle` is long. */
  readonly middleLines: number;
  /** Words: whole numbers, and floats by their bits. */
  readonly taps: Int32Array;
  /** Words of the table. */
  readonly tableLength?: number;
  readonly values?: Readonly<Record<string, number>>;
}

const PAGE_BYTES = 4096;
/** Rows of a task, at least: those that it reads again beside its own are to be few. */
const STRIPE = 16;

/** A row and what a kernel reaches beside it, in whole cache lines, never a page apart. */
function lineBytesOf({ width, channels, elementBytes }: ImageSpec, { kernelWidth }: Reach): number {
  const line = Math.ceil(((width + kernelWidth - 1) * channels * elementBytes + 64) / 64) * 64;
  return line % PAGE_BYTES === 0 ? line + 64 : line;
}

/** Where rows lie in the scratch, and what of them a task is. */
export function layoutOf(spec: ImageSpec, work: Omit<Work, 'kernel' | 'taps'>, stripe: number) {
  const { width, height, channels, outChannels, elementBytes, border, borderValue } = spec;
  const { reach, middleLines, rowsAtOnce = 1, moreSlots = rowsAtOnce - 1, tableLength = 0 } = work;
  const lineBytes = lineBytesOf(spec, reach);
  const slots = reach.kernelHeight + moreSlots;
  const lines = [0, rowsAtOnce, rowsAtOnce + slots + reach.below];
  const [lineOffset, ringOffset, tableOffset] = lines.map((before) => (middleLines + before) * lineBytes);
  const pixelBytes = channels * elementBytes;
  const sizes = { pixelBytes, rowBytes: width * pixelBytes, paddedBytes: (width + reach.kernelWidth - 1) * pixelBytes };
  return {
    values: {
      ...{ width, height, channels, outChannels, elementBytes, ...sizes, ...reach, border, borderValue, stripe },
      ...{ keepAlpha: spec.keepAlpha ? 1 : 0, lineBytes, lineOffset, ringOffset, tableOffset, slots },
      ...{ tapCount: 0, upperTaps: 0, lowerTaps: 0, rowTapCount: 0, rowFours: 0 },
      ...{ begin: 0, shift: 0, rowBegin: 0, rowShift: 0, divisor: 1, bias: 0, narrow: 0 },
      ...{ order: Order.Median, amount: 0, threshold: 0 },
      ...work.values,
    },
    scratchBytes: tableOffset + 4 * tableLength,
  };
}

/** From `input`, which is the image itself unless it was copied, to `output`. */
export function planWork(plan: Plan, spec: ImageSpec, work: Work, input: Value, output: Value, isCopy = false): void {
  const { height } = spec;
  const stripe = spec.inPlace && !isCopy ? height : Math.min(height, Math.max(STRIPE, 4 * work.reach.kernelHeight));
  const { values, scratchBytes } = layoutOf(spec, work, stripe);
  plan.stepOf(work.kernel, imageKernels[work.kernel], { input, taps: plan.named('taps', 'int32'), output }, values, { scratchBytes });
}
