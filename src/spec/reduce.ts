import { OptionError } from '../errors.ts';
import { show } from './check.ts';

/** Neighbouring axes of which all are reduced, or none. */
export interface Run {
  readonly count: number;
  readonly isReduced: boolean;
}

/** A list of different axes, counted from the front and in the caller's order. */
export function checkAxes(argument: string, value: unknown, rank: number): readonly number[] {
  const expected = `an array of different whole numbers from ${-rank} to ${rank - 1}, for the ${rank} dimensions of x`;
  if (!Array.isArray(value)) throw new OptionError(argument, show(value), expected);
  const axes = Array.from(value, (axis: unknown) => {
    if (typeof axis !== 'number' || !Number.isInteger(axis) || axis < -rank || axis >= rank)
      throw new OptionError(argument, show(value), expected);
    return axis < 0 ? axis + rank : axis;
  });
  if (new Set(axes).size < axes.length) throw new OptionError(argument, show(value), expected);
  return axes;
}

/** Axes as runs of those that are reduced and those that are not. */
export function runsOf(shape: readonly number[], axes: readonly number[]): readonly Run[] {
  const runs: Run[] = [];
  for (const [axis, extent] of shape.entries()) {
    if (extent === 1) continue;
    const isReduced = axes.includes(axis);
    const last = runs.at(-1);
    if (last?.isReduced === isReduced) runs[runs.length - 1] = { count: last.count * extent, isReduced };
    else runs.push({ count: extent, isReduced });
  }
  return runs;
}
