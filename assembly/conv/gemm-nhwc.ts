import { panelBegin, panelCount, prepareTiles, tileRun } from '../gemm/tile';
import { COLUMNS, ConvParams, TILE_SCRATCH_BYTES } from '../generated/abi';
import { clampsInRegisters, finishColumns, needsFinish } from './finish';
import { locateWindows } from './windows';

/**
 * Convolution as a matrix product, NHWC: rows are output pixels, columns output channels.
 *
 *   a block of pixels  [panel][depth block][rows of the panel]     filter  packed columns (filter.ts)
 *   output  pixels × channels, as they lie in memory
 *
 *   scratch  tiles (tile.ts) | byte offset of each pixel's window | panels
 *
 * A task is a block of pixels of one group of one image.
 */

/**
 * `length` floats of up to five pixels, transposed: `to[k * rows + row] = pixel[row][k]`. Vectors are stored whole where
 * a row is narrower; what they spill is overwritten by the next, and the last one's lies in the panel's slack.
 */
function packRun(source: usize, offsets: usize, rows: i32, length: i32, to: usize): void {
  const p0 = source + load<u32>(offsets);
  const p1 = rows > 1 ? source + load<u32>(offsets, 4) : p0;
  const p2 = rows > 2 ? source + load<u32>(offsets, 8) : p0;
  const p3 = rows > 3 ? source + load<u32>(offsets, 12) : p0;
  const p4 = rows > 4 ? source + load<u32>(offsets, 16) : p0;
  const rowBytes = <usize>rows << 2;
  let k: usize = 0;
  const bytes = <usize>length << 2;
  for (; k + 16 <= bytes; k += 16) {
    const x0 = v128.load(p0 + k), x1 = v128.load(p1 + k), x2 = v128.load(p2 + k), x3 = v128.load(p3 + k);
    const low01 = v128.shuffle<f32>(x0, x1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(x0, x1, 2, 6, 3, 7);
    const low23 = v128.shuffle<f32>(x2, x3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(x2, x3, 2, 6, 3, 7);
    const fifth = v128.load(p4 + k);
    v128.store(to, v128.shuffle<i64>(low01, low23, 0, 2));
    if (rows > 4) v128.store_lane<f32>(to, fifth, 0, 16);
    to += rowBytes;
    v128.store(to, v128.shuffle<i64>(low01, low23, 1, 3));
    if (rows > 4) v128.store_lane<f32>(to, fifth, 1, 16);
    to += rowBytes;
    v128.store(to, v128.shuffle<i64>(high01, high23, 0, 2));
    if (rows > 4) v128.store_lane<f32>(to, fifth, 2, 16);
    to += rowBytes;
    v128.store(to, v128.shuffle<i64>(high01, high23, 1, 3));
    if (rows > 4) v128.store_lane<f32>(to, fifth, 3, 16);
    to += rowBytes;
  }
  for (; k < bytes; k += 4) {
    store<f32>(to, load<f32>(p0 + k));
    if (rows > 1) store<f32>(to, load<f32>(p1 + k), 4);
    if (rows > 2) store<f32>(to, load<f32>(p2 + k), 8);
    if (rows > 3) store<f32>(to, load<f32>(p3 + k), 12);
    if (rows > 4) store<f32>(to, load<f32>(p4 + k), 16);
    to += rowBytes;
  }
}

/** Products `depthBegin` up to `depthEnd` of one panel's pixels. A run is what lies side by side in the input. */
function packPixels(p: ConvParams, group: usize, depthBegin: i32, depthEnd: i32, offsets: usize, rows: i32, to: usize): void {
  const wholeRow = p.tapWidthStride == p.groupInChannels;
  const run = wholeRow ? p.kernelWidth * p.groupInChannels : p.groupInChannels;
  const runsInRow = wholeRow ? 1 : p.kernelWidth;
  for (let depth = depthBegin; depth < depthEnd; ) {
    const index = depth / run;
    const skip = depth - index * run;
    const row = index / runsInRow;
    const x = index - row * runsInRow;
    const z = row / p.kernelHeight;
    const y = row - z * p.kernelHeight;
    const length = min(run - skip, depthEnd - depth);
    const source = group + (<usize>(z * p.tapDepthStride + y * p.tapHeightStride + x * p.tapWidthStride + skip) << 2);
    packRun(source, offsets, rows, length, to);
    to += <usize>(length * rows) << 2;
    depth += length;
  }
}

export function convGemmNhwc(p: ConvParams, taskBegin: i32, taskEnd: i32): void {
  const pixels = p.outDepth * p.outHeight * p.outWidth;
  const blocks = (pixels + p.pixelBlock - 1) / p.pixelBlock;
  const depth = p.kernelDepth * p.kernelHeight * p.kernelWidth * p.groupInChannels;
  const groupColumns = (p.groupOutChannels + 3) & ~3;
  const biasLength = (p.groupOutChannels + 7) & ~7;
  const outChannels = p.groups * p.groupOutChannels;
  const weights = p.filter + (<usize>p.groups * biasLength << 2);
  const cBytes = <usize>outChannels << 2;
  const offsets = p.scratch + TILE_SCRATCH_BYTES;
  const panels = offsets + (<usize>p.pixelBlock << 2);
  const slack: usize = 64;
  const lastClamp = clampsInRegisters(p) ? p.scratch + 32 : 0;
  const biasFirst = p.divisor == 1;
  const run = prepareTiles(p.scratch, p.lower, p.upper);
  run.bStep = 0;
  run.cBytes = cBytes;
  for (let task = taskBegin; task < taskEnd; task++) {
    const block = task % blocks;
    const group = task / blocks % p.groups;
    const image = task / blocks / p.groups;
    const begin = block * p.pixelBlock;
    const count = min(p.pixelBlock, pixels - begin);
    const rowPanels = panelCount(count);
    const larger = count - rowPanels * (count / rowPanels);
    const input = p.input + (<usize>(image * p.inImageStride + group * p.inGroupStride) << 2);
    const output = p.output + (<usize>((image * pixels + begin) * outChannels + group * p.groupOutChannels) << 2);
    const bias = p.filter + (<usize>group * biasLength << 2);
    locateWindows(p, begin, count, offsets);
    for (let depthBegin = 0; depthBegin < depth; depthBegin += p.depthBlock) {
      const depthEnd = min(depth, depthBegin + p.depthBlock);
      const depthCount = depthEnd - depthBegin;
      const clamp = depthEnd == depth ? lastClamp : 0;
      for (let panel = 0; panel < rowPanels; panel++) {
        const row = panelBegin(count, rowPanels, panel);
        const rows = panelBegin(count, rowPanels, panel + 1) - row;
        packPixels(p, input, depthBegin, depthEnd, offsets + (<usize>row << 2), rows, panels + (<usize>(row * depthCount) << 2) + <usize>panel * slack);
      }
      const resume = depthBegin > 0;
      run.depth = depthCount;
      run.fromBytes = resume ? cBytes : 0;
      run.clamp = clamp;
      for (let column = 0; column < p.groupOutChannels; column += COLUMNS) {
        const width = min(COLUMNS, groupColumns - column);
        const columns = min(COLUMNS, p.groupOutChannels - column);
        const begin = biasFirst ? bias + (<usize>column << 2) : p.scratch;
        const b = weights + (<usize>((group * groupColumns + column) * depth + depthBegin * width) << 2);
        // Panels of as many rows are one run: the larger ones first.
        for (let panel = 0; panel < rowPanels; ) {
          const row = panelBegin(count, rowPanels, panel);
          const rows = panelBegin(count, rowPanels, panel + 1) - row;
          const next = panel < larger ? larger : rowPanels;
          const a = panels + (<usize>(row * depthCount) << 2) + <usize>panel * slack;
          const c = output + <usize>row * cBytes + (<usize>column << 2);
          run.aStep = (<usize>(rows * depthCount) << 2) + slack;
          run.cStep = <usize>rows * cBytes;
          run.fromStep = resume ? run.cStep : 0;
          tileRun(run, rows, columns, next - panel, a, b, resume ? c : begin, c, p.scratch);
          panel = next;
        }
      }
    }
    if (needsFinish(p)) finishColumns(p, output, cBytes, count, p.groupOutChannels, bias);
  }
}
