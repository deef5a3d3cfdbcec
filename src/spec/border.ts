import { OptionError } from '../errors.ts';

/** A value; mirrored, with the cell at the border once; the cell at the border again; or the other end. */
export type PadModeName = 'constant' | 'reflect' | 'replicate' | 'circular';
/** What lies in a convolution's padding: 0, or as in `PadModeName`. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

/** Reflection has cells for less than the extent, the other end for as many; repetition wants one. */
export function refuseBorder(argument: string, extent: number, border: number, mode: PadModeName | 'zeros'): void {
  if (border === 0 || mode === 'constant' || mode === 'zeros' || (mode === 'replicate' && extent > 0)) return;
  const most = mode === 'reflect' ? extent - 1 : mode === 'circular' ? extent : 0;
  if (border > most)
    throw new OptionError(argument, `${border} cells beside an extent of ${extent}`, `at most ${most} in the mode '${mode}'`);
}
