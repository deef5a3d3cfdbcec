import { OptionError } from '../errors.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { areCounts, checkLength, known, oneOf, out, show, tensor } from './check.ts';
import { checkGradient } from './gradients.ts';

/** A value; mirrored, with the cell at the border once; the cell at the border again; or the other end. */
export type PadModeName = 'constant' | 'reflect' | 'replicate' | 'circular';
/** What lies in a convolution's padding: 0, or as in `PadModeName`. */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

/** What `padBackward` takes besides its operands: the mode of the forward call. */
export interface PadBackwardOptions {
  /** `'constant'` unless given. */
  readonly mode?: PadModeName;
  /** Where the result goes, instead of a new tensor. */
  readonly out?: Tensor;
}

/** What `pad` takes besides the input and its borders. */
export interface PadOptions extends PadBackwardOptions {
  /** What a constant border holds; 0 unless given. */
  readonly value?: number;
}

/** Extents and border, checked, in the names of src/plan/border.ts. */
export interface PadSpec {
  readonly shape: readonly number[];
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly mode: PadModeName;
  readonly value: number;
}

/** Reflection has cells for less than the extent, the other end for as many; repetition wants one. */
export function refuseBorder(argument: string, extent: number, border: number, mode: PadModeName | 'zeros'): void {
  if (border === 0 || mode === 'constant' || mode === 'zeros' || (mode === 'replicate' && extent > 0)) return;
  const most = mode === 'reflect' ? extent - 1 : mode === 'circular' ? extent : 0;
  if (border > most)
    throw new OptionError(argument, `${border} cells beside an extent of ${extent}`, `at most ${most} in the mode '${mode}'`);
}

function padSpec(x: Tensor, beginning: readonly number[], ending: readonly number[], { mode, value = 0 }: PadOptions): PadSpec {
  tensor('x', x, undefined, true);
  const checkedMode = oneOf<PadModeName>('options.mode', mode, 'constant', ['constant', 'reflect', 'replicate', 'circular']);
  if (typeof value !== 'number') throw new OptionError('options.value', show(value), 'a number');
  for (const [name, given] of Object.entries({ beginningPadding: beginning, endingPadding: ending })) {
    if (!areCounts(given) || given.length !== x.shape.length) {
      throw new OptionError(name, show(given), `${x.shape.length} whole numbers of at least 0, one for each dimension of x`);
    }
    for (const [axis, border] of given.entries()) refuseBorder(name, x.shape[axis], border, checkedMode);
  }
  return { shape: [...x.shape], before: [...beginning], after: [...ending], mode: checkedMode, value: Math.fround(value) };
}

const outShapeOf = ({ shape, before, after }: PadSpec) => shape.map((extent, axis) => extent + before[axis] + after[axis]);

interface Padded {
  readonly spec: PadSpec;
  readonly outShape: readonly number[];
  readonly out: Tensor | undefined;
}

export function pad(x: Tensor, beginning: readonly number[], ending: readonly number[], given: PadOptions | undefined): Padded {
  const options = known('options', given, ['mode', 'value', 'out']);
  const spec = padSpec(x, beginning, ending, options);
  const outShape = outShapeOf(spec);
  checkLength('out.shape', outShape);
  return { spec, outShape, out: out(options.out, outShape, { x }) };
}

export function padBackward(
  dy: Tensor,
  x: Tensor,
  beginning: readonly number[],
  ending: readonly number[],
  given: PadBackwardOptions | undefined,
): Padded {
  const options = known('options', given, ['mode', 'out']);
  const spec = padSpec(x, beginning, ending, options);
  checkGradient(dy, outShapeOf(spec));
  return { spec, outShape: [...x.shape], out: out(options.out, x.shape, { dy }) };
}
