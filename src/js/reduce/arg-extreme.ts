import type { Block } from '../../kernels/layout.ts';
import type { ArgExtremeParams } from '../../kernels/reduce.ts';

/**
 * Where along an axis of [outer][extent][inner] the greatest element is, or the least: the first of equals, and a NaN before any number.
 *
 * A task is `taskLength` rows where `inner` is 1, else so many columns of one of `outer`.
 */
export function argExtreme(p: Block<typeof ArgExtremeParams>, taskBegin: number, taskEnd: number): void {
  const { input, output, extent, inner, taskLength } = p;
  const isRow = inner === 1;
  const tasks = isRow ? 1 : Math.ceil(inner / taskLength);
  const sign = p.isMin ? -1 : 1;
  for (let task = taskBegin; task < taskEnd; task++) {
    const begin = (isRow ? task : task % tasks) * taskLength;
    const end = Math.min(begin + taskLength, isRow ? p.outer : inner);
    for (let i = begin; i < end; i++) {
      const outer = isRow ? i : Math.trunc(task / tasks);
      const column = isRow ? 0 : i;
      const first = outer * extent * inner + column;
      let best = -Infinity;
      let index = 0;
      for (let k = 0; k < extent && !Number.isNaN(best); k++) {
        const x = sign * input[first + k * inner];
        if (x <= best) continue;
        best = x;
        index = k;
      }
      if (!p.isOneHot) output[outer * inner + column] = index;
      else for (let k = 0; k < extent; k++) output[first + k * inner] = k === index ? 1 : 0;
    }
  }
}
