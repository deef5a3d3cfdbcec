import type { Plan } from '../plan/plan.ts';
import type { Placing, Result } from '../runtime/execute.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** One call of an operator, checked and planned: what its synchronous and its asynchronous form have in common. */
export interface Operation<R = Tensor> extends Placing {
  readonly plan: Plan;
  /** What the caller gets, from the results by name. It serves every call of the same signature: nothing of this one's tensors is in it. */
  readonly value: (results: Readonly<Record<string, Tensor>>) => R;
  /** Does it depend on more than the arguments, so that the same call has to be planned again? */
  readonly isDrawn?: boolean;
}

/** How the methods of a contract are made into operations. */
export type Operations<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Operation<R> : never;
};

/** An operator with one result, `out`, which lives where `beside` does. */
export function one(
  beside: Tensor,
  operands: Readonly<Record<string, Tensor>>,
  shape: readonly number[],
  out: Tensor | undefined,
  plan: Plan,
): Operation {
  return { beside, operands, results: { out: { shape, out } }, plan, value: ({ out }) => out };
}

/** An operator with several gradients, of which those that are wanted are computed; they live where `beside` does. */
export function gradients<N extends string>(
  beside: Tensor,
  operands: Readonly<Record<string, Tensor>>,
  wanted: { readonly [K in N]?: Result },
  plan: Plan,
  names: readonly N[],
): Operation<{ readonly [K in N]: Tensor | undefined }> {
  return {
    beside,
    operands,
    results: wanted as Readonly<Record<string, Result>>,
    plan,
    value: (results) => Object.fromEntries(names.map((name) => [name, results[name]])) as { [K in N]: Tensor | undefined },
  };
}

/** Those of the operands that were given. */
export function given(operands: Readonly<Record<string, Tensor | undefined>>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(operands).filter((entry): entry is [string, Tensor] => entry[1] !== undefined));
}
