import type { Form } from './abi.ts';
import type { Kernel } from './instance.ts';

/** A step whose parameter block is written. */
export interface BoundStep {
  readonly form: Form;
  readonly kernel: Kernel;
  /** The number by which workers know the kernel: its place in `Instance.functions`. −1 when the step never goes to a worker. */
  readonly number: number;
  readonly block: number;
  readonly taskCount: number;
  /** The number of chunks into which threads cut the tasks; 1 where sharing is not worth it. */
  readonly chunkCount: number;
  /** Not worth a worker's while. */
  readonly small: boolean;
  /**
   * Words of the block that hold the addresses of what the kernel reads, and of what it writes: none for a kernel that is idempotent in
   * place. The others must not run a task twice when a result lies where an operand does.
   */
  readonly reads: readonly number[];
  readonly writes: readonly number[];
}

/** The scratch of a call, for each thread one piece. */
export interface ScratchPieces {
  /** The caller's piece; that of worker `i` lies `i` strides behind it. */
  readonly address: number;
  readonly strideBytes: number;
}

/** The steps of a call, and how to run them. */
export interface Run {
  readonly steps: readonly BoundStep[];
  readonly scratch: ScratchPieces;
  /** Runs a step on the caller's thread. */
  runAlone(step: BoundStep): void;
  /** May a worker run the step, be it alone? */
  leaves(step: BoundStep): boolean;
}
