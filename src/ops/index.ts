import { type ActivationOperators, activation } from './activation.ts';
import { type ActivationBackwardOperators, activationBackward } from './activation-backward.ts';
import { type ArithmeticOperators, arithmetic } from './arithmetic.ts';
import { type ColumnsOperators, columns } from './columns.ts';
import { type ConvOperators, conv } from './conv.ts';
import { type ConvBackwardOperators, convBackwards } from './conv-backward.ts';
import { type ConvTransposeOperators, convTranspose } from './conv-transpose.ts';
import { type LinearOperators, linear } from './linear.ts';
import { type NormOperators, norm } from './norm.ts';
import type { Operations } from './operation.ts';
import { type PadOperators, pad } from './pad.ts';
import { type PoolOperators, pool } from './pool.ts';
import { type ReduceOperators, reductions } from './reduce.ts';
import { type SoftmaxOperators, softmax } from './softmax.ts';

/** Everything that an engine computes. Each family states its contract, and turns a call into an operation, in one file. */
export interface Operators
  extends ConvOperators,
    ConvBackwardOperators,
    ConvTransposeOperators,
    ColumnsOperators,
    LinearOperators,
    PadOperators,
    PoolOperators,
    ActivationOperators,
    ActivationBackwardOperators,
    SoftmaxOperators,
    NormOperators,
    ReduceOperators,
    ArithmeticOperators {}

export const operators: Operations<Operators> = {
  ...conv,
  ...convBackwards,
  ...convTranspose,
  ...columns,
  ...linear,
  ...pad,
  ...pool,
  ...activation,
  ...activationBackward,
  ...softmax,
  ...norm,
  ...reductions,
  ...arithmetic,
};

/**
 * The same by the engine's workers, so that the caller's thread is free: a page stays responsive. The operands must stay as they
 * are until the promise settles. Calls take effect in the order in which they are made, and a synchronous one waits for those
 * before it. With one thread, and for what is too little to hand over, the work is done before the promise is returned. Each takes
 * and gives what its namesake does; errors reject the promise.
 */
export type AsyncOperators = {
  readonly [K in keyof Operators as `${K}Async`]: Operators[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<R> : never;
};
