import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as image from '../src/image/index.ts';
import { filters } from '../src/image/index.ts';
import * as index from '../src/index.ts';
import * as js from '../src/js.ts';
import * as nn from '../src/nn/index.ts';
import { operators } from '../src/ops/index.ts';
import { expectSameBits } from './equal.ts';
import { filterGenerators, generators } from './fuzz/generators/index.ts';
import type { Generator } from './fuzz/generators/values.ts';
import { entryNames } from './fuzz/hostile.ts';
import { resultsOf } from './fuzz/placing.ts';
import { Source } from './fuzz/source.ts';
import { simd, js as twin } from './platforms.ts';

type Methods = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

/** Of what the fuzzer rests on: `npm run test:fuzz` does the rest. */
describe('generators', () => {
  const ofImages = Object.keys(filters(twin.engine)).filter((name) => name !== 'image' && !name.endsWith('Async'));

  it('there is one for every operator of an engine, and for every filter', () => {
    expect(Object.keys(generators).sort()).toEqual(Object.keys(operators).sort());
    expect(Object.keys(filterGenerators).sort()).toEqual(ofImages.sort());
  });

  it('every operator and every filter has its asynchronous form', () => {
    for (const name of Object.keys(operators)) expect(simd.engine).toHaveProperty(`${name}Async`);
    for (const name of ofImages) expect(filters(simd.engine)).toHaveProperty(`${name}Async`);
  });

  it('everything else that is exported is called with hostile arguments', () => {
    const exported = [index, js, image, nn].flatMap((entry) => Object.keys(entry));
    // Errors are only thrown, and tensors and images of the engine are only made by it: their methods are called.
    const called = exported.filter((name) => !/Error$/.test(name) && !['KernelTensor', 'KernelImage'].includes(name));
    expect(entryNames).toEqual(expect.arrayContaining(called));
  });

  const all: readonly (readonly [string, Generator, Methods, Methods])[] = [
    ...Object.entries(generators).map(
      ([name, generate]) => [name, generate, twin.engine as unknown as Methods, simd.engine as unknown as Methods] as const,
    ),
    ...Object.entries(filterGenerators).map(
      ([name, generate]) =>
        [name, generate, filters(twin.engine) as unknown as Methods, filters(simd.engine) as unknown as Methods] as const,
    ),
  ];

  it.each(all)('%s: what is generated is accepted, and has the same bits', (name, generate, js, wasm) => {
    let most = 0;
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { args, over } = generate(Source.seeded(seed));
        const expected = resultsOf(js[name](...args));
        const results = resultsOf(wasm[name](...args));
        expect(Object.keys(results)).toEqual(Object.keys(expected));
        for (const [result, { data }] of Object.entries(expected)) {
          if (data instanceof Float32Array) expectSameBits(results[result].data as Float32Array, data);
          else expect(results[result].data).toEqual(data);
          most = Math.max(most, data.length);
        }
        if (over !== undefined && over.result in expected) {
          const { data } = args[over.argument] as { data: { length: number } };
          expect(expected[over.result].data.length).toBe(data.length);
        }
      }),
      { numRuns: 20 },
    );
    expect(most).toBeGreaterThan(0);
  });

  it('the same draws give the same configuration, whatever they come from', () => {
    for (const generate of Object.values(generators)) {
      const source = Source.seeded(7);
      expect(generate(source).args).toEqual(generate(Source.seeded(7)).args);
      const again = source.again();
      expect(generate(again).args).toEqual(generate(Source.seeded(7)).args);
    }
  });
});
