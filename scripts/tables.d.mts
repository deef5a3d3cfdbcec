/** Types of scripts/tables.mjs, for the tests. */
import type { Family } from './operators.mjs';

/** Files that have tables of operators. */
export const DOCUMENTS: readonly string[];
/** The text of a document with its tables made anew. */
export function withTables(text: string, families: readonly Family[]): string;
