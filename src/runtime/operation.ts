import type { Plan } from '../plan/plan.ts';
import type { AnyTensor, Tensor } from '../tensor/tensor.ts';
import type { Placing } from './execute.ts';

/** One call of an operator, checked and planned: what its synchronous and its asynchronous form have in common. */
export interface Operation<R = Tensor> extends Placing {
  readonly plan: Plan;
  /** What the caller gets, from the results by name. It serves every call of the same signature: nothing of this one's tensors is in it. */
  readonly value: (results: Readonly<Record<string, AnyTensor>>) => R;
  /** Does it depend on more than the arguments, so that the same call has to be planned again? */
  readonly isDrawn?: boolean;
}
