import { type ImageParams, Order } from '../../kernels/image.ts';
import type { Block } from '../../kernels/layout.ts';
import { Plan, type Value } from '../../plan/plan.ts';
import { type Fourier, imageFourier, type Tile, wholeFinish } from '../fourier.ts';
import { dtypeOf, type ImageSpec, type KernelSpec } from '../spec.ts';
import { centred, type Factors, factors, fixedPasses, isNarrow, type WholePasses, wholePass, wholePasses } from './factors.ts';
import { fourierTile } from './fourier.ts';
import { layoutOf, planWork, reachOf, type Work } from './layout.ts';
import { alongRow, columnPairs, floatTaps, fourWords, narrowTaps, pairs, sharedTaps, type Tap, taps } from './taps.ts';

/** What is done with `image`, by `taps`, into `out`; and the taps. */
export interface ImagePlan {
  readonly plan: Plan;
  readonly taps: Int32Array;
}

/** Whole numbers and floats as words. */
function wordsOf(words: readonly number[], isFloat: (index: number) => boolean): Int32Array {
  const made = Int32Array.from(words);
  const floats = new Float32Array(made.buffer);
  for (const [i, word] of words.entries()) if (isFloat(i)) floats[i] = word;
  return made;
}

const whole = (words: readonly number[]) => wordsOf(words, () => false);
const floats = (words: readonly number[]) => wordsOf(words, () => true);

const NO_TAPS = new Int32Array(1);

/** The image, and where the result goes. */
function operands(plan: Plan, spec: ImageSpec): readonly [image: Value, out: Value] {
  const dtype = dtypeOf(spec);
  return [plan.named('image', dtype), plan.named('out', dtype)];
}

function planOf(spec: ImageSpec, work: Work): ImagePlan {
  const plan = new Plan();
  const [image, out] = operands(plan, spec);
  planWork(plan, spec, work, image, out);
  return { plan, taps: work.taps };
}

/** Lines in which sums of four bytes wait to be divided. */
const wideLines = (divisor: number) => (divisor === 1 ? 0 : 4);

function bytesWork(kernel: KernelSpec): Work {
  const pass = wholePass(kernel);
  const { begin, shift, divisor } = pass;
  const shared = sharedTaps(pass.weights, kernel.width, false);
  const narrow = isNarrow(pass);
  const list = narrow ? narrowTaps(shared) : pairs(taps(pass.weights, kernel.width));
  const tapCount = narrow ? shared.taps.length : list.length / 3;
  return {
    kernel: 'imageBytes',
    rowsAtOnce: 2,
    reach: reachOf(kernel.height, kernel.width),
    middleLines: wideLines(divisor),
    taps: whole(atLeastOne(list)),
    tableLength: list.length,
    values: {
      ...{ narrow: narrow ? 1 : 0, tapCount, upperTaps: shared.upperTaps, lowerTaps: shared.lowerTaps },
      ...{ begin, shift, divisor },
    },
  };
}

/** Words of a kernel of zeros, which has no taps: a buffer has one all the same. */
const atLeastOne = (words: number[]) => (words.length > 0 ? words : [0]);

interface Sharpening {
  readonly amount: number;
  readonly threshold: number;
}

const NO_SHARPENING: Sharpening = { amount: 0, threshold: 0 };

function bytesSeparableWork({ channels }: ImageSpec, passes: WholePasses, { amount, threshold }: Sharpening): Work {
  const inFours = centred(passes);
  const { column, row } = inFours ?? passes;
  const along = inFours === undefined ? { taps: taps(row.weights, row.weights.length), fours: [] } : alongRow(row.weights);
  const offset = (tap: Tap) => tap.column * channels * 2;
  const down = columnPairs(column.weights);
  const rowPairs = pairs(along.taps, offset);
  return {
    kernel: 'imageBytes',
    rowsAtOnce: 2,
    reach: reachOf(column.weights.length, row.weights.length),
    middleLines: 4 + wideLines(row.divisor),
    taps: whole([...down, ...rowPairs, ...fourWords(along.fours, offset)]),
    tableLength: down.length,
    values: {
      ...{ tapCount: down.length / 4, rowTapCount: rowPairs.length / 3, rowFours: along.fours.length },
      ...{ begin: column.begin, shift: column.shift, rowBegin: row.begin, rowShift: row.shift, divisor: row.divisor },
      ...{ amount, threshold },
    },
  };
}

/** Words of which each `step`-th is whole. */
const floatWords = (words: readonly number[], step: number) => wordsOf(words, (i) => i % step !== 0);

function floatsWork({ height, width, weights, divisor, bias }: KernelSpec): Work {
  const shared = sharedTaps(weights.map(Math.fround), width, true);
  const list = floatTaps(shared);
  return {
    kernel: 'imageFloats',
    rowsAtOnce: 2,
    reach: reachOf(height, width),
    middleLines: 0,
    taps: floatWords(list, 3),
    tableLength: list.length,
    values: { tapCount: shared.taps.length, upperTaps: shared.upperTaps, lowerTaps: shared.lowerTaps, divisor, bias },
  };
}

function floatsSeparableWork(
  { channels, elementBytes }: ImageSpec,
  { column, row }: Factors,
  divisor: number,
  bias: number,
  { amount, threshold }: Sharpening,
): Work {
  const shared = sharedTaps(column.map(Math.fround), 1, true);
  const down = floatTaps(shared);
  const along = taps(row.map(Math.fround), row.length).flatMap((tap) => [tap.column * channels * elementBytes, tap.weight]);
  return {
    kernel: 'imageFloats',
    rowsAtOnce: 2,
    reach: reachOf(column.length, row.length),
    middleLines: 2,
    taps: Int32Array.of(...floatWords(down, 3), ...floatWords(along, 2)),
    tableLength: down.length + 3 * along.length,
    values: {
      ...{ tapCount: shared.taps.length, upperTaps: shared.upperTaps, lowerTaps: shared.lowerTaps, rowTapCount: along.length / 2 },
      ...{ divisor, bias, amount, threshold },
    },
  };
}

/** Taps that two passes cost besides their own. */
const SECOND_PASS = 2;

/** Is it less work down a column and along a row? */
function worthTwo(kernel: KernelSpec, { column, row }: Factors): boolean {
  return taps(column, 1).length + taps(row, 1).length + SECOND_PASS < taps(kernel.weights, 1).length;
}

/** Any kernel: in two passes if it is a column times a row and that is less work, by Fourier transforms if those are. */
export function planKernel(spec: ImageSpec, kernel: KernelSpec): ImagePlan {
  const both = factors(kernel);
  const two = both !== undefined && worthTwo(kernel, both) ? both : undefined;
  const tile = two === undefined ? fourierTile(spec, kernel, taps(kernel.weights, 1).length) : undefined;
  if (tile !== undefined) return planFourier(spec, kernel, tile);
  if (spec.elementBytes === 4) {
    const { divisor, bias } = kernel;
    const weighs = two !== undefined && weighsSomething(two.row.map(Math.fround));
    return planOf(spec, weighs ? floatsSeparableWork(spec, two, divisor, bias, NO_SHARPENING) : floatsWork(kernel));
  }
  const passes = two && wholePasses(kernel, two);
  const weighs = passes !== undefined && weighsSomething(passes.row.weights);
  return planOf(spec, weighs ? bytesSeparableWork(spec, passes, NO_SHARPENING) : bytesWork(kernel));
}

/** Of weights as they are kept: a second pass is known by its taps. */
const weighsSomething = (weights: readonly number[]) => weights.some((weight) => weight !== 0);

/** A filter by Fourier transforms. */
export function planFourierStep(
  plan: Plan,
  spec: ImageSpec,
  { height, width }: Pick<KernelSpec, 'height' | 'width'>,
  fourier: Fourier,
): void {
  const stripe = fourier.tile.height - height + 1;
  const { values, scratchBytes } = layoutOf(spec, { reach: reachOf(height, width), middleLines: 0, moreSlots: stripe - 1 }, stripe);
  const length = spec.width * spec.height * spec.channels;
  const [image, out] = operands(plan, spec);
  plan.hostStep({
    buffers: { input: image, output: out },
    lengths: { input: length, output: length },
    run({ input, output }) {
      const scratch = new Uint8Array(scratchBytes);
      imageFourier({ ...values, input, taps: NO_TAPS, output, scratch } satisfies Block<typeof ImageParams>, fourier);
    },
  });
}

/** Sums of many taps, in tiles of this size. */
export function planFourier(spec: ImageSpec, kernel: KernelSpec, tile: Tile): ImagePlan {
  const sums = spec.elementBytes === 1 ? wholeSums(kernel) : floatSums(kernel);
  const plan = new Plan();
  planFourierStep(plan, spec, kernel, { tile, ...sums });
  return { plan, taps: NO_TAPS };
}

type Sums = Omit<Fourier, 'tile'>;

/** The whole numbers of the sums that it stands for. */
function wholeSums(kernel: KernelSpec): Sums {
  const { weights, begin, shift, divisor } = wholePass(kernel);
  return { weights, finish: wholeFinish(begin, shift, divisor) };
}

function floatSums({ weights, divisor, bias }: KernelSpec): Sums {
  return { weights: weights.map(Math.fround), finish: (sum) => sum / divisor + bias };
}

/** A column times a row, of real numbers; then perhaps what it took away, added to the image. */
export function planFactors(spec: ImageSpec, both: Factors, sharpening = NO_SHARPENING): ImagePlan {
  if (spec.elementBytes === 4) return planOf(spec, floatsSeparableWork(spec, both, 1, 0, sharpening));
  const { amount, threshold } = sharpening;
  return planOf(
    spec,
    bytesSeparableWork(spec, fixedPasses(both), { amount: Math.round(amount * AMOUNT), threshold: Math.ceil(threshold) }),
  );
}

/** What the amount of unsharp masking is counted in for bytes: parts of 1. */
const AMOUNT = 256;

/** The mean of a rectangle. */
export function planBox(spec: ImageSpec, height: number, width: number): ImagePlan {
  const divisor = height * width;
  const isBytes = spec.elementBytes === 1;
  const work: Work = {
    kernel: 'imageBox',
    moreSlots: 1,
    reach: reachOf(height, width),
    middleLines: isBytes ? 4 + 4 : 2,
    taps: NO_TAPS,
    values: { divisor, begin: isBytes ? Math.floor(divisor / 2) : 0 },
  };
  if (isBytes || !spec.inPlace) return planOf(spec, work);
  // Sums of floats depend on where a task begins, and a task cannot begin below rows that are written already.
  const plan = new Plan();
  const copy = plan.temp(spec.width * spec.height * spec.channels);
  const identity = floatsWork(IDENTITY);
  const [image, out] = operands(plan, spec);
  planWork(plan, spec, identity, image, copy);
  planWork(plan, spec, work, copy, out, true);
  return { plan, taps: identity.taps };
}

const IDENTITY: KernelSpec = { height: 1, width: 1, weights: [1], divisor: 1, bias: 0 };

export function planOrder(spec: ImageSpec, order: number, height: number, width: number): ImagePlan {
  const middleLines = order === Order.Median ? 3 : 1;
  return planOf(spec, { kernel: 'imageOrder', reach: reachOf(height, width), middleLines, taps: NO_TAPS, values: { order } });
}

/** Differences smoothed with (side, centre, side). */
export function planGradient(spec: ImageSpec, side: number, centre: number, divisor: number, bias: number): ImagePlan {
  const isBytes = spec.elementBytes === 1;
  const work: Work = {
    kernel: 'imageGradient',
    reach: reachOf(3, 3),
    middleLines: isBytes ? 4 : 2,
    taps: isBytes ? whole([side, centre]) : floats([side, centre]),
    values: { divisor, bias },
  };
  return planOf(spec, work);
}

const GREY_SCALE = 2 ** 15;

export function planGrey(spec: ImageSpec, weights: readonly number[]): ImagePlan {
  const rounded = weights.map((weight) => Math.round(weight * GREY_SCALE));
  const sum = weights.reduce((all, weight) => all + weight, 0);
  // White stays white.
  rounded[1] += Math.round(sum * GREY_SCALE) - (rounded[0] + rounded[1] + rounded[2]);
  const list = spec.elementBytes === 1 ? whole(rounded) : floats(weights);
  return planOf(spec, { kernel: 'imageGrey', reach: reachOf(1, 1), middleLines: 0, taps: list });
}
