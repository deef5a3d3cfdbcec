import type { AnyStep, Step } from '../backend.ts';
import type { Placing, Result, Workspaces } from '../execute.ts';
import type { Tensor } from '../tensor.ts';

/** One call of an operator, checked and planned: what its synchronous and its asynchronous form have in common. */
export interface Operation<R = Tensor> extends Placing {
  readonly steps: readonly AnyStep[];
  /** What the caller gets, from the results by name. It serves every call of the same signature: nothing of this one's tensors is in it. */
  readonly value: (results: Readonly<Record<string, Tensor>>) => R;
  /** Does it depend on more than the arguments, so that the same call has to be planned again? */
  readonly isDrawn?: boolean;
}

/** How the methods of a contract are made into operations. */
export type Operations<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Operation<R> : never;
};

const NONE = {};

/** An operator with one input `x` and one result `out`, and with the operands that are given besides. */
export function one(x: Tensor, shape: readonly number[], out: Tensor | undefined, steps: readonly Step[], operands = NONE): Operation {
  return { beside: x, operands: { x, ...operands }, results: { out: { shape, out } }, workspaces: NONE, steps, value: ({ out }) => out };
}

/** Of the operands that an operator may take, those that its steps do. */
export function takes(steps: readonly Step[], operands: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const used = new Set(steps.flatMap(({ buffers }) => Object.values(buffers)));
  return Object.fromEntries(Object.entries(operands).filter(([name]) => used.has(name)));
}

/** An operator with several gradients, of which those that are wanted are computed; they live where `beside` does. */
export function gradients<N extends string>(
  beside: Tensor,
  operands: Readonly<Record<string, Tensor>>,
  wanted: { readonly [K in N]?: Result },
  { steps, workspaces }: { readonly steps: readonly Step[]; readonly workspaces: Workspaces },
  names: readonly N[],
): Operation<{ readonly [K in N]: Tensor | undefined }> {
  return {
    beside,
    operands,
    results: wanted as Readonly<Record<string, Result>>,
    workspaces,
    steps,
    value: (results) => Object.fromEntries(names.map((name) => [name, results[name]])) as { [K in N]: Tensor | undefined },
  };
}
