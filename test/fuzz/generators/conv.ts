import type { Tensor } from '../../../src/index.ts';
import { relayout } from '../../random.ts';
import type { Source } from '../source.ts';
import {
  brief,
  type Configuration,
  extent,
  floats,
  type Generator,
  given,
  inLayouts,
  isLarge,
  layouts,
  moved,
  type Options,
  type Rank,
} from './values.ts';

/** How windows lie over an input, axis by axis. */
export interface Windows {
  readonly input: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: unknown;
  /** Cells before and after each axis. */
  readonly sides: readonly (readonly [begin: number, end: number])[];
  readonly out: readonly number[];
}

const reachOf = (kernel: number, dilation: number) => dilation * (kernel - 1) + 1;

export function outExtent(input: number, [begin, end]: readonly [number, number], reach: number, stride: number, ceil = false): number {
  const room = input + begin + end - reach;
  if (!ceil) return Math.floor(room / stride) + 1;
  const rounded = Math.ceil(room / stride) + 1;
  return (rounded - 1) * stride >= input + begin ? rounded - 1 : rounded;
}

/** Padding by rule, of ⌈in / stride⌉ results. */
function sameSides(input: number, reach: number, stride: number, lower: boolean): [number, number] {
  const total = Math.max(0, (Math.ceil(input / stride) - 1) * stride + reach - input);
  const less = Math.floor(total / 2);
  return lower ? [total - less, less] : [less, total - less];
}

interface Wish {
  readonly kernel: readonly number[];
  /** Cells more than the window needs. */
  readonly spare: number;
  /** As in pooling: no side as wide as a window reaches. */
  readonly withinWindow?: boolean;
  readonly ceil?: boolean;
  readonly plainSteps?: boolean;
}

/** Windows that fit their input. */
export function windows(
  source: Source,
  rank: Rank,
  { kernel, spare, withinWindow = false, ceil = false, plainSteps = false }: Wish,
): Windows {
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  const step = () => (plainSteps ? 1 : source.pick(1, 1, 2, 3));
  const strides = axes.map(step);
  const dilations = axes.map(step);
  const reaches = axes.map((axis) => reachOf(kernel[axis], dilations[axis]));
  const most = (axis: number) => (withinWindow ? Math.min(3, reaches[axis] - 1) : 3);
  const form = source.pick('none', 'one', 'axes', 'sides', 'same', 'same-lower', 'valid');
  const one = source.int(0, Math.min(...axes.map(most)));
  const drawn = axes.map((axis): [number, number] => {
    if (form === 'one') return [one, one];
    if (form === 'none' || form === 'valid') return [0, 0];
    const begin = source.int(0, most(axis));
    return [begin, form === 'axes' ? begin : source.int(0, most(axis))];
  });
  const input = axes.map((axis) => {
    const [begin, end] = form === 'same' || form === 'same-lower' ? [0, 0] : drawn[axis];
    return Math.max(1, reaches[axis] - begin - end + source.int(0, spare));
  });
  const sides = axes.map((axis) =>
    form === 'same' || form === 'same-lower' ? sameSides(input[axis], reaches[axis], strides[axis], form === 'same-lower') : drawn[axis],
  );
  const padding = {
    none: undefined,
    one,
    axes: drawn.map(([begin]) => begin),
    sides: drawn.flat(),
    same: 'same',
    'same-lower': 'same-lower',
    valid: 'valid',
  };
  const out = axes.map((axis) => outExtent(input[axis], sides[axis], reaches[axis], strides[axis], ceil));
  return { input, kernel, strides, dilations, padding: padding[form], sides, out };
}

export const stepsOf = (source: Source, { strides, dilations }: Windows): Options => ({
  strides: brief(source, strides, 1),
  dilations: brief(source, dilations, 1),
});

export function fused(source: Source): unknown {
  return source.pick(
    undefined,
    undefined,
    'relu',
    'relu6',
    'leakyRelu',
    'thresholdedRelu',
    { type: 'clamp', minValue: -0.5, maxValue: 0.25 },
    { type: 'clamp', minValue: 0 },
    { type: 'leakyRelu', alpha: -1.5 },
    { type: 'thresholdedRelu', alpha: -0.25 },
  );
}

interface Channels {
  readonly groups: number;
  readonly groupIn: number;
  readonly groupOut: number;
  readonly spare: number;
}

/** Ordinary, depthwise, deep and wide convolutions: each straddles other tiles. */
function channelsOf(source: Source, rank: Rank, large: boolean): Channels {
  const spare = [0, 60, 14, 5][rank];
  if (large) {
    const spare = [0, 400, 28, 8][rank];
    return source.pick(
      { groups: 1, groupIn: 24, groupOut: 33, spare },
      { groups: 65, groupIn: 1, groupOut: 1, spare },
      { groups: 2, groupIn: 9, groupOut: 40, spare },
    );
  }
  const few = () => source.int(1, 6);
  switch (source.pick('ordinary', 'ordinary', 'ordinary', 'depthwise', 'deep', 'wide')) {
    case 'ordinary':
      return {
        groups: source.pick(1, 1, 1, 2, 3),
        groupIn: few(),
        groupOut: source.oneIn(2) ? source.pick(7, 8, 9, 11, 16, 17) : few(),
        spare,
      };
    case 'depthwise':
      return { groups: extent(source, 17), groupIn: 1, groupOut: source.int(1, 4), spare };
    case 'deep':
      return { groups: source.pick(1, 2), groupIn: source.pick(29, 64, 85, 255, 256, 257), groupOut: few(), spare: Math.ceil(spare / 4) };
    case 'wide':
      return { groups: source.pick(1, 2), groupIn: source.int(1, 3), groupOut: few(), spare: 2 * spare };
  }
}

const FILTERS: Readonly<Record<Rank, readonly string[]>> = {
  1: ['oiw', 'wio', 'owi', 'iwo'],
  2: ['oihw', 'hwio', 'ohwi', 'ihwo'],
  3: ['oidhw', 'dhwio', 'odhwi', 'idhwo'],
};
const TRANSPOSED: Readonly<Record<number, readonly string[]>> = {
  1: ['iow', 'woi', 'owi', 'oiw'],
  2: ['iohw', 'hwoi', 'ohwi', 'oihw'],
  3: ['iodhw', 'dhwoi', 'odhwi', 'oidhw'],
};

export function kernelOf(source: Source, rank: Rank, most: number): number[] {
  if (rank === 2 && source.oneIn(3)) return [3, 3];
  return Array.from({ length: rank }, () => source.int(1, most));
}

function paddingModeOf(source: Source, { input, sides }: Windows): unknown {
  const wish = source.pick(undefined, undefined, undefined, 'zeros', 'reflect', 'replicate', 'circular');
  const room = wish === 'reflect' ? -1 : wish === 'circular' ? 0 : Infinity;
  return sides.every(([begin, end], axis) => Math.max(begin, end) <= input[axis] + room) ? wish : undefined;
}

/** What a convolution of any rank is made of, forward and backward. */
function convolution(source: Source, rank: Rank) {
  const large = isLarge(source);
  const channels = channelsOf(source, rank, large);
  const { groups, groupIn, groupOut } = channels;
  const kernel = kernelOf(source, rank, channels.groupIn > 20 || rank === 3 ? 3 : 5);
  const plainSteps = source.oneIn(2);
  const w = windows(source, rank, { kernel, spare: channels.spare, plainSteps });
  const batch = source.oneIn(30) ? 0 : large ? 1 : source.pick(1, 1, 1, 2, 3);
  const winograd = rank === 2 && [...w.strides, ...w.dilations].every((n) => n === 1) && kernel.every((n) => n === 3);
  const algorithm =
    rank === 3 ? undefined : source.pick(undefined, 'auto', 'direct', 'gemm', ...(winograd ? ['winograd', 'winograd'] : []));
  const order = source.int(0, 1);
  const filterOrder = source.int(0, 3);
  const geometry = {
    ...stepsOf(source, w),
    padding: w.padding,
    groups: groups === 1 ? source.pick(undefined, 1) : groups,
    paddingMode: paddingModeOf(source, w),
    normalize: source.pick(undefined, undefined, 'none', 'mean'),
    algorithm,
  };
  return { ...channels, ...w, batch, order, filterOrder, geometry, inChannels: groups * groupIn, outChannels: groups * groupOut };
}

/** The same call in both layouts of its input, and with the filter in another one too. */
function inBoth(
  source: Source,
  rank: Rank,
  { order, filterOrder, filters }: { order: number; filterOrder: number; filters: readonly string[] },
  planar: Readonly<Record<string, Tensor>>,
  filter: Tensor,
  make: (operands: Readonly<Record<string, Tensor>>, filter: Tensor, layout: Options) => Configuration['args'],
): Configuration {
  const names = layouts(rank);
  const otherFilter = source.int(0, 3);
  const args = (at: number, filterAt: number) => {
    const operands = Object.fromEntries(Object.entries(planar).map(([name, tensor]) => [name, inLayouts(rank, tensor)[at]]));
    const layout = {
      inputLayout: at === 0 ? source.pick(undefined, names[0]) : names[1],
      filterLayout: filterAt === 0 ? source.pick(undefined, filters[0]) : filters[filterAt],
    };
    return make(operands, relayout(filter, filters[0], filters[filterAt]), given(layout));
  };
  const back = moved(rank, 1 - order, order);
  return {
    args: args(order, filterOrder),
    elsewhere: {
      args: args(1 - order, otherFilter),
      back: (result, name) => (name === 'dFilter' ? relayout(result, filters[otherFilter], filters[filterOrder]) : back(result)),
    },
  };
}

const forward =
  (rank: Rank): Generator =>
  (source) => {
    const c = convolution(source, rank);
    const x = floats(source, [c.batch, c.inChannels, ...c.input]);
    const filter = floats(source, [c.outChannels, c.groupIn, ...c.kernel]);
    const bias = source.oneIn(2) ? floats(source, [c.outChannels]) : undefined;
    const activation = fused(source);
    return inBoth(source, rank, { ...c, filters: FILTERS[rank] }, { x }, filter, (planes, filter, layout) => [
      planes.x,
      filter,
      given({ ...c.geometry, ...layout, bias, activation }),
    ]);
  };

/** Which gradients are not wanted. */
export function skipped(source: Source, ...names: string[]): readonly string[] | undefined {
  if (source.oneIn(2)) return undefined;
  return names.filter(() => source.oneIn(3));
}

const backward =
  (rank: Rank): Generator =>
  (source) => {
    const c = convolution(source, rank);
    const x = floats(source, [c.batch, c.inChannels, ...c.input]);
    const filter = floats(source, [c.outChannels, c.groupIn, ...c.kernel]);
    const dy = floats(source, [c.batch, c.outChannels, ...c.out]);
    const skip = skipped(source, 'dx', 'dFilter', 'dBias');
    return inBoth(source, rank, { ...c, filters: FILTERS[rank] }, { x, dy }, filter, (planes, filter, layout) => [
      planes.dy,
      planes.x,
      filter,
      given({ ...c.geometry, ...layout, skip }),
    ]);
  };

/** What a transposed convolution is made of: its window goes over the result. */
function transposed(source: Source, rank: Rank) {
  const large = isLarge(source);
  const { groups, groupIn, groupOut, spare } = channelsOf(source, rank, large);
  const axes = Array.from({ length: rank }, (_, axis) => axis);
  const kernel = kernelOf(source, rank, rank === 3 ? 3 : 4);
  const plainSteps = source.oneIn(3);
  const strides = axes.map(() => (plainSteps ? 1 : source.int(1, 3)));
  const dilations = axes.map(() => (plainSteps ? 1 : source.pick(1, 1, 2, 3)));
  const input = axes.map(() => source.int(1, 1 + Math.ceil(spare / 2)));
  const more = axes.map((axis) => source.int(0, Math.max(strides[axis], dilations[axis]) - 1));
  const cut = axes.map((axis): [number, number] => {
    const least = (input[axis] - 1) * strides[axis] + reachOf(kernel[axis], dilations[axis]) + more[axis];
    const sides: [number, number] = [source.int(0, 2), source.int(0, 2)];
    return least - sides[0] - sides[1] >= 1 ? sides : [0, 0];
  });
  const out = axes.map(
    (axis) => (input[axis] - 1) * strides[axis] - cut[axis][0] - cut[axis][1] + reachOf(kernel[axis], dilations[axis]) + more[axis],
  );
  const winograd = rank === 2 && [...strides, ...dilations].every((n) => n === 1) && kernel.every((n) => n === 3);
  const geometry = {
    strides: brief(source, strides, 1),
    dilations: brief(source, dilations, 1),
    padding: cut.every(([begin, end]) => begin === 0 && end === 0) ? source.pick(undefined, 0) : cut.flat(),
    groups: groups === 1 ? undefined : groups,
    algorithm: rank === 3 ? undefined : source.pick(undefined, 'auto', 'direct', 'gemm', ...(winograd ? ['winograd'] : [])),
    ...(source.oneIn(2) ? { outputSizes: out } : { outputPadding: brief(source, more, 0) }),
  };
  const batch = source.oneIn(30) ? 0 : large ? 1 : source.pick(1, 1, 2, 3);
  return {
    geometry,
    order: source.int(0, 1),
    filterOrder: source.int(0, 3),
    filters: TRANSPOSED[rank],
    outChannels: groups * groupOut,
    x: floats(source, [batch, groups * groupIn, ...input]),
    filter: floats(source, [groups * groupIn, groupOut, ...kernel]),
    dyShape: [batch, groups * groupOut, ...out],
  };
}

const transposeForward =
  (rank: Rank): Generator =>
  (source) => {
    const c = transposed(source, rank);
    const bias = source.oneIn(2) ? floats(source, [c.outChannels]) : undefined;
    const activation = fused(source);
    return inBoth(source, rank, c, { x: c.x }, c.filter, (planes, filter, layout) => [
      planes.x,
      filter,
      given({ ...c.geometry, ...layout, bias, activation }),
    ]);
  };

const transposeBackward =
  (rank: Rank): Generator =>
  (source) => {
    const c = transposed(source, rank);
    const dy = floats(source, c.dyShape);
    const skip = skipped(source, 'dx', 'dFilter', 'dBias');
    return inBoth(source, rank, c, { x: c.x, dy }, c.filter, (planes, filter, layout) => [
      planes.dy,
      planes.x,
      filter,
      given({ ...c.geometry, ...layout, skip }),
    ]);
  };

export const conv = {
  conv1d: forward(1),
  conv2d: forward(2),
  conv3d: forward(3),
  conv1dBackward: backward(1),
  conv2dBackward: backward(2),
  conv3dBackward: backward(3),
  convTranspose1d: transposeForward(1),
  convTranspose2d: transposeForward(2),
  convTranspose1dBackward: transposeBackward(1),
  convTranspose2dBackward: transposeBackward(2),
  convTranspose3d: transposeForward(3),
  convTranspose3dBackward: transposeBackward(3),
} satisfies Record<string, Generator>;
