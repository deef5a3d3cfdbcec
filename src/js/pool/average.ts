import type { Block } from '../../kernels/layout.ts';
import type { PoolParams } from '../../kernels/pool.ts';
import { Reduction } from './reduce.ts';
import { pool } from './window.ts';

/** See window.ts. */
export function averagePool(p: Block<typeof PoolParams>, taskBegin: number, taskEnd: number): void {
  pool(p, taskBegin, taskEnd, Reduction.Average);
}
