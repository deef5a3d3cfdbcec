import type { Plan } from '../plan/plan.ts';
import type { Operation } from '../runtime/operation.ts';
import type { Result } from '../tensor/result.ts';
import type { AnyTensor, Tensor } from '../tensor/tensor.ts';

export type { Operation };

/** How the methods of a contract are made into operations. */
export type Operations<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (...args: A) => Operation<R> : never;
};

/** An operator with one result, `out`, which lives where `beside` does. */
export function one(
  beside: Tensor,
  operands: Readonly<Record<string, AnyTensor>>,
  shape: readonly number[],
  out: Tensor | undefined,
  plan: Plan,
): Operation {
  return { beside, operands, results: { out: { shape, out } }, plan, value: ({ out }) => out as Tensor };
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
