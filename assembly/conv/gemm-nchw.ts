import { panelBegin, panelCount, prepareTiles, tileRun } from '../gemm/tile';
import { COLUMNS, ConvParams, TILE_SCRATCH_BYTES } from '../generated/abi';
import { clampsInRegisters, finishRows, needsFinish } from './finish';
import { locateWindows } from './windows';

/**
 * Convolution as a matrix product, NCHW: rows are output channels, columns output pixels.
 *
 *   filter  packed rows (filter.ts)              a block of pixels  [panel][depth block][8]
 *   output  channels × pixels, as they lie in memory
 *
 * Only a block of `pixelBlock` pixels by `depthBlock` products is ever unrolled, into scratch that stays in cache.
 *
 *   scratch  tiles (tile.ts) | byte offset of each pixel's window | how each four of them lie | panels
 *
 * A task is a block of pixels of one group of one image.
 */

/** Four pixels lie side by side, two apart (read as eight, every other one kept), or anyhow. */
namespace Quad {
  export const Adjacent: i32 = 0;
  export const Alternate: i32 = 1;
  export const Scattered: i32 = 2;
}

/** Offsets of `count` pixels from `begin` on; past the end the last one again, so that a full quad can always be read. */
function locate(p: ConvParams, begin: i32, count: i32, offsets: usize, kinds: usize): void {
  const quads = (count + 3) >> 2;
  locateWindows(p, begin, count, offsets);
  const last = load<i32>(offsets + (<usize>(count - 1) << 2));
  for (let i = count; i < quads << 2; i++) store<i32>(offsets + (<usize>i << 2), last);
  for (let quad = 0; quad < quads; quad++) {
    const at = offsets + (<usize>quad << 4);
    const step = load<i32>(at, 4) - load<i32>(at);
    const even = load<i32>(at, 8) - load<i32>(at, 4) == step && load<i32>(at, 12) - load<i32>(at, 8) == step;
    store<i32>(kinds + (<usize>quad << 2), even && step == 4 ? Quad.Adjacent : even && step == 8 ? Quad.Alternate : Quad.Scattered);
  }
}

@inline
function loadQuad(source: usize, offsets: usize, kind: i32): v128 {
  const first = source + load<u32>(offsets);
  if (kind == Quad.Adjacent) return v128.load(first);
  if (kind == Quad.Alternate) return v128.shuffle<f32>(v128.load(first), v128.load(first, 12), 0, 2, 5, 7);
  const two = v128.load_lane<f32>(source + load<u32>(offsets, 4), v128.load_zero<u32>(first), 1);
  const three = v128.load_lane<f32>(source + load<u32>(offsets, 8), two, 2);
  return v128.load_lane<f32>(source + load<u32>(offsets, 12), three, 3);
}

/** The windows of a block of pixels, products `depthBegin` up to `depthEnd` of each, into panels. */
function packPixels(
  p: ConvParams, group: usize, depthBegin: i32, depthEnd: i32, count: i32, offsets: usize, kinds: usize, panels: usize, panelBytes: usize,
): void {
  const quads = (count + 3) >> 2;
  const pairs = quads >> 1;
  const channels = p.groupInChannels;
  const planeBytes = <usize>p.inPlaneStride << 2;
  const tap = depthBegin / channels;
  let channel = depthBegin - tap * channels;
  let z = tap / (p.kernelHeight * p.kernelWidth);
  let y = tap / p.kernelWidth - z * p.kernelHeight;
  let x = tap % p.kernelWidth;
  let source: usize = 0;
  for (let depth = depthBegin, located = false; depth < depthEnd; depth++) {
    if (!located) {
      source = group + (<usize>(channel * p.inPlaneStride + z * p.tapDepthStride + y * p.tapHeightStride + x * p.tapWidthStride) << 2);
      located = true;
    }
    let to = panels + (<usize>(depth - depthBegin) << 5);
    let at = offsets;
    let kind = kinds;
    for (let pair = pairs; pair > 0; pair--) {
      v128.store(to, loadQuad(source, at, load<i32>(kind)));
      v128.store(to, loadQuad(source, at + 16, load<i32>(kind, 4)), 16);
      to += panelBytes;
      at += 32;
      kind += 8;
    }
    if (quads & 1) v128.store(panels + <usize>pairs * panelBytes + (<usize>(depth - depthBegin) << 4), loadQuad(source, at, load<i32>(kind)));
    source += planeBytes;
    if (++channel == channels) {
      channel = 0;
      located = false;
      if (++x == p.kernelWidth) {
        x = 0;
        if (++y == p.kernelHeight) {
          y = 0;
          z++;
        }
      }
    }
  }
}

export function convGemmNchw(p: ConvParams, taskBegin: i32, taskEnd: i32): void {
  const pixels = p.outDepth * p.outHeight * p.outWidth;
  const blocks = (pixels + p.pixelBlock - 1) / p.pixelBlock;
  const depth = p.kernelDepth * p.kernelHeight * p.kernelWidth * p.groupInChannels;
  const rowPanels = panelCount(p.groupOutChannels);
  const weights = p.filter + (<usize>(p.groups * p.groupOutChannels) << 5);
  const cBytes = <usize>pixels << 2;
  const offsets = p.scratch + TILE_SCRATCH_BYTES;
  const kinds = offsets + (<usize>p.pixelBlock << 2);
  const panels = kinds + <usize>p.pixelBlock;
  // 64 bytes more than the panel needs, so that panels do not fall on the same cache sets.
  const panelBytes = (<usize>min(depth, p.depthBlock) << 5) + 64;
  const lastClamp = clampsInRegisters(p) ? p.scratch + 32 : 0;
  const biasFirst = p.divisor == 1;
  const finishes = needsFinish(p);
  const run = prepareTiles(p.scratch, p.lower, p.upper);
  run.aStep = 0;
  run.bStep = panelBytes;
  run.cBytes = cBytes;
  run.cStep = COLUMNS << 2;
  for (let task = taskBegin; task < taskEnd; task++) {
    const block = task % blocks;
    const group = task / blocks % p.groups;
    const image = task / blocks / p.groups;
    const begin = block * p.pixelBlock;
    const count = min(p.pixelBlock, pixels - begin);
    const input = p.input + (<usize>(image * p.inImageStride + group * p.inGroupStride) << 2);
    const output = p.output + (<usize>((image * p.groups + group) * p.groupOutChannels * pixels + begin) << 2);
    const whole = count / COLUMNS;
    const rest = count - whole * COLUMNS;
    locate(p, begin, count, offsets, kinds);
    for (let depthBegin = 0; depthBegin < depth; depthBegin += p.depthBlock) {
      const depthEnd = min(depth, depthBegin + p.depthBlock);
      const last = depthEnd == depth;
      packPixels(p, input, depthBegin, depthEnd, count, offsets, kinds, panels, panelBytes);
      const resume = depthBegin > 0;
      run.depth = depthEnd - depthBegin;
      run.fromBytes = resume ? cBytes : biasFirst ? 32 : 0;
      run.fromStep = resume ? run.cStep : 0;
      run.clamp = last ? lastClamp : 0;
      for (let panel = 0; panel < rowPanels; panel++) {
        const row = panelBegin(p.groupOutChannels, rowPanels, panel);
        const rows = panelBegin(p.groupOutChannels, rowPanels, panel + 1) - row;
        const a = weights + (<usize>((group * p.groupOutChannels + row) * depth + depthBegin * rows) << 2);
        const bias = p.filter + (<usize>(group * p.groupOutChannels + row) << 5);
        const c = output + <usize>row * cBytes;
        const from = resume ? c : biasFirst ? bias : p.scratch;
        tileRun(run, rows, COLUMNS, whole, a, panels, from, c, p.scratch);
        if (rest > 0) {
          const done = <usize>whole * run.cStep;
          tileRun(run, rows, rest, 1, a, panels + <usize>whole * panelBytes, resume ? c + done : from, c + done, p.scratch);
        }
        if (last && finishes) finishRows(p, c, cBytes, rows, count, bias, 32);
      }
    }
  }
}
