import { ConvParams } from '../generated/abi';

/** Byte offset of the window of each of `count` outputs from `begin` on, counted (slice, row, column). */
export function locateWindows(p: ConvParams, begin: i32, count: i32, offsets: usize): void {
  const sliceBytes = p.windowDepthStride << 2;
  const rowBytes = p.windowHeightStride << 2;
  const columnBytes = p.windowWidthStride << 2;
  let z = begin / (p.outHeight * p.outWidth);
  let y = begin / p.outWidth - z * p.outHeight;
  let x = begin % p.outWidth;
  let offset = z * sliceBytes + y * rowBytes + x * columnBytes;
  for (let i = 0; i < count; i++) {
    store<i32>(offsets + (<usize>i << 2), offset);
    offset += columnBytes;
    if (++x == p.outWidth) {
      x = 0;
      if (++y == p.outHeight) {
        y = 0;
        z++;
      }
      offset = z * sliceBytes + y * rowBytes;
    }
  }
}
