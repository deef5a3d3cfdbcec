import { fileURLToPath } from 'node:url';
import { readFamilies } from '../scripts/operators.mjs';
import type { Tensor } from '../src/index.ts';
import { random, randomTensor } from './random.ts';

/**
 * The example of every operator as a call, for suites that look at how work is done rather than at what comes out: scripts/operators.mjs says
 * how examples are written.
 */

type Results = Tensor | Readonly<Record<string, Tensor | undefined>>;
type Methods = Readonly<Record<string, (...args: readonly unknown[]) => Results>>;

interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** What an example calls, and with what: each of its tensors has other numbers. */
export function callOf(example: string): Call {
  let seed = 0;
  const names = {
    engine: new Proxy(
      {},
      {
        get:
          (_, name) =>
          (...args: unknown[]): Call => ({ name: String(name), args }),
      },
    ),
    tensor: (shape: readonly number[]) => randomTensor(shape, ++seed),
    positive: (shape: readonly number[]) => mapped(shape, ++seed, (n) => n + 0.1),
    indices: (shape: readonly number[], count: number) => mapped(shape, ++seed, (n) => Math.floor(n * count)),
  };
  return new Function(...Object.keys(names), `'use strict'; return (${example});`)(...Object.values(names)) as Call;
}

/** Numbers that `change` makes of those in [0, 1). */
function mapped(shape: readonly number[], seed: number, change: (n: number) => number): Tensor {
  const next = random(seed);
  const tensor = randomTensor(shape, seed);
  return { shape, data: tensor.data.map(() => change(next())) };
}

/** What src/ops/ declares. */
export const families = await readFamilies(fileURLToPath(new URL('../', import.meta.url)));

/** Every operator that the contracts declare. */
export const declared = families.flatMap(({ operators }) => operators);

/** The names of those that have an example. */
export const operatorNames = declared.filter(({ example }) => example !== undefined).map(({ name }) => name);

const calls = new Map<string, Call>();

/** What an operator's example passes to it, made once. */
function argumentsOf(name: string): readonly unknown[] {
  const call = calls.get(name) ?? callOf(declared.find((operator) => operator.name === name)!.example!);
  calls.set(name, call);
  return call.args;
}

/** The engine may be one of the source or one of the built package, whose types are not the same. */
const methods = (engine: object) => engine as Methods;

function tensors(results: Results): Float32Array[] {
  return (results.data instanceof Float32Array ? [results as Tensor] : (Object.values(results) as Tensor[])).map(({ data }) => data);
}

/** Everything that an operator gives. */
export function callOperator(engine: object, name: string): Float32Array[] {
  return tensors(methods(engine)[name](...argumentsOf(name)));
}

export async function callOperatorAsync(engine: object, name: string): Promise<Float32Array[]> {
  return tensors(await (methods(engine)[`${name}Async`](...argumentsOf(name)) as unknown as Promise<Results>));
}
