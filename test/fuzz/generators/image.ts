import { random } from '../../random.ts';
import type { Source } from '../source.ts';
import { extent, filled, type Generator, given, isLarge, type Options, type Picture } from './values.ts';

const KINDS = [Uint8ClampedArray, Uint8Array, Float32Array] as const;

export function picture(source: Source, channels: number = source.pick(4, 3, 1, 2)): Picture {
  const kind = source.pick(...KINDS);
  const [width, height] = isLarge(source) ? [300, 200] : [extent(source, 40), extent(source, 24)];
  const next = random(source.seed());
  const flat = source.oneIn(6);
  const data = new kind(width * height * channels);
  const value = kind === Float32Array ? () => 2 * next() - 1 : () => Math.floor(256 * next());
  for (let i = 0; i < data.length; i++) data[i] = flat ? 255 : value();
  if (kind === Float32Array && source.oneIn(6))
    data.set(filled([1], source.seed(), (next) => (next() < 0.5 ? Number.NaN : Infinity)).data, 0);
  return { data, width, height, channels };
}

const isFloats = ({ data }: Picture) => data instanceof Float32Array;

function borders(source: Source, image: Picture): Options {
  return {
    border: source.pick(undefined, 'replicate', 'constant', 'reflect', 'reflect-101', 'wrap'),
    borderValue: source.pick(undefined, 0, 255, isFloats(image) ? -1.5 : 7),
    alpha: source.pick(undefined, 'keep', 'filter'),
  };
}

const over = { argument: 0, result: 'out' };

/** A filter of an image and options. */
const filter =
  (own: (source: Source, image: Picture) => Options, channels?: (source: Source) => number): Generator =>
  (source) => {
    const image = picture(source, channels?.(source));
    return { args: [image, given({ ...borders(source, image), ...own(source, image) })], over };
  };

const none = () => ({});
const side = (source: Source, most: number) => source.int(0, most);
const radius = (source: Source) => ({ radius: source.pick(undefined, side(source, 9), [side(source, 6), side(source, 6)]) });
const scaled = (source: Source) => ({ divisor: source.pick(undefined, 1, 2, 3.5, 16), bias: source.pick(undefined, 0, 128, -7.25) });
const gradient = (source: Source) => ({ ...scaled(source), direction: source.pick(undefined, 'x', 'y', 'magnitude') });

/** Kernels of every path: one weight, rank one, wide, whole numbers, fractions, and so large that sums go by transforms. */
function weights(source: Source): unknown {
  const large = source.oneIn(40);
  const [height, width] = large ? [source.int(17, 33), source.int(17, 33)] : [source.int(1, 7), source.int(1, 7)];
  const next = random(source.seed());
  const kind = source.pick('whole', 'fraction', 'rank-one', 'sparse');
  const column = Array.from({ length: height }, () => Math.floor(next() * 5) - 1);
  const row = Array.from({ length: width }, () => Math.floor(next() * 5) - 1);
  const weight = (y: number, x: number) => {
    if (kind === 'rank-one') return column[y] * row[x];
    if (kind === 'fraction') return 2 * next() - 1;
    return kind === 'sparse' && next() < 0.7 ? 0 : Math.floor(next() * 17) - 8;
  };
  const rows = Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => weight(y, x)));
  if (height === width && source.oneIn(4)) return rows.flat();
  return source.oneIn(4) ? { weights: Float32Array.from(rows.flat()), width } : rows;
}

export const image = {
  filter2d(source) {
    const image = picture(source);
    return { args: [image, weights(source), given({ ...borders(source, image), ...scaled(source) })], over };
  },
  identity: filter(none),
  blur: filter(radius),
  gaussianBlur(source) {
    const image = picture(source);
    const sigma = source.pick(1, 0.5, 2.25, 6, 20);
    return { args: [image, sigma, given({ ...borders(source, image), radius: source.pick(undefined, source.int(0, 12)) })], over };
  },
  sharpen: filter(none),
  unsharpMask: filter((source) => ({
    sigma: source.pick(undefined, 0.75, 3),
    radius: source.pick(undefined, source.int(0, 5)),
    amount: source.pick(undefined, 0, 0.5, 2, -1),
    threshold: source.pick(undefined, 0, 3),
  })),
  emboss: filter((source) => ({
    direction: source.pick(undefined, 'top-left', 'top', 'top-right', 'right', 'bottom-right', 'bottom', 'bottom-left', 'left'),
  })),
  outline: filter(none),
  edge: filter(none),
  laplacian: filter(scaled),
  sobel: filter(gradient),
  scharr: filter(gradient),
  prewitt: filter(gradient),
  motionBlur: filter((source) => ({
    length: source.pick(undefined, source.int(1, 20)),
    angle: source.pick(undefined, 0, 45, 90, 33.3, -170),
  })),
  median: filter(none),
  erode: filter(radius),
  dilate: filter(radius),
  grayscale(source) {
    const image = picture(source, source.pick(3, 4));
    const options = given({
      weights: source.pick(undefined, [0.25, 0.5, 0.25], [1, -1, 0.5]),
      single: source.pick(undefined, false, true),
    });
    return { args: [image, options], ...(options.single === true ? {} : { over }) };
  },
} satisfies Record<string, Generator>;
