import { panelBegin, panelCount, prepareTiles, tileRun } from '../gemm/tile';
import { Activation, COLUMNS, ConvParams, PART_PANELS, RECORD_BYTES, WORK_BYTES } from '../generated/abi';
import { clampVector, storeTail } from '../simd';
import { finish } from './finish';
import { inputPass, outputPass } from './winograd-points';
import { FIRST_AT, isInside, locateTiles, oddLines, SECOND_AT, STAGE_AT, WinogradTile } from './winograd-tiles';

/**
 * Winograd convolution, NHWC: a lane is a channel. For each position of the transformed tile one matrix product, whose rows
 * are tiles and whose columns are output channels.
 *
 *   filter    bias [channel] | [groups][part][position][panel of the part][channel][8, or 4 in the last panel]   (winograd-filter.ts)
 *   input     [position][panel][channel][tiles of the panel: 5 or fewer]                                         in scratch
 *   products  [position][tile][channels of the part]                                                             in scratch
 *
 *   scratch   work (winograd-tiles.ts) | records of the tiles | input | products
 *
 * A task is a block of tiles and a part, four panels, of the output channels of one group. Input that the task before has
 * transformed is not transformed again.
 */

/** One tile of four channels into zeros: `[row][column][4]`. */
@inline
function stageTile(tile: WinogradTile, length: i32, input: usize, pixelBytes: usize, rowBytes: usize, staged: usize): void {
  for (let row = tile.rowBegin; row < tile.rowEnd; row++) {
    let from = input + <usize>row * rowBytes + <usize>tile.columnBegin * pixelBytes;
    let to = staged + (<usize>(row * length + tile.columnBegin) << 4);
    for (let column = tile.columnEnd - tile.columnBegin; column > 0; column--) {
      v128.store(to, v128.load(from));
      from += pixelBytes;
      to += 16;
    }
  }
}

/** All channels of one tile, from the input to their points, `rows` floats from one channel to the next. */
@inline
function transformTile(
  size: i32, tile: WinogradTile, channels: i32, input: usize, pixelBytes: usize, rowBytes: usize, work: usize, to: usize, rows: i32, positionBytes: usize,
): void {
  const length = size + 2;
  const staged = work + STAGE_AT;
  const inside = isInside(tile, size);
  const step = inside ? pixelBytes : 16;
  const stepRow = inside ? rowBytes : <usize>length << 4;
  const channelBytes = <usize>rows << 2;
  if (!inside) memory.fill(staged, 0, <usize>(length * length) << 4);
  for (let channel = channels; channel > 0; channel -= 4) {
    let from = input;
    if (!inside) {
      stageTile(tile, length, input, pixelBytes, rowBytes, staged);
      from = staged;
    }
    let first = work + FIRST_AT;
    for (let row = length; row > 0; row--) {
      inputPass(size, from, step, first, 16);
      from += stepRow;
      first += length << 4;
    }
    first = work + FIRST_AT;
    let second = work + SECOND_AT;
    for (let column = length; column > 0; column--) {
      inputPass(size, first, length << 4, second, length << 4);
      first += 16;
      second += 16;
    }
    second = work + SECOND_AT;
    let point = to;
    if (channel >= 4) {
      for (let position = length * length; position > 0; position--) {
        const x = v128.load(second);
        v128.store_lane<f32>(point, x, 0);
        v128.store_lane<f32>(point + channelBytes, x, 1);
        v128.store_lane<f32>(point + 2 * channelBytes, x, 2);
        v128.store_lane<f32>(point + 3 * channelBytes, x, 3);
        second += 16;
        point += positionBytes;
      }
    } else {
      for (let position = length * length; position > 0; position--) {
        for (let i = 0; i < channel; i++) store<f32>(point + <usize>i * channelBytes, load<f32>(second + (<usize>i << 2)));
        second += 16;
        point += positionBytes;
      }
    }
    input += 16;
    to += 4 * channelBytes;
  }
}

@inline
function finishSum(x: v128, bias: v128, p: ConvParams, plain: bool): v128 {
  if (plain) return clampVector(f32x4.add(x, bias), v128.load(p.scratch, 32), v128.load(p.scratch, 48));
  return finish(p.divisor == 1 ? f32x4.add(x, bias) : x, bias, p);
}

/** `channels` output channels of one tile, from products to the output. */
@inline
function transformProducts(
  size: i32, p: ConvParams, plain: bool, channels: i32, products: usize, positionBytes: usize, bias: usize, tile: WinogradTile, output: usize,
): void {
  const length = size + 2;
  const pixelBytes = <usize>(p.groups * p.groupOutChannels) << 2;
  const rowBytes = <usize>p.outWidth * pixelBytes;
  const work = p.scratch;
  for (let channel = channels; channel > 0; channel -= 4) {
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
    second = work + SECOND_AT;
    const offset = v128.load(bias);
    let to = output;
    for (let row = tile.rows; row > 0; row--) {
      let at = second;
      let pixel = to;
      for (let column = tile.columns; column > 0; column--) {
        const y = finishSum(v128.load(at), offset, p, plain);
        if (channel >= 4) v128.store(pixel, y);
        else storeTail(pixel, y, channel);
        at += 16;
        pixel += pixelBytes;
      }
      second += size << 4;
      to += rowBytes;
    }
    products += 16;
    bias += 16;
    output += 16;
  }
}

export function winogradInput2Nhwc(tile: WinogradTile, channels: i32, input: usize, pixelBytes: usize, rowBytes: usize, work: usize, to: usize, rows: i32, positionBytes: usize): void {
  transformTile(2, tile, channels, input, pixelBytes, rowBytes, work, to, rows, positionBytes);
}
export function winogradInput4Nhwc(tile: WinogradTile, channels: i32, input: usize, pixelBytes: usize, rowBytes: usize, work: usize, to: usize, rows: i32, positionBytes: usize): void {
  transformTile(4, tile, channels, input, pixelBytes, rowBytes, work, to, rows, positionBytes);
}
export function winogradInput6Nhwc(tile: WinogradTile, channels: i32, input: usize, pixelBytes: usize, rowBytes: usize, work: usize, to: usize, rows: i32, positionBytes: usize): void {
  transformTile(6, tile, channels, input, pixelBytes, rowBytes, work, to, rows, positionBytes);
}
export function winogradOutput2Nhwc(p: ConvParams, plain: bool, channels: i32, products: usize, positionBytes: usize, bias: usize, tile: WinogradTile, output: usize): void {
  if (plain) transformProducts(2, p, true, channels, products, positionBytes, bias, tile, output);
  else transformProducts(2, p, false, channels, products, positionBytes, bias, tile, output);
}
export function winogradOutput4Nhwc(p: ConvParams, plain: bool, channels: i32, products: usize, positionBytes: usize, bias: usize, tile: WinogradTile, output: usize): void {
  if (plain) transformProducts(4, p, true, channels, products, positionBytes, bias, tile, output);
  else transformProducts(4, p, false, channels, products, positionBytes, bias, tile, output);
}
export function winogradOutput6Nhwc(p: ConvParams, plain: bool, channels: i32, products: usize, positionBytes: usize, bias: usize, tile: WinogradTile, output: usize): void {
  if (plain) transformProducts(6, p, true, channels, products, positionBytes, bias, tile, output);
  else transformProducts(6, p, false, channels, products, positionBytes, bias, tile, output);
}

export function convWinogradNhwc(p: ConvParams, taskBegin: i32, taskEnd: i32): void {
  const size = p.tileSize;
  const positions = (size + 2) * (size + 2);
  const tiles = p.batch * ((p.outHeight + size - 1) / size) * ((p.outWidth + size - 1) / size);
  const depth = p.groupInChannels;
  const inChannels = p.groups * depth;
  const outChannels = p.groups * p.groupOutChannels;
  const groupColumns = (p.groupOutChannels + 3) & ~3;
  const partColumns = PART_PANELS * COLUMNS;
  const parts = (groupColumns + partColumns - 1) / partColumns;
  const weights = p.filter + (<usize>((outChannels + 3) & ~3) << 2);
  const work = p.scratch;
  const records = work + WORK_BYTES;
  const points = records + <usize>((p.pixelBlock + 3) & ~3) * RECORD_BYTES;
  const pixelBytes = <usize>inChannels << 2;
  const rowBytes = <usize>p.inWidth * pixelBytes;
  const cBytes = <usize>partColumns << 2;
  const none = p.activation == Activation.None;
  const plain = p.divisor == 1 && (none || p.activation == Activation.Clamp);
  const run = prepareTiles(work, none ? -Infinity : p.lower, none ? Infinity : p.upper);
  run.depth = depth;
  run.aStep = 0;
  run.bStep = <usize>(COLUMNS * depth) << 2;
  run.fromBytes = 0;
  run.fromStep = 0;
  run.cStep = COLUMNS << 2;
  run.cBytes = cBytes;
  run.clamp = 0;
  let transformed = -1;
  for (let task = taskBegin; task < taskEnd; task++) {
    const source = task / parts;
    const part = task - source * parts;
    const block = source / p.groups;
    const group = source - block * p.groups;
    const begin = block * p.pixelBlock;
    const count = min(p.pixelBlock, tiles - begin);
    const rowPanels = panelCount(count);
    const positionBytes = oddLines(<usize>(count * depth) << 2);
    const productBytes = oddLines(<usize>count * cBytes);
    const products = points + <usize>positions * positionBytes;
    if (source != transformed) {
      locateTiles(p, begin, count, 0, inChannels, outChannels, p.outHeight * p.outWidth * outChannels, records);
      const input = p.input + (<usize>(group * depth) << 2);
      for (let panel = 0; panel < rowPanels; panel++) {
        const row = panelBegin(count, rowPanels, panel);
        const rows = panelBegin(count, rowPanels, panel + 1) - row;
        const to = points + (<usize>(row * depth) << 2);
        for (let i = 0; i < rows; i++) {
          const tile = changetype<WinogradTile>(records + <usize>(row + i) * RECORD_BYTES);
          const from = input + tile.input, lane = to + (<usize>i << 2);
          switch (size) {
            case 2: winogradInput2Nhwc(tile, depth, from, pixelBytes, rowBytes, work, lane, rows, positionBytes); break;
            case 4: winogradInput4Nhwc(tile, depth, from, pixelBytes, rowBytes, work, lane, rows, positionBytes); break;
            default: winogradInput6Nhwc(tile, depth, from, pixelBytes, rowBytes, work, lane, rows, positionBytes);
          }
        }
      }
      transformed = source;
    }
    const firstColumn = part * partColumns;
    const columns = min(partColumns, groupColumns - firstColumn);
    const whole = columns / COLUMNS;
    let a = points;
    let b = weights + (<usize>((group * groupColumns + firstColumn) * positions * depth) << 2);
    let c = products;
    for (let position = positions; position > 0; position--) {
      for (let panel = 0; panel < rowPanels; panel++) {
        const row = panelBegin(count, rowPanels, panel);
        const rows = panelBegin(count, rowPanels, panel + 1) - row;
        const from = a + (<usize>(row * depth) << 2);
        const to = c + <usize>row * cBytes;
        tileRun(run, rows, COLUMNS, whole, from, b, work, to, work);
        if (columns & 4) tileRun(run, rows, 4, 1, from, b + <usize>whole * run.bStep, work, to + <usize>whole * run.cStep, work);
      }
      a += positionBytes;
      b += <usize>(columns * depth) << 2;
      c += productBytes;
    }
    const channel = group * p.groupOutChannels + firstColumn;
    const channels = min(columns, p.groupOutChannels - firstColumn);
    const bias = p.filter + (<usize>channel << 2);
    for (let i = 0; i < count; i++) {
      const tile = changetype<WinogradTile>(records + <usize>i * RECORD_BYTES);
      const from = products + <usize>i * cBytes;
      const to = p.output + tile.output + (<usize>channel << 2);
      switch (size) {
        case 2: winogradOutput2Nhwc(p, plain, channels, from, productBytes, bias, tile, to); break;
        case 4: winogradOutput4Nhwc(p, plain, channels, from, productBytes, bias, tile, to); break;
        default: winogradOutput6Nhwc(p, plain, channels, from, productBytes, bias, tile, to);
      }
    }
  }
}
