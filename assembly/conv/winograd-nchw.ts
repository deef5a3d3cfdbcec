import { panelBegin, panelCount, prepareTiles, tileRun } from '../gemm/tile';
import { Activation, COLUMNS, ConvParams, PART_PANELS, RECORD_BYTES, ROWS, WORK_BYTES } from '../generated/abi';
import { clampVector, copyFloats, loadSplat } from '../simd';
import { finish } from './finish';
import { inputPoints2 } from './winograd-2';
import { inputPoints4 } from './winograd-4';
import { inputPoints6 } from './winograd-6';
import { inputPass, outputPass } from './winograd-points';
import { FIRST_AT, isInside, isWhole, locateTiles, oddLines, QUAD_AT, SECOND_AT, STAGE_AT, WinogradTile } from './winograd-tiles';

/**
 * Winograd convolution, NCHW: a lane is a tile. For each position of the transformed tile one matrix product, whose rows
 * are output channels and whose columns are tiles.
 *
 *   filter    bias [channel] | [groups][part][position][panel of the part][channel][rows of the panel]   (winograd-filter.ts)
 *   input     [position][panel][channel][8 tiles; the last 4 where that is enough]                      in scratch
 *   products  [position][channel of the part][tiles]                                                    in scratch
 *
 *   scratch   work (winograd-tiles.ts) | records of the tiles | input | products
 *
 * A task is a block of tiles and a part, four panels, of the output channels of one group. Input that the task before has
 * transformed is not transformed again.
 */

/** Offsets of the rows of four tiles, and masks of what is not padding: [row][4], [row][4], [column][4]. */
const ROW_MASKS_AT: usize = 128;
const COLUMN_MASKS_AT: usize = 256;

/** Fills the tables of four tiles, and says whether any has padding. Rows of padding are read where there is something. */
function prepareQuad(p: ConvParams, records: usize, table: usize): bool {
  let inside = true;
  const length = p.tileSize + 2;
  for (let lane: usize = 0; lane < 4; lane++) {
    const tile = changetype<WinogradTile>(records + lane * RECORD_BYTES);
    const at = table + (lane << 2);
    const empty = tile.columnBegin >= tile.columnEnd;
    for (let i = 0; i < length; i++) {
      const to = at + (<usize>i << 4);
      const real = i >= tile.rowBegin && i < tile.rowEnd;
      store<usize>(to, real && !empty ? tile.input + <usize>(i * p.inWidth << 2) : 0);
      store<i32>(to, real ? -1 : 0, ROW_MASKS_AT);
      store<i32>(to, i >= tile.columnBegin && i < tile.columnEnd ? -1 : 0, COLUMN_MASKS_AT);
    }
    inside = inside && isInside(tile, p.tileSize);
  }
  return !inside;
}

/** Two floats of one tile, two of another. */
@inline
function loadPairs(first: usize, second: usize, offset: usize): v128 {
  return v128.load_lane<u64>(second + offset, v128.load_zero<u64>(first + offset), 1);
}

@inline
function even(x: v128, y: v128): v128 {
  return v128.shuffle<f32>(x, y, 0, 2, 4, 6);
}

@inline
function odd(x: v128, y: v128): v128 {
  return v128.shuffle<f32>(x, y, 1, 3, 5, 7);
}

@inline
function mask(x: v128, row: v128, columns: usize, column: usize): v128 {
  return v128.and(v128.and(x, row), v128.load(columns + (column << 4)));
}

/** All channels of four tiles, from the input to their points: `channelBytes` from one to the next. */
@inline
function transformQuad(
  size: i32, padded: bool, channels: i32, input: usize, planeBytes: usize, work: usize, to: usize, channelBytes: usize, positionBytes: usize,
): void {
  const length = size + 2;
  const table = work + QUAD_AT;
  const columns = table + COLUMN_MASKS_AT;
  for (let channel = channels; channel > 0; channel--) {
    let from = table;
    let first = work + FIRST_AT;
    for (let row = length; row > 0; row--) {
      const p0 = input + load<usize>(from), p1 = input + load<usize>(from, 4);
      const p2 = input + load<usize>(from, 8), p3 = input + load<usize>(from, 12);
      const a0 = loadPairs(p0, p1, 0), b0 = loadPairs(p2, p3, 0);
      let d0 = even(a0, b0), d1 = odd(a0, b0);
      const a1 = loadPairs(p0, p1, 8), b1 = loadPairs(p2, p3, 8);
      let d2 = even(a1, b1), d3 = odd(a1, b1);
      const rowMask = padded ? v128.load(from, ROW_MASKS_AT) : d0;
      if (padded) {
        d0 = mask(d0, rowMask, columns, 0); d1 = mask(d1, rowMask, columns, 1);
        d2 = mask(d2, rowMask, columns, 2); d3 = mask(d3, rowMask, columns, 3);
      }
      if (size == 2) {
        inputPoints2(d0, d1, d2, d3, first, 16);
      } else {
        const a2 = loadPairs(p0, p1, 16), b2 = loadPairs(p2, p3, 16);
        let d4 = even(a2, b2), d5 = odd(a2, b2);
        if (padded) { d4 = mask(d4, rowMask, columns, 4); d5 = mask(d5, rowMask, columns, 5); }
        if (size == 4) {
          inputPoints4(d0, d1, d2, d3, d4, d5, first, 16);
        } else {
          const a3 = loadPairs(p0, p1, 24), b3 = loadPairs(p2, p3, 24);
          let d6 = even(a3, b3), d7 = odd(a3, b3);
          if (padded) { d6 = mask(d6, rowMask, columns, 6); d7 = mask(d7, rowMask, columns, 7); }
          inputPoints6(d0, d1, d2, d3, d4, d5, d6, d7, first, 16);
        }
      }
      from += 16;
      first += length << 4;
    }
    first = work + FIRST_AT;
    let point = to;
    for (let column = length; column > 0; column--) {
      inputPass(size, first, length << 4, point, <usize>length * positionBytes);
      first += 16;
      point += positionBytes;
    }
    input += planeBytes;
    to += channelBytes;
  }
}

/** `rows` vectors, a vector a column and a lane a tile, to four tiles. */
@inline
function storeTiles(size: i32, y0: v128, y1: v128, y2: v128, y3: v128, y4: v128, y5: v128, t0: usize, t1: usize, t2: usize, t3: usize): void {
  const low01 = v128.shuffle<f32>(y0, y1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(y0, y1, 2, 6, 3, 7);
  if (size == 2) {
    v128.store_lane<u64>(t0, low01, 0); v128.store_lane<u64>(t1, low01, 1);
    v128.store_lane<u64>(t2, high01, 0); v128.store_lane<u64>(t3, high01, 1);
    return;
  }
  const low23 = v128.shuffle<f32>(y2, y3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(y2, y3, 2, 6, 3, 7);
  v128.store(t0, v128.shuffle<i64>(low01, low23, 0, 2)); v128.store(t1, v128.shuffle<i64>(low01, low23, 1, 3));
  v128.store(t2, v128.shuffle<i64>(high01, high23, 0, 2)); v128.store(t3, v128.shuffle<i64>(high01, high23, 1, 3));
  if (size == 4) return;
  const low45 = v128.shuffle<f32>(y4, y5, 0, 4, 1, 5), high45 = v128.shuffle<f32>(y4, y5, 2, 6, 3, 7);
  v128.store_lane<u64>(t0, low45, 0, 16); v128.store_lane<u64>(t1, low45, 1, 16);
  v128.store_lane<u64>(t2, high45, 0, 16); v128.store_lane<u64>(t3, high45, 1, 16);
}

@inline
function finishSum(x: v128, bias: v128, work: usize, p: ConvParams, plain: bool): v128 {
  if (plain) return clampVector(f32x4.add(x, bias), v128.load(work, 32), v128.load(work, 48));
  return finish(p.divisor == 1 ? f32x4.add(x, bias) : x, bias, p);
}

/** One output channel of `quads` times four tiles, from products to the output. */
@inline
function transformProducts(
  size: i32, p: ConvParams, plain: bool, quads: i32, products: usize, positionBytes: usize, bias: v128, work: usize, records: usize, output: usize,
): void {
  const length = size + 2;
  const rowBytes = <usize>p.outWidth << 2;
  for (let quad = quads; quad > 0; quad--) {
    let from = products;
    let first = work + FIRST_AT;
    for (let column = length; column > 0; column--) {
      outputPass(size, from, <usize>length * positionBytes, first, length << 4);
      from += positionBytes;
      first += 16;
    }
    first = work + FIRST_AT;
    let second = work + SECOND_AT;
    for (let row = size; row > 0; row--) {
      outputPass(size, first, 16, second, 16);
      first += length << 4;
      second += size << 4;
    }
    const tile0 = changetype<WinogradTile>(records), tile1 = changetype<WinogradTile>(records + RECORD_BYTES);
    const tile2 = changetype<WinogradTile>(records + 2 * RECORD_BYTES), tile3 = changetype<WinogradTile>(records + 3 * RECORD_BYTES);
    const whole = isWhole(tile0, size) && isWhole(tile1, size) && isWhole(tile2, size) && isWhole(tile3, size);
    const staged = work + STAGE_AT;
    const stagedBytes = <usize>(size * size) << 2;
    let t0 = whole ? output + tile0.output : staged;
    let t1 = whole ? output + tile1.output : staged + stagedBytes;
    let t2 = whole ? output + tile2.output : staged + 2 * stagedBytes;
    let t3 = whole ? output + tile3.output : staged + 3 * stagedBytes;
    const step = whole ? rowBytes : <usize>size << 2;
    second = work + SECOND_AT;
    for (let row = size; row > 0; row--) {
      const y0 = finishSum(v128.load(second), bias, work, p, plain), y1 = finishSum(v128.load(second, 16), bias, work, p, plain);
      const y2 = size > 2 ? finishSum(v128.load(second, 32), bias, work, p, plain) : y0;
      const y3 = size > 2 ? finishSum(v128.load(second, 48), bias, work, p, plain) : y0;
      const y4 = size > 4 ? finishSum(v128.load(second, 64), bias, work, p, plain) : y0;
      const y5 = size > 4 ? finishSum(v128.load(second, 80), bias, work, p, plain) : y0;
      storeTiles(size, y0, y1, y2, y3, y4, y5, t0, t1, t2, t3);
      t0 += step;
      t1 += step;
      t2 += step;
      t3 += step;
      second += size << 4;
    }
    if (!whole) copyTiles(size, records, staged, output, rowBytes);
    products += 16;
    records += 4 * RECORD_BYTES;
  }
}

/** What exists of four staged tiles, to where it belongs. */
@inline
function copyTiles(size: i32, records: usize, staged: usize, output: usize, rowBytes: usize): void {
  for (let lane = 0; lane < 4; lane++) {
    const tile = changetype<WinogradTile>(records);
    let to = output + tile.output;
    let from = staged;
    for (let row = tile.rows; row > 0; row--) {
      copyFloats(to, from, tile.columns);
      to += rowBytes;
      from += size << 2;
    }
    staged += <usize>(size * size) << 2;
    records += RECORD_BYTES;
  }
}

export function winogradInput2Nchw(padded: bool, channels: i32, input: usize, planeBytes: usize, work: usize, to: usize, channelBytes: usize, positionBytes: usize): void {
  if (padded) transformQuad(2, true, channels, input, planeBytes, work, to, channelBytes, positionBytes);
  else transformQuad(2, false, channels, input, planeBytes, work, to, channelBytes, positionBytes);
}
export function winogradInput4Nchw(padded: bool, channels: i32, input: usize, planeBytes: usize, work: usize, to: usize, channelBytes: usize, positionBytes: usize): void {
  if (padded) transformQuad(4, true, channels, input, planeBytes, work, to, channelBytes, positionBytes);
  else transformQuad(4, false, channels, input, planeBytes, work, to, channelBytes, positionBytes);
}
export function winogradInput6Nchw(padded: bool, channels: i32, input: usize, planeBytes: usize, work: usize, to: usize, channelBytes: usize, positionBytes: usize): void {
  if (padded) transformQuad(6, true, channels, input, planeBytes, work, to, channelBytes, positionBytes);
  else transformQuad(6, false, channels, input, planeBytes, work, to, channelBytes, positionBytes);
}
export function winogradOutput2Nchw(p: ConvParams, plain: bool, quads: i32, products: usize, positionBytes: usize, bias: usize, records: usize, output: usize): void {
  if (plain) transformProducts(2, p, true, quads, products, positionBytes, loadSplat(bias), p.scratch, records, output);
  else transformProducts(2, p, false, quads, products, positionBytes, loadSplat(bias), p.scratch, records, output);
}
export function winogradOutput4Nchw(p: ConvParams, plain: bool, quads: i32, products: usize, positionBytes: usize, bias: usize, records: usize, output: usize): void {
  if (plain) transformProducts(4, p, true, quads, products, positionBytes, loadSplat(bias), p.scratch, records, output);
  else transformProducts(4, p, false, quads, products, positionBytes, loadSplat(bias), p.scratch, records, output);
}
export function winogradOutput6Nchw(p: ConvParams, plain: bool, quads: i32, products: usize, positionBytes: usize, bias: usize, records: usize, output: usize): void {
  if (plain) transformProducts(6, p, true, quads, products, positionBytes, loadSplat(bias), p.scratch, records, output);
  else transformProducts(6, p, false, quads, products, positionBytes, loadSplat(bias), p.scratch, records, output);
}

export function convWinogradNchw(p: ConvParams, taskBegin: i32, taskEnd: i32): void {
  const size = p.tileSize;
  const positions = (size + 2) * (size + 2);
  const tiles = p.batch * ((p.outHeight + size - 1) / size) * ((p.outWidth + size - 1) / size);
  const depth = p.groupInChannels;
  const rowPanels = panelCount(p.groupOutChannels);
  const parts = (rowPanels + PART_PANELS - 1) / PART_PANELS;
  const pixels = p.outHeight * p.outWidth;
  const outChannels = p.groups * p.groupOutChannels;
  const weights = p.filter + (<usize>((outChannels + 3) & ~3) << 2);
  const work = p.scratch;
  const records = work + WORK_BYTES;
  const points = records + <usize>((p.pixelBlock + 3) & ~3) * RECORD_BYTES;
  const planeBytes = <usize>p.inPlaneStride << 2;
  const outPlaneBytes = <usize>pixels << 2;
  const none = p.activation == Activation.None;
  const plain = p.divisor == 1 && (none || p.activation == Activation.Clamp);
  const larger = p.groupOutChannels - rowPanels * (p.groupOutChannels / rowPanels);
  const run = prepareTiles(work, none ? -Infinity : p.lower, none ? Infinity : p.upper);
  run.depth = depth;
  run.bStep = 0;
  run.fromBytes = 0;
  run.fromStep = 0;
  run.clamp = 0;
  let transformed = -1;
  for (let task = taskBegin; task < taskEnd; task++) {
    const source = task / parts;
    const part = task - source * parts;
    const block = source / p.groups;
    const group = source - block * p.groups;
    const begin = block * p.pixelBlock;
    const count = min(p.pixelBlock, tiles - begin);
    const quads = (count + 3) >> 2;
    const panelBytes = <usize>depth << 5;
    const positionBytes = oddLines(<usize>quads * (<usize>depth << 4));
    const products = points + <usize>positions * positionBytes;
    const cBytes = <usize>quads << 4;
    if (source != transformed) {
      locateTiles(p, begin, count, (quads << 2) - count, 1, 1, outChannels * pixels, records);
      const input = p.input + (<usize>(group * depth * p.inPlaneStride) << 2);
      for (let quad = 0; quad < quads; quad++) {
        const padded = prepareQuad(p, records + <usize>(quad << 2) * RECORD_BYTES, work + QUAD_AT);
        const step: usize = (quad | 1) < quads || quad & 1 ? 32 : 16;
        const to = points + <usize>(quad >> 1) * panelBytes + (quad & 1 ? 16 : 0);
        switch (size) {
          case 2: winogradInput2Nchw(padded, depth, input, planeBytes, work, to, step, positionBytes); break;
          case 4: winogradInput4Nchw(padded, depth, input, planeBytes, work, to, step, positionBytes); break;
          default: winogradInput6Nchw(padded, depth, input, planeBytes, work, to, step, positionBytes);
        }
      }
      transformed = source;
    }
    const productBytes = oddLines(<usize>(PART_PANELS * ROWS) * cBytes);
    const firstPanel = part * PART_PANELS, lastPanel = min(rowPanels, firstPanel + PART_PANELS);
    const firstRow = panelBegin(p.groupOutChannels, rowPanels, firstPanel), lastRow = panelBegin(p.groupOutChannels, rowPanels, lastPanel);
    const channel = group * p.groupOutChannels + firstRow;
    const partRows = lastRow - firstRow;
    run.cBytes = cBytes;
    let a = weights + (<usize>(channel * positions * depth) << 2);
    let b = points;
    let c = products;
    for (let position = positions; position > 0; position--) {
      for (let quad = 0; quad < quads; quad += 2) {
        // Panels of as many rows are one run: the larger ones first.
        for (let panel = firstPanel; panel < lastPanel; ) {
          const row = panelBegin(p.groupOutChannels, rowPanels, panel) - firstRow;
          const rows = panelBegin(p.groupOutChannels, rowPanels, panel + 1) - firstRow - row;
          const next = panel < larger ? min(larger, lastPanel) : lastPanel;
          run.aStep = <usize>(rows * depth) << 2;
          run.cStep = <usize>rows * cBytes;
          tileRun(
            run, rows, min(COLUMNS, (quads - quad) << 2), next - panel, a + (<usize>(row * depth) << 2), b + <usize>(quad >> 1) * panelBytes, work,
            c + <usize>row * cBytes + (<usize>quad << 4), work,
          );
          panel = next;
        }
      }
      a += <usize>(partRows * depth) << 2;
      b += positionBytes;
      c += productBytes;
    }
    for (let i = 0; i < partRows; i++) {
      const from = products + <usize>i * cBytes;
      const bias = p.filter + (<usize>(channel + i) << 2);
      const output = p.output + <usize>(channel + i) * outPlaneBytes;
      switch (size) {
        case 2: winogradOutput2Nchw(p, plain, quads, from, productBytes, bias, records, output); break;
        case 4: winogradOutput4Nchw(p, plain, quads, from, productBytes, bias, records, output); break;
        default: winogradOutput6Nchw(p, plain, quads, from, productBytes, bias, records, output);
      }
    }
  }
}
