import type { FilterParams } from '../../kernels/conv.ts';
import type { Block } from '../../kernels/layout.ts';
import { COLUMNS, PART_PANELS } from '../../kernels/tiles.ts';
import { panelBegin, panelCount } from '../gemm/tile.ts';
import { firstTap } from './filter.ts';

type Params = Block<typeof FilterParams>;

/**
 * 3×3 filters to the points of a Winograd tile, `U = G g Gᵀ`, in the order that the products read them. It is computed in
 * f64 and rounded once, since it happens once a filter.
 *
 *   rows     NCHW   bias [channel, up to a multiple of 4] | [groups][part][position][panel][channel][rows of the panel]
 *   columns  NHWC   the same bias | [groups][part][position][panel][channel][8; the last 4 where that is enough; zeros behind the last]
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
function packPanel(p: Params, channel: number, count: number, width: number, to: number, positionLength: number): void {
  const positions = (p.tileSize + 2) ** 2;
  if (count < width) {
    for (let i = 0; i < positions; i++) p.output.fill(0, to + i * positionLength, to + i * positionLength + p.groupInChannels * width);
  }
  for (let i = 0; i < p.groupInChannels; i++) {
    for (let c = 0; c < count; c++) {
      transformTaps(p, firstTap(p, channel + c) + i * p.inChannelStride, to + i * width + c, positionLength);
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
  const depth = p.groupInChannels;
  const panels = panelCount(p.groupOutChannels);
  for (let group = taskBegin; group < taskEnd; group++) {
    packBias(p, group);
    for (let panel = 0; panel < panels; panel++) {
      const firstPanel = panel - (panel % PART_PANELS);
      const first = panelBegin(p.groupOutChannels, panels, firstPanel);
      const partRows = panelBegin(p.groupOutChannels, panels, Math.min(panels, firstPanel + PART_PANELS)) - first;
      const row = panelBegin(p.groupOutChannels, panels, panel);
      const rows = panelBegin(p.groupOutChannels, panels, panel + 1) - row;
      const channel = group * p.groupOutChannels;
      const to = weightsOf(p) + ((channel + first) * positions + row - first) * depth;
      packPanel(p, channel + row, rows, rows, to, partRows * depth);
    }
  }
}

export function packWinogradColumns(p: Params, taskBegin: number, taskEnd: number): void {
  const positions = (p.tileSize + 2) ** 2;
  const depth = p.groupInChannels;
  const groupColumns = (p.groupOutChannels + 3) & ~3;
  for (let group = taskBegin; group < taskEnd; group++) {
    packBias(p, group);
    for (let column = 0; column < groupColumns; column += COLUMNS) {
      const first = column - (column % (PART_PANELS * COLUMNS));
      const partColumns = Math.min(PART_PANELS * COLUMNS, groupColumns - first);
      const width = Math.min(COLUMNS, groupColumns - column);
      const to = weightsOf(p) + ((group * groupColumns + first) * positions + column - first) * depth;
      const channel = group * p.groupOutChannels + column;
      packPanel(p, channel, Math.min(width, p.groupOutChannels - column), width, to, partColumns * depth);
    }
  }
}
