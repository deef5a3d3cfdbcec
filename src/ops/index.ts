/**
 * The table of operators. A family is one file: it declares its contract, an interface `…Operators`, and an object of the same methods,
 * which turn a call into an operation. From this table follow the methods of engines and graph builders, and from the text of the
 * contracts (scripts/operators.mjs) the asynchronous forms, the names of parameters, the tables of README.md and docs/operators.md, and the
 * calls that tests of kernels make. So documentation has a form:
 *
 *   - The comment of a contract begins with the title of the family, a sentence.
 *   - The comment of an operator begins with its summary, a sentence, and ends with an example, one call:
 *     `@example engine.linear(tensor([137, 45]), tensor([29, 45]))`.
 *
 * An example may use `engine`, `tensor(shape)` (floats in [−1, 1)), `positive(shape)` (floats in [0.1, 1.1)) and `indices(shape, count)`
 * (whole numbers from 0 to count − 1). Give it a batch, several channels and odd extents, so that it exercises kernels well. After a change,
 * `npm run operators` writes the tables anew.
 */

import { type ActivationOperators, activation } from './activation.ts';
import { type ActivationBackwardOperators, activationBackward } from './activation-backward.ts';
import { type ArithmeticOperators, arithmetic } from './arithmetic.ts';
import { type ColumnsOperators, columns } from './columns.ts';
import { type ConvOperators, conv } from './conv/conv.ts';
import { type ConvTransposeOperators, convTranspose } from './conv/transpose.ts';
import { type LinearOperators, linear } from './linear.ts';
import { type MatmulOperators, matmul } from './matmul.ts';
import { type NormOperators, norm } from './norm/batch.ts';
import { type NormalizationOperators, normalization } from './norm/moments.ts';
import type { Operations } from './operation.ts';
import { type PadOperators, pad } from './pad.ts';
import { type PoolOperators, pool } from './pool.ts';
import { type ReduceOperators, reductions } from './reduce.ts';
import { type ResampleOperators, resample } from './resample.ts';
import { type SoftmaxOperators, softmax } from './softmax.ts';

/** Everything that an engine computes. */
export interface Operators
  extends ConvOperators,
    ConvTransposeOperators,
    ColumnsOperators,
    LinearOperators,
    MatmulOperators,
    PadOperators,
    PoolOperators,
    ActivationOperators,
    ActivationBackwardOperators,
    ResampleOperators,
    SoftmaxOperators,
    NormOperators,
    NormalizationOperators,
    ReduceOperators,
    ArithmeticOperators {}

export const operators: Operations<Operators> = {
  ...conv,
  ...convTranspose,
  ...columns,
  ...linear,
  ...matmul,
  ...pad,
  ...pool,
  ...activation,
  ...activationBackward,
  ...resample,
  ...softmax,
  ...norm,
  ...normalization,
  ...reductions,
  ...arithmetic,
};
