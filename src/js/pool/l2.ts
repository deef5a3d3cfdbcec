import type { Block, PoolParams } from '../../params.ts';
import { Reduction } from './reduce.ts';
import { pool } from './window.ts';

/** See window.ts. */
export function l2Pool(p: Block<typeof PoolParams>, taskBegin: number, taskEnd: number): void {
  pool(p, taskBegin, taskEnd, Reduction.L2);
}
