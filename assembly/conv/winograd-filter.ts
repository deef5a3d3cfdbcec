import { panelBegin, panelCount } from '../gemm/tile';
import { COLUMNS, FilterParams, PART_PANELS } from '../generated/abi';
import { copyFloats } from '../simd';
import { firstTap } from './filter';

/**
 * 3×3 filters to the points of a Winograd tile, `U = G g Gᵀ`, in the order that the products read them. It is computed in
 * f64 and rounded once, since it happens once a filter.
 *
 *   rows     NCHW   bias [channel, up to a multiple of 4] | [groups][part][position][panel][channel][rows of the panel]
 *   columns  NHWC   the same bias | [groups][part][position][panel][channel][8; the last 4 where that is enough; zeros behind the last]
 *
 * A task is a group.
 */

/** Three floats of eight bytes for each of at most eight points. */
const MATRIX_BYTES: usize = 192;

/** One row of G: what a point takes of the first tap, of the second, of the third. */
@inline
function storePoint(matrix: usize, length: i32, point: i32, first: f64, second: f64, third: f64): void {
  const at = matrix + (<usize>point << 3);
  store<f64>(at, first);
  store<f64>(at + (<usize>length << 3), second);
  store<f64>(at + (<usize>length << 4), third);
}

/** The points `at` and `-at`, which differ in the sign of the second tap alone; `scale` is that of a row of the input's matrix. */
function storePair(matrix: usize, length: i32, point: i32, at: f64, scale: f64): void {
  storePoint(matrix, length, point, scale, scale * at, scale * at * at);
  storePoint(matrix, length, point + 1, scale, -scale * at, scale * at * at);
}

/** G, column by column, for the points of winograd-2.ts, -4.ts and -6.ts in their order. */
function storePoints(size: i32, matrix: usize): void {
  const length = size + 2;
  storePoint(matrix, length, 0, size == 6 ? -1 : 1, 0, 0);
  if (size == 2) {
    storePair(matrix, length, 1, 1, 1.0 / 2);
  } else if (size == 4) {
    storePair(matrix, length, 1, 0.7071067811865476, -2.0 / 3);
    storePair(matrix, length, 3, 1.4142135623730951, 1.0 / 6);
  } else {
    storePair(matrix, length, 1, 1, -2.0 / 9);
    storePair(matrix, length, 3, 2, 1.0 / 90);
    storePair(matrix, length, 5, 0.5, 32.0 / 45);
  }
  storePoint(matrix, length, length - 1, 0, 0, 1);
}

/** `(first · a + third · c) + second · b`: a tap may be infinite or NaN, so no product is left out. */
@inline
function combine(first: v128, second: v128, third: v128, matrix: usize, lengthBytes: usize): v128 {
  return f64x2.add(
    f64x2.add(f64x2.mul(first, v128.load(matrix)), f64x2.mul(third, v128.load(matrix + 2 * lengthBytes))),
    f64x2.mul(second, v128.load(matrix + lengthBytes)),
  );
}

@inline
function loadTap(pointer: usize): v128 {
  return f64x2.splat(<f64>load<f32>(pointer));
}

/** One 3×3 filter to its points, `positionBytes` apart. Rows first: two points of a row at a time, then two of each column. */
function transformTaps(p: FilterParams, taps: usize, to: usize, positionBytes: usize): void {
  const matrix = p.scratch;
  const length = p.tileSize + 2;
  const lengthBytes = <usize>length << 3;
  const rowBytes = <usize>p.heightStride << 2, columnBytes = <usize>p.widthStride << 2;
  const row1 = taps + rowBytes, row2 = row1 + rowBytes;
  for (let column = 0; column < length; column += 2) {
    const at = matrix + (<usize>column << 3);
    const first = combine(loadTap(taps), loadTap(taps + columnBytes), loadTap(taps + 2 * columnBytes), at, lengthBytes);
    const second = combine(loadTap(row1), loadTap(row1 + columnBytes), loadTap(row1 + 2 * columnBytes), at, lengthBytes);
    const third = combine(loadTap(row2), loadTap(row2 + columnBytes), loadTap(row2 + 2 * columnBytes), at, lengthBytes);
    const first0 = v128.shuffle<i64>(first, first, 0, 0), first1 = v128.shuffle<i64>(first, first, 1, 1);
    const second0 = v128.shuffle<i64>(second, second, 0, 0), second1 = v128.shuffle<i64>(second, second, 1, 1);
    const third0 = v128.shuffle<i64>(third, third, 0, 0), third1 = v128.shuffle<i64>(third, third, 1, 1);
    for (let row = 0; row < length; row += 2) {
      const rows = matrix + (<usize>row << 3);
      const left = f32x4.demote_f64x2_zero(combine(first0, second0, third0, rows, lengthBytes));
      const right = f32x4.demote_f64x2_zero(combine(first1, second1, third1, rows, lengthBytes));
      const upper = to + <usize>(row * length + column) * positionBytes, lower = upper + <usize>length * positionBytes;
      v128.store_lane<f32>(upper, left, 0);
      v128.store_lane<f32>(upper + positionBytes, right, 0);
      v128.store_lane<f32>(lower, left, 1);
      v128.store_lane<f32>(lower + positionBytes, right, 1);
    }
  }
}

/**
 * `count` channels from `channel` on, side by side for every input channel; `width - count` zeros after them. They meet in
 * scratch, `[position][8]`: positions lie far apart in the end, and on the same cache sets as often as not.
 */
function packPanel(p: FilterParams, channel: i32, count: i32, width: i32, to: usize, positionBytes: usize): void {
  const positions = (p.tileSize + 2) * (p.tileSize + 2);
  const staged = p.scratch + MATRIX_BYTES;
  memory.fill(staged, 0, <usize>positions << 5);
  for (let i = 0; i < p.groupInChannels; i++) {
    for (let c = 0; c < count; c++) {
      const taps = p.filter + (<usize>(firstTap(p, channel + c) + i * p.inChannelStride) << 2);
      transformTaps(p, taps, staged + (<usize>c << 2), 32);
    }
    let from = staged;
    let point = to + (<usize>(i * width) << 2);
    for (let position = positions; position > 0; position--) {
      copyFloats(point, from, width);
      from += 32;
      point += positionBytes;
    }
  }
}

/** The bias of a group, or zeros where there is none; whole vectors of it are read. */
function packBias(p: FilterParams, group: i32): void {
  const begin = group * p.groupOutChannels;
  const to = p.output + (<usize>begin << 2);
  for (let i = 0; i < p.groupOutChannels; i++) {
    store<f32>(to + (<usize>i << 2), p.bias ? load<f32>(p.bias + (<usize>(begin + i) << 2)) : 0);
  }
}

@inline
function weightsOf(p: FilterParams): usize {
  return p.output + (<usize>((p.groups * p.groupOutChannels + 3) & ~3) << 2);
}

export function packWinogradRows(p: FilterParams, taskBegin: i32, taskEnd: i32): void {
  const positions = (p.tileSize + 2) * (p.tileSize + 2);
  const depth = p.groupInChannels;
  const panels = panelCount(p.groupOutChannels);
  storePoints(p.tileSize, p.scratch);
  for (let group = taskBegin; group < taskEnd; group++) {
    packBias(p, group);
    for (let panel = 0; panel < panels; panel++) {
      const firstPanel = panel - panel % PART_PANELS;
      const first = panelBegin(p.groupOutChannels, panels, firstPanel);
      const partRows = panelBegin(p.groupOutChannels, panels, min(panels, firstPanel + PART_PANELS)) - first;
      const row = panelBegin(p.groupOutChannels, panels, panel);
      const rows = panelBegin(p.groupOutChannels, panels, panel + 1) - row;
      const channel = group * p.groupOutChannels;
      const to = weightsOf(p) + (<usize>(((channel + first) * positions + row - first) * depth) << 2);
      packPanel(p, channel + row, rows, rows, to, <usize>(partRows * depth) << 2);
    }
  }
}

export function packWinogradColumns(p: FilterParams, taskBegin: i32, taskEnd: i32): void {
  const positions = (p.tileSize + 2) * (p.tileSize + 2);
  const depth = p.groupInChannels;
  const groupColumns = (p.groupOutChannels + 3) & ~3;
  storePoints(p.tileSize, p.scratch);
  for (let group = taskBegin; group < taskEnd; group++) {
    packBias(p, group);
    for (let column = 0; column < groupColumns; column += COLUMNS) {
      const first = column - column % (PART_PANELS * COLUMNS);
      const partColumns = min(PART_PANELS * COLUMNS, groupColumns - first);
      const width = min(COLUMNS, groupColumns - column);
      const to = weightsOf(p) + (<usize>(((group * groupColumns + first) * positions + column - first) * depth) << 2);
      const channel = group * p.groupOutChannels + column;
      packPanel(p, channel, min(width, p.groupOutChannels - column), width, to, <usize>(partColumns * depth) << 2);
    }
  }
}
