import { ConvParams, DIRECT_HEADER_BYTES } from '../generated/abi';
import { clampsInRegisters, finishColumns, needsFinish } from './finish';
import { convPixels1x1, convPixels1x4, convPixels2x4, convPixels2x4k3, convPixels2x4k3s2, convPixels2x4shared, Pixels } from './pixels';

/**
 * Direct convolution over channels, for few channels a group: depthwise with any multiplier, and groups too narrow for a
 * matrix product.
 *
 *   filter   bias [outChannels, up to a multiple of 4], then [vector of outChannels][kernel row][kernel column][channel of the group][4]
 *
 * A task is a block of output rows of one image. The input rows that it needs are copied into scratch once, inside their
 * border of zeros, and each input channel as often as there are output channels that see it, so that vectors of inputs
 * and of results hold the same channels:
 *
 *   strip    [channel of the group][row][column][outChannel]
 *   scratch  clamp bounds (8 floats) | zeros (8) | pixels.ts' block (16) | offsets of a kernel row's taps | strip
 *
 * One channel that all output channels see is not repeated: it is read four times into a vector. Where there is no border and
 * nothing to repeat, the input itself is the strip.
 */

/** One pixel's channel `index` of each group, `groupOutChannels` times each. */
function spread(p: ConvParams, from: usize, to: usize): void {
  const groupBytes = <usize>p.groupInChannels << 2;
  for (let group = p.groups; group > 0; group--) {
    const value = load<f32>(from);
    for (let i = p.groupOutChannels; i > 0; i--) {
      store<f32>(to, value);
      to += 4;
    }
    from += groupBytes;
  }
}

function fillStrip(p: ConvParams, image: usize, firstRow: i32, rows: i32, columns: i32, pixelLength: i32, strip: usize): void {
  const inChannels = p.groups * p.groupInChannels;
  const pixelBytes = <usize>pixelLength << 2;
  const asItIs = p.groupInChannels == 1 && pixelLength == inChannels;
  const begin = min(p.left, columns);
  const end = max(begin, min(columns, p.left + p.inWidth));
  for (let channel = 0; channel < p.groupInChannels; channel++) {
    for (let row = firstRow; row < firstRow + rows; row++) {
      if (row < 0 || row >= p.inHeight) {
        memory.fill(strip, 0, <usize>columns * pixelBytes);
      } else {
        const from = image + (<usize>(row * p.inWidth * inChannels + channel) << 2);
        memory.fill(strip, 0, <usize>begin * pixelBytes);
        if (asItIs) memory.copy(strip + <usize>begin * pixelBytes, from, <usize>(end - begin) * pixelBytes);
        else for (let x = begin; x < end; x++) spread(p, from + (<usize>((x - p.left) * inChannels) << 2), strip + <usize>x * pixelBytes);
        memory.fill(strip + <usize>end * pixelBytes, 0, <usize>(columns - end) * pixelBytes);
      }
      strip += <usize>columns * pixelBytes;
    }
  }
}

function fillOffsets(p: ConvParams, offsets: usize, channelBytes: i32, pixelBytes: i32): void {
  for (let x = 0; x < p.kernelWidth; x++) {
    for (let channel = 0; channel < p.groupInChannels; channel++) {
      store<u32>(offsets, channel * channelBytes + x * p.dilationWidth * pixelBytes);
      offsets += 4;
    }
  }
}

export function convDirectNhwc(p: ConvParams, taskBegin: i32, taskEnd: i32): void {
  const taps = p.kernelWidth * p.groupInChannels;
  const blocks = (p.outHeight + p.pixelBlock - 1) / p.pixelBlock;
  const channels = p.groups * p.groupOutChannels;
  const zeros = p.scratch + 32;
  const pixels = changetype<Pixels>(p.scratch + 64);
  const offsets = p.scratch + DIRECT_HEADER_BYTES;
  const strip = offsets + (<usize>taps << 2);
  const finishes = needsFinish(p);
  const weights = p.filter + (<usize>((channels + 3) & ~3) << 2);
  const columns = (p.outWidth - 1) * p.strideWidth + p.dilationWidth * (p.kernelWidth - 1) + 1;
  const depthwise = p.groupInChannels == 1 && p.groupOutChannels == 1;
  const four = p.outWidth >= 4;
  const shift = p.strideHeight / p.dilationHeight;
  const overlaps = four && shift * p.dilationHeight == p.strideHeight && shift < p.kernelHeight;
  // Only for two rows at a time: no block may be one row.
  const shared = p.groups == 1 && p.groupInChannels == 1 && overlaps && p.outHeight > 1 && p.outHeight % p.pixelBlock != 1;
  const pixelLength = shared ? 1 : channels;
  const pixelBytes = pixelLength << 2;
  const xBytes = <usize>(p.strideWidth * pixelBytes);
  const yBytes = <usize>channels << 2;
  const yRowBytes = <usize>p.outWidth * yBytes;
  const is3x3 = p.kernelHeight == 3 && p.kernelWidth == 3 && p.groupInChannels == 1;
  v128.store(p.scratch, f32x4.splat(p.lower));
  v128.store(p.scratch, f32x4.splat(p.upper), 16);
  v128.store(zeros, f32x4.splat(0));
  pixels.channels = channels;
  pixels.kernelHeight = p.kernelHeight;
  pixels.taps = taps;
  pixels.offsets = offsets;
  pixels.xBytes = xBytes;
  pixels.shift = shift;
  pixels.yBytes = yBytes;
  pixels.yRowBytes = yRowBytes;
  pixels.bias = p.divisor == 1 ? p.filter : zeros;
  pixels.biasBytes = p.divisor == 1 ? 16 : 0;
  pixels.clamp = clampsInRegisters(p) ? p.scratch : 0;
  for (let task = taskBegin; task < taskEnd; task++) {
    const block = task % blocks;
    const image = task / blocks;
    const row = block * p.pixelBlock;
    const rowCount = min(p.pixelBlock, p.outHeight - row);
    const firstRow = row * p.strideHeight - p.top;
    const stripRows = (rowCount - 1) * p.strideHeight + p.dilationHeight * (p.kernelHeight - 1) + 1;
    const input = p.input + (<usize>(image * p.inImageStride) << 2);
    const bare = (depthwise || shared) && p.left == 0 && columns <= p.inWidth && firstRow >= 0 && firstRow + stripRows <= p.inHeight;
    const rowBytes = (bare ? p.inWidth : columns) * pixelBytes;
    const source = bare ? input + <usize>(firstRow * rowBytes) : strip;
    if (!bare) fillStrip(p, input, firstRow, stripRows, columns, pixelLength, strip);
    fillOffsets(p, offsets, stripRows * rowBytes, pixelBytes);
    pixels.rowBytes = <usize>(rowBytes * p.dilationHeight);
    const output = p.output + <usize>(image * p.outHeight + row) * yRowBytes;
    const two = overlaps && rowCount > 1;
    for (let r = 0; r < rowCount; r += two ? 2 : 1) {
      // An odd last row is computed together with the one before it, again; so are the last pixels of a row.
      const first = two ? min(r, rowCount - 2) : r;
      const x = source + <usize>(first * p.strideHeight) * <usize>rowBytes;
      const y = output + <usize>first * yRowBytes;
      for (let pixel = 0; pixel < p.outWidth; pixel += four ? 4 : 1) {
        const at = four ? min(pixel, p.outWidth - 4) : pixel;
        const from = x + <usize>at * xBytes;
        const to = y + <usize>at * yBytes;
        if (!four) convPixels1x1(pixels, from, weights, to);
        else if (shared) convPixels2x4shared(pixels, from, weights, to);
        else if (!two) convPixels1x4(pixels, from, weights, to);
        else if (is3x3 && shift == 1) convPixels2x4k3(pixels, from, weights, to);
        else if (is3x3 && shift == 2) convPixels2x4k3s2(pixels, from, weights, to);
        else convPixels2x4(pixels, from, weights, to);
      }
    }
    if (finishes) finishColumns(p, output, yBytes, rowCount * p.outWidth, channels, p.filter);
  }
}
