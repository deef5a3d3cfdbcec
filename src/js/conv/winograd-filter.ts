import type { Block, FilterParams } from '../../params.ts';
import { COLUMNS, panelBegin, panelCount } from '../gemm/tile.ts';

type Params = Block<typeof FilterParams>;

/**
 * 3×3 filters to the points of a Winograd tile, `U = G g Gᵀ`, in the order that the products read them. It is computed in
 * f64 and rounded once, since it happens once a filter.
 *
 *   rows     NCHW   bias [channel, up to a multiple of 4] | [groups][panel][position][channel][rows of the panel]
 *   columns  NHWC   the same bias | [groups][panel][position][channel][8; the last 4 where that is enough; zeros behind the last]
 *
 * A task is a group.
 */

type Point = readonly [first: number, second: number, third: number];

/** The points `at` and `-at`, which differ in the sign of the second tap alone; `scale` is that of a row of the input's matrix. */
const pair = (at: number, scale: number): readonly Point[] => [
  [scale, scale * at, scale * at * at],
  [scale, -scale * at, scale * at * at],
];

/** Rows of G for the points of winograd-2.ts, -4.ts and -6.ts in their order. */
const POINTS: Readonly<Record<number, readonly Point[]>> = {
  2: [[1, 0, 0], ...pair(1, 1 / 2), [0, 0, 1]],
  4: [[1, 0, 0], ...pair(Math.SQRT1_2, -2 / 3), ...pair(Math.SQRT2, 1 / 6), [0, 0, 1]],
  6: [[-1, 0, 0], ...pair(1, -2 / 9), ...pair(2, 1 / 90), ...pair(1 / 2, 32 / 45), [0, 0, 1]],
};

/** A tap may be infinite or NaN, so no product is left out. */
function combine(first: number, second: number, third: number, point: Point): number {
  return first * point[0] + third * point[2] + second * point[1];
}

/** One 3×3 filter to its points, `positionLength` apart. Rows first. */
function transformTaps(p: Params, taps: number, to: number, positionLength: number): void {
  const { filter, heightStride, widthStride } = p;
  const points = POINTS[p.tileSize];
  const length = points.length;
  const inRow = (row: number, point: Point) => {
    const at = taps + row * heightStride;
    return combine(filter[at], filter[at + widthStride], filter[at + 2 * widthStride], point);
  };
  for (let column = 0; column < length; column++) {
    const first = inRow(0, points[column]), second = inRow(1, points[column]), third = inRow(2, points[column]);
    for (let row = 0; row < length; row++) {
      p.output[to + (row * length + column) * positionLength] = combine(first, second, third, points[row]);
    }
  }
}

/** `count` channels from `channel` on, side by side for every input channel; `width - count` zeros after them. */
function packPanel(p: Params, channel: number, count: number, width: number, to: number): void {
  const positionLength = p.groupInChannels * width;
  if (count < width) p.output.fill(0, to, to + (p.tileSize + 2) ** 2 * positionLength);
  for (let i = 0; i < p.groupInChannels; i++) {
    for (let c = 0; c < count; c++) {
      transformTaps(p, (channel + c) * p.outChannelStride + i * p.inChannelStride, to + i * width + c, positionLength);
    }
  }
}

/** The bias of a group, or zeros where there is none. */
function packBias(p: Params, group: number): void {
  const begin = group * p.groupOutChannels;
  for (let i = begin; i < begin + p.groupOutChannels; i++) p.output[i] = p.bias.length > 0 ? p.bias[i] : 0;
}

function weightsOf(p: Params): number {
  return (p.groups * p.groupOutChannels + 3) & ~3;
}

export function packWinogradRows(p: Params, taskBegin: number, taskEnd: number): void {
  const positions = (p.tileSize + 2) ** 2;
  const panels = panelCount(p.groupOutChannels);
  for (let group = taskBegin; group < taskEnd; group++) {
    packBias(p, group);
    for (let panel = 0; panel < panels; panel++) {
      const begin = panelBegin(p.groupOutChannels, panels, panel);
      const rows = panelBegin(p.groupOutChannels, panels, panel + 1) - begin;
      const channel = group * p.groupOutChannels + begin;
      packPanel(p, channel, rows, rows, weightsOf(p) + channel * p.groupInChannels * positions);
    }
  }
}

export function packWinogradColumns(p: Params, taskBegin: number, taskEnd: number): void {
  const positions = (p.tileSize + 2) ** 2;
  const groupColumns = (p.groupOutChannels + 3) & ~3;
  for (let group = taskBegin; group < taskEnd; group++) {
    packBias(p, group);
    for (let begin = 0; begin < groupColumns; begin += COLUMNS) {
      const width = Math.min(COLUMNS, groupColumns - begin);
      const to = weightsOf(p) + (group * groupColumns + begin) * p.groupInChannels * positions;
      packPanel(p, group * p.groupOutChannels + begin, Math.min(width, p.groupOutChannels - begin), width, to);
    }
  }
}
