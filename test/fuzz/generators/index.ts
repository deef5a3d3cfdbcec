import type { FilterOperators } from '../../../src/image/index.ts';
import type { Operators } from '../../../src/ops/index.ts';
import { activation } from './activation.ts';
import { arithmetic } from './arithmetic.ts';
import { columns } from './columns.ts';
import { conv } from './conv.ts';
import { image } from './image.ts';
import { linear } from './linear.ts';
import { norm } from './norm.ts';
import { pad } from './pad.ts';
import { pool } from './pool.ts';
import { reductions } from './reduce.ts';
import { resample } from './resample.ts';
import type { Generator } from './values.ts';

export type OperatorName = keyof Operators;
export type FilterName = keyof FilterOperators;

/** Valid calls of every operator of an engine, by its name. */
export const generators: Readonly<Record<OperatorName, Generator>> = {
  ...conv,
  ...columns,
  ...linear,
  ...pad,
  ...pool,
  ...activation,
  ...norm,
  ...reductions,
  ...resample,
  ...arithmetic,
};

/** Valid calls of every filter of `simdconv/image`. */
export const filterGenerators: Readonly<Record<FilterName, Generator>> = image;

/** Where a generator stands: the family of its operator. */
export const families = { conv, columns, linear, pad, pool, activation, norm, reductions, resample, arithmetic, image } as const;
