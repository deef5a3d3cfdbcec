import type { AnyTensor } from './tensor.ts';

/** A result: the caller's `out`, or a new tensor of that shape. */
export interface Result {
  readonly shape: readonly number[];
  readonly out: AnyTensor | undefined;
}
