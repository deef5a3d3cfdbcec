/** Types of scripts/operators.mjs, for the tests. */

export interface Operator {
  readonly name: string;
  /** With its brackets, or empty. */
  readonly typeParameters: string;
  readonly parameters: readonly string[];
  readonly parameterList: string;
  readonly result: string;
  readonly doc: string;
  readonly summary: string;
  readonly example: string | undefined;
}

export interface Family {
  readonly name: string;
  readonly title: string;
  readonly file: string;
  /** Which file declares a name that the contract may mention. */
  readonly types: ReadonlyMap<string, string>;
  readonly operators: readonly Operator[];
}

/** The families of a file's text. */
export function familiesOf(text: string, file: string): Family[];
/** All families, in the order in which src/ops/index.ts unites them. @param root the repository's folder, with a slash at its end */
export function readFamilies(root?: string): Promise<Family[]>;
export function asyncSource(families: readonly Family[]): string;
export function parametersSource(families: readonly Family[]): string;
