import { type Step, step } from '../backend.ts';
import type { Pool2dSpec } from '../shape/pool.ts';

const KERNELS = { max: 'maxPool', average: 'averagePool', l2: 'l2Pool' } as const;

/** Floats of reduced columns that are kept at once: half of a first-level cache, the rest is for the input. */
const COLUMNS_LENGTH = 4096;

const roundUp = (n: number, multiple: number) => Math.ceil(n / multiple) * multiple;

export function planPool(spec: Pool2dSpec): readonly Step[] {
  const { window, batch, channels, countIncludePad: counted } = spec;
  if (batch === 0) return [];
  const planes = spec.layout === 'nchw' ? batch * channels : batch;
  const pixelLength = spec.layout === 'nchw' ? 1 : channels;
  // Of one column nothing is strided: a kernel then never looks a stride further than the input is wide.
  const strideWidth = window.outWidth === 1 ? 1 : window.strideWidth;
  const reach = window.dilationWidth * (window.kernelWidth - 1) + 1;
  const fitting = Math.floor((COLUMNS_LENGTH / pixelLength - reach) / strideWidth) + 1;
  const pixelBlock = Math.min(window.outWidth, Math.max(16, fitting & ~3));
  const columns = (roundUp(pixelBlock, 4) - 1) * strideWidth + reach;
  return [
    step(
      KERNELS[spec.reduction],
      { input: 'x', output: 'out' },
      {
        inHeight: window.inHeight,
        inWidth: window.inWidth,
        outHeight: window.outHeight,
        outWidth: window.outWidth,
        pixelLength,
        kernelHeight: window.kernelHeight,
        kernelWidth: window.kernelWidth,
        strideHeight: window.strideHeight,
        strideWidth,
        dilationHeight: window.dilationHeight,
        dilationWidth: window.dilationWidth,
        top: window.top,
        left: window.left,
        countTop: counted ? window.top : 0,
        countBottom: counted ? window.bottom : 0,
        countLeft: counted ? window.left : 0,
        countRight: counted ? window.right : 0,
        pixelBlock,
        divisor: 0,
      },
      planes * window.outHeight,
      roundUp(window.outWidth, 4) + columns * pixelLength + 16,
    ),
  ];
}
