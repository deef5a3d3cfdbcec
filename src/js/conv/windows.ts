import type { ConvParams } from '../../kernels/conv.ts';
import type { Block } from '../../kernels/layout.ts';

/** Offset of the window of each of `count` outputs from `begin` on, counted (slice, row, column). */
export function locateWindows(p: Block<typeof ConvParams>, begin: number, count: number, offsets: Int32Array): void {
  let z = Math.trunc(begin / (p.outHeight * p.outWidth));
  let y = Math.trunc(begin / p.outWidth) - z * p.outHeight;
  let x = begin % p.outWidth;
  for (let i = 0; i < count; i++) {
    offsets[i] = z * p.windowDepthStride + y * p.windowHeightStride + x * p.windowWidthStride;
    if (++x === p.outWidth) {
      x = 0;
      if (++y === p.outHeight) {
        y = 0;
        z++;
      }
    }
  }
}
