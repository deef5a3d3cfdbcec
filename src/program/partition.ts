import { type AnyStep, isHostStep, Plan, type Step, type Value, writtenBy } from '../plan/plan.ts';
import { elementBytes } from '../tensor/dtype.ts';

/** A value that steps on constants make once, for the steps that run each time. */
export interface Folded {
  /** Tells what it is made of: equal keys of the same constants hold equal elements. */
  readonly key: string;
  readonly byteLength: number;
  /** In the plan that prepares, and in the plan that runs. */
  readonly made: Value;
  readonly used: Value;
}

/** A plan cut in two: what depends on constants alone, and the rest. */
export interface Partition {
  readonly prepare: Plan;
  readonly run: Plan;
  readonly folded: readonly Folded[];
  /** A named value of the whole plan, in either part. */
  readonly prepareOf: (value: Value) => Value;
  readonly runOf: (value: Value) => Value;
}

/** Buffers that a step needs in order: those that it reads, unless it alone fills them first. */
function readBy(step: AnyStep): Value[] {
  const written = new Set(writtenBy(step).map((field) => step.buffers[field]));
  return Object.values(step.buffers).filter((value): value is Value => value != null && !written.has(value));
}

const writtenValues = (step: AnyStep): Value[] =>
  writtenBy(step)
    .map((field) => step.buffers[field])
    .filter((value): value is Value => value != null);

/**
 * Temporary values that are made of constants alone. Every step that writes such a value reads nothing else: found by striking out, until
 * nothing is left to strike, each value that any step makes of something else.
 */
function constantTemps(plan: Plan, constants: ReadonlySet<Value>): Set<Value> {
  const candidates = new Set(plan.lifetimes.map(({ value }) => value));
  for (let before = -1; before !== candidates.size; ) {
    before = candidates.size;
    for (const step of plan.steps) {
      const written = writtenValues(step);
      const isConstant =
        !isHostStep(step) &&
        readBy(step).every((value) => constants.has(value) || candidates.has(value)) &&
        written.every((value) => candidates.has(value));
      if (!isConstant) for (const value of written) candidates.delete(value);
    }
  }
  return candidates;
}

/** Puts values of one plan into another: each temporary one once, and `kept` ones under a name, so that they can be bound. */
function into(plan: Plan, kept: ReadonlySet<Value>): (value: Value) => Value {
  const temps = new Map<Value, Value>();
  return (value) => {
    if (value.name !== undefined) return plan.named(value.name, value.dtype);
    if (kept.has(value)) return plan.named(`folded ${value.id}`, value.dtype);
    const known = temps.get(value) ?? plan.temp(value.length!, value.dtype);
    temps.set(value, known);
    return known;
  };
}

export function partition(plan: Plan, constants: ReadonlySet<Value>): Partition {
  const made = constantTemps(plan, constants);
  const isPrepared = (step: AnyStep) => writtenValues(step).every((value) => made.has(value));
  const kept = new Set<Value>();
  for (const step of plan.steps) if (!isPrepared(step)) for (const value of readBy(step)) if (made.has(value)) kept.add(value);
  const prepare = new Plan();
  const run = new Plan();
  const prepareOf = into(prepare, kept);
  const runOf = into(run, kept);
  const keys = new Map<Value, string>();
  const keyOf = (value: Value | null) => (value === null ? '' : (keys.get(value) ?? value.name));
  for (const step of plan.steps) {
    if (!isPrepared(step)) {
      run.repeat(step, runOf);
      continue;
    }
    prepare.repeat(step, prepareOf);
    const { kernel, values } = step as Step;
    const made = `${kernel}(${Object.values(step.buffers).map(keyOf).join()};${Object.values(values).join()})`;
    for (const value of writtenValues(step)) keys.set(value, `${keys.get(value) ?? ''}${made}`);
  }
  const folded = Array.from(kept, (value) => ({
    key: keyOf(value)!,
    byteLength: value.length! * elementBytes(value.dtype),
    made: prepareOf(value),
    used: runOf(value),
  }));
  return { prepare, run, folded, prepareOf, runOf };
}
