import { twins } from '../js/generated/image.ts';
import type { Family, Twin } from '../runtime/family.ts';
import { bytesOf } from '../wasm/text.ts';
import text from './embedded/kernels.ts';

/** The kernels of the filters, which `simdconv/image` carries. */
export const imageFamily: Family = {
  name: 'image',
  twins: twins as unknown as Readonly<Record<string, Twin>>,
  module: (isShared) => bytesOf(text(isShared)),
};
