import type { Source } from './source.ts';

/** What a run has done so far, by family. */
export interface Counts {
  /** Cases that were made up. */
  cases: number;
  /** Calls of the package. */
  calls: number;
  /** Calls that were refused, or rejected, with a typed error. */
  refusals: number;
  /** Results that were compared with others, bit for bit. */
  results: number;
}

export const counts: Counts = { cases: 0, calls: 0, refusals: 0, results: 0 };

/** Something that holds for every case that a source can give. */
export interface Property {
  /** The family's letter and what it is about: `a/conv2d`. */
  readonly name: string;
  /** Throws when it does not hold. */
  readonly check: (source: Source) => Promise<void>;
  /** Cases of a round; 5 unless given. */
  readonly runs?: number;
}
