import fc from 'fast-check';
import { expect, it } from 'vitest';
import { callOperator, operatorNames } from './calls.ts';
import { type Configuration, configuration, operands } from './conv-configuration.ts';
import { expectSameBits } from './equal.ts';
import { guardedEngine } from './guarded-engine.ts';
import { kernels } from './kernels.ts';
import { js } from './platforms.ts';
import { randomTensor, toNhwc } from './random.ts';

function suitedToWinograd(c: Configuration): Configuration {
  const kernel: [number, number] = [3, 3];
  const one: [number, number] = [1, 1];
  return { ...c, kernel, strides: one, dilations: one, height: c.height + 2, width: c.width + 2, algorithm: 'winograd' };
}

it('no kernel of conv2d writes a byte outside its output and scratch', async () => {
  const called = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(configuration, fc.constantFrom('nchw' as const, 'nhwc' as const), fc.boolean(), async (any, inputLayout, winograd) => {
      const c = winograd ? suitedToWinograd(any) : any;
      const made = operands(c);
      const x = inputLayout === 'nchw' ? made.x : toNhwc(made.x);
      const options = { ...made.options, inputLayout };
      const expected = js.engine.conv2d(x, made.filter, options);
      const engine = await guardedEngine((name) => called.set(name, (called.get(name) ?? 0) + 1));
      expectSameBits(engine.conv2d(x, made.filter, options).data, expected.data);
      using conv = engine.prepareConv2d(made.filter, options);
      using kernelX = engine.tensor(x.shape, x.data);
      using out = engine.tensor(expected.shape);
      expectSameBits(conv.run(kernelX, out).data, expected.data);
    }),
    { numRuns: 500 },
  );
  const convolving = Object.keys(kernels).filter((name) => /^(pad$|pack|conv)/.test(name));
  expect(convolving.length).toBeGreaterThan(4);
  for (const name of convolving) expect([name, called.get(name) ?? 0]).toEqual([name, expect.toSatisfy((calls: number) => calls > 20)]);
});

it.each(operatorNames)('no kernel of %s writes a byte outside its output and scratch', async (name) => {
  const expected = callOperator(js.engine, name);
  for (const [i, data] of callOperator(await guardedEngine(), name).entries()) expectSameBits(data, expected[i]);
});

it('no kernel writes outside its output and scratch at the edges of its tiles', async () => {
  for (const inputLayout of ['nchw', 'nhwc'] as const)
    for (const channels of [1, 3, 4, 5, 7, 8, 9, 11, 16, 17])
      for (const width of [1, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 95, 96, 97, 191, 193]) {
        const x = randomTensor(inputLayout === 'nchw' ? [1, 2, 1, width] : [1, 1, width, 2], width);
        const filter = randomTensor([channels, 2, 1, 1], channels);
        const options = { inputLayout, algorithm: 'gemm' as const };
        const engine = await guardedEngine();
        expectSameBits(engine.conv2d(x, filter, options).data, js.engine.conv2d(x, filter, options).data);
      }
});
