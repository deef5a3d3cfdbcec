import type { Plan, Value } from '../plan.ts';

/** A convolution by one algorithm: how its filter is packed, once, and how it runs, once a call. */
export interface ConvAlgorithmPlan {
  /** Of the packed filter, with its bias, in floats. */
  readonly packedLength: number;
  /** What one task is cut into, in the algorithm's own units. */
  readonly tile: Readonly<Record<string, number>>;
  pack(plan: Plan, filter: Value, bias: Value | null, packed: Value): void;
  run(plan: Plan, x: Value, packed: Value, out: Value): void;
}
