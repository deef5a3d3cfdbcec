import { PoolParams } from '../generated/abi';
import { Reduction } from './reduce';
import { pool } from './window';

/** See window.ts. */
export function maxPool(p: PoolParams, taskBegin: i32, taskEnd: i32): void {
  pool(p, taskBegin, taskEnd, Reduction.Max);
}
