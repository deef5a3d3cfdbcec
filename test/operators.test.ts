import { readFile } from 'node:fs/promises';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { asyncSource, familiesOf, parametersSource } from '../scripts/operators.mjs';
import { DOCUMENTS, withTables } from '../scripts/tables.mjs';
import type { Engine, KernelTensor, Tensor } from '../src/index.ts';
import { PARAMETERS } from '../src/ops/generated/parameters.ts';
import { operators } from '../src/ops/index.ts';
import { callOf, callOperator, declared, families } from './calls.ts';
import { js } from './platforms.ts';

describe('the table of operators', () => {
  it('has an operation for every method that a contract declares, and no other', () => {
    expect(declared.map(({ name }) => name).sort()).toEqual(Object.keys(operators).sort());
  });

  it('is what the build was made from', () => {
    expect(PARAMETERS).toEqual(Object.fromEntries(declared.map(({ name, parameters }) => [name, parameters.join(' ')])));
  });

  it.each(declared)('$name has a summary, options, and an example that calls it', ({ name, summary, parameters, example }) => {
    expect(summary).toMatch(/\.$/);
    expect(parameters.at(-1)).toBe('options');
    expect(example, 'an @example').toBeDefined();
    const call = callOf(example!);
    expect(call.name).toBe(name);
    expect(call.args.length).toBeLessThanOrEqual(parameters.length);
    const results = callOperator(js.engine, name);
    expect(results.length).toBeGreaterThan(0);
    for (const data of results) expect(data.length).toBeGreaterThan(0);
  });
});

describe('the tables in documents', () => {
  const root = new URL('../', import.meta.url);

  it.each(DOCUMENTS)('%s: `npm run operators` would change nothing', async (document) => {
    const text = await readFile(new URL(document, root), 'utf8');
    expect(text).toMatch(/<!-- operators: \w+ -->/);
    expect(withTables(text, families)).toBe(text);
  });

  it('have titles for all families', () => {
    expect(families.filter(({ title }) => title === '').map(({ name }) => name)).toEqual([]);
  });

  it('are written between their markers, with bars that end no cell', () => {
    const [family] = familiesOf(
      '/** Sums. */\nexport interface AOperators {\n  /**\n   * Σ|x|.\n   *\n   * @example engine.a(1)\n   */\n  a(x: number): number;\n}\n',
      'src/ops/a.ts',
    );
    const text = 'a\n<!-- operators: families -->\nstale\n<!-- /operators -->\nb\n<!-- operators: names --><!-- /operators -->\n';
    expect(withTables(text, [family])).toBe(
      'a\n<!-- operators: families -->\n\n## Sums\n\n| Operator | Result | Example |\n| --- | --- | --- |\n' +
        '| `a(x)` | Σ\\|x\\|. | `engine.a(1)` |\n\n<!-- /operators -->\nb\n' +
        '<!-- operators: names -->\n\n| Family | Operators |\n| --- | --- |\n| Sums | `a` |\n\n<!-- /operators -->\n',
    );
    expect(() => withTables('<!-- operators: other --><!-- /operators -->', [])).toThrow("there is no table 'other'");
  });
});

describe('asynchronous forms', () => {
  it('have the type parameters of their namesakes', () => {
    const one = (engine: Engine, x: KernelTensor) => engine.reluAsync(x);
    const out = (engine: Engine, x: Tensor, out: KernelTensor) => engine.conv2dAsync(x, x, { out });
    const several = (engine: Engine, x: KernelTensor) => engine.linearBackwardAsync(x, x, x);
    expectTypeOf(one).returns.resolves.toEqualTypeOf<KernelTensor>();
    expectTypeOf(out).returns.resolves.toEqualTypeOf<KernelTensor>();
    expectTypeOf(several).returns.resolves.toHaveProperty('dx').toEqualTypeOf<KernelTensor | undefined>();
  });
});

describe('the reader of contracts', () => {
  const text = [
    "import type { Shared, Other as Mine } from '../spec/shared.ts';",
    '/** Not this one. */',
    'export interface AOptions { readonly a: number; }',
    '/** First family. More about it. */',
    'export interface AOperators {',
    '  /**',
    '   * The `a.b` of x, e.g. a sum. Another sentence.',
    '   *',
    '   * @param x any (shape',
    '   * @example engine.a(tensor([1, 2]),',
    "   *   { mode: '>' })",
    '   * @throws never',
    '   */',
    "  a<T extends Shared, G extends Record<'out', T> = Record<never, never>>(",
    '    x: T,',
    '    sizes: readonly [height: number, width: number],',
    '    done?: (value: T, other: Record<string, T>) => void,',
    "    options?: AOptions & { readonly mode?: '>' | '(' },",
    '  ): Gradients<T, G>;',
    '  plain(): number;',
    '}',
    'export interface Operators extends AOperators {}',
  ].join('\n');
  const families = familiesOf(text, 'src/ops/a.ts');

  it('finds names, parameters, summaries and examples', () => {
    expect(families).toMatchObject([
      {
        name: 'A',
        title: 'First family',
        operators: [
          {
            name: 'a',
            typeParameters: "<T extends Shared, G extends Record<'out', T> = Record<never, never>>",
            parameters: ['x', 'sizes', 'done', 'options'],
            result: 'Gradients<T, G>',
            summary: 'The `a.b` of x, e.g. a sum.',
            example: "engine.a(tensor([1, 2]), { mode: '>' })",
          },
          { name: 'plain', typeParameters: '', parameters: [], result: 'number', summary: '', example: undefined },
        ],
      },
    ]);
  });

  it('writes asynchronous contracts with what they import', () => {
    const source = asyncSource(families);
    expect(source).toContain("import type { AOptions } from '../a.ts';\nimport type { Shared } from '../../spec/shared.ts';\n");
    expect(source).toContain(
      "  aAsync<T extends Shared, G extends Record<'out', T> = Record<never, never>>(x: T, sizes: readonly [height: number, width: number], " +
        "done?: (value: T, other: Record<string, T>) => void, options?: AOptions & { readonly mode?: '>' | '(' }): Promise<Gradients<T, G>>;\n",
    );
    expect(parametersSource(families)).toContain("  a: 'x sizes done options',\n  plain: '',\n");
  });

  it('refuses what it cannot read, and two types of one name', () => {
    expect(() => familiesOf('export interface AOperators {\n  a: number;\n}\n', 'src/ops/a.ts')).toThrow();
    const other = familiesOf(text.replace('spec/shared', 'spec/different'), 'src/ops/b.ts');
    expect(() => asyncSource([...families, ...other])).toThrow('src/spec/shared.ts and src/spec/different.ts both declare a type Shared');
  });
});
