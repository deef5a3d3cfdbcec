import { beforeAll, describe, expect, it } from 'vitest';
import { type Engine, LayoutError, OptionError, ShapeError, type Tensor } from '../src/index.ts';
import { expectSameBits } from './equal.ts';
import { ownEngine } from './own-engine.ts';
import { js } from './platforms.ts';
import { randomTensor } from './random.ts';

const own = await ownEngine();
const tables = [
  { name: 'js', engine: js.engine, takenBytes: () => 0 },
  { name: 'simd', engine: own.engine, takenBytes: () => own.memory.takenBytes },
];

const x = randomTensor([1, 2, 5, 6], 1);
const filter = randomTensor([4, 2, 3, 3], 2);
const bias = randomTensor([4], 3);
const OUT_SHAPE = [1, 4, 3, 4];
const SENTINEL = 12.5;
const sentinels = () => ({ shape: OUT_SHAPE, data: new Float32Array(48).fill(SENTINEL) });
const floats = (n: number) => new Float32Array(n);
function detached(): Float32Array {
  const data = floats(60);
  structuredClone(data, { transfer: [data.buffer] });
  return data;
}

interface Given {
  readonly x?: unknown;
  readonly filter?: unknown;
  readonly options?: unknown;
}
type Row = readonly [what: string, given: Given, error: typeof ShapeError | typeof OptionError, argument: string, said: RegExp];

const notTensors: readonly [string, unknown, RegExp][] = [
  ['nothing', undefined, /a tensor .* got undefined/],
  ['null', null, /a tensor .* got null/],
  ['a string', 'photo.png', /a tensor .* got 'photo.png'/],
  ['a number', 42, /a tensor .* got 42/],
  ['bare floats', floats(60), /a tensor .* got Float32Array/],
  ['a function', () => 0, /a tensor .* got a function/],
  ['a symbol', Symbol('x'), /a tensor .* got Symbol\(x\)/],
  ['an object without a prototype', Object.create(null), /a tensor .* got an object/],
  ['no data', { shape: [1, 2, 5, 6] }, /a tensor .* got Object/],
  ['no shape', { data: floats(60) }, /a tensor .* got Object/],
];

const badShapes: readonly [string, unknown, RegExp][] = [
  ['a string', '1,2,5,6', /whole numbers.*got '1,2,5,6'/],
  ['null', null, /whole numbers.*got null/],
  ['a typed array', Int32Array.of(1, 2, 5, 6), /an array of whole numbers.*got Int32Array/],
  ['three dimensions', [2, 5, 6], /4 dimensions, got 3 dimensions \[2, 5, 6\]/],
  ['five dimensions', [1, 1, 2, 5, 6], /4 dimensions, got 5 dimensions/],
  ['a fraction', [1, 2, 5, 6.5], /whole numbers.*got \[1, 2, 5, 6.5\]/],
  ['a negative extent', [1, 2, -5, 6], /whole numbers.*got \[1, 2, -5, 6\]/],
  ['NaN', [1, 2, Number.NaN, 6], /whole numbers.*got \[1, 2, NaN, 6\]/],
  ['an infinite extent', [1, 2, Infinity, 6], /whole numbers.*Infinity/],
  ['a string in it', [1, 2, '5', 6], /whole numbers.*got \[1, 2, '5', 6\]/],
  ['a symbol in it', [1, 2, Symbol('h'), 6], /whole numbers.*Symbol\(h\)/],
  ['holes', new Array(4), /whole numbers.*got \[undefined, undefined/],
  ['a zero', [1, 2, 0, 6], /no dimension of 0 after the first, got \[1, 2, 0, 6\]/],
  ['a product beyond 32 bits', [4096, 4096, 64, 2], /at most 1073741824 floats.*got \[4096, 4096, 64, 2\]/],
  ['a product beyond 64 bits', [2 ** 40, 2 ** 40, 2 ** 40, 1], /at most 1073741824 floats/],
  ['a product of zero and infinity', [0, 1e300, 1e300, 1], /at most 1073741824 floats/],
];

const badData: readonly [string, unknown, RegExp][] = [
  ['one float too few', floats(59), /60 floats for the shape \[1, 2, 5, 6\], got 59 floats/],
  ['one float too many', floats(61), /60 floats .*, got 61 floats/],
  ['an array', Array.from({ length: 60 }, () => 0), /a Float32Array, got \[0, 0, .*…\]/],
  ['doubles', new Float64Array(60), /a Float32Array, got Float64Array/],
  ['a bare buffer', new ArrayBuffer(240), /a Float32Array, got ArrayBuffer/],
  ['null', null, /a Float32Array, got null/],
  ['a DataView', new DataView(new ArrayBuffer(240)), /a Float32Array, got DataView/],
  ['a detached buffer', detached(), /still holds its data, got a detached buffer/],
];

const badCounts: readonly [string, unknown][] = [
  ['zero', 0],
  ['negative', -1],
  ['a fraction', 1.5],
  ['NaN', Number.NaN],
  ['infinite', Infinity],
  ['a string', '2'],
  ['null', null],
  ['true', true],
  ['a bigint', 2n],
];
const badPairs: readonly [string, unknown][] = [
  ...badCounts,
  ['one of two', [1]],
  ['three', [1, 1, 1]],
  ['a zero in it', [1, 0]],
  ['a string in it', [1, '1']],
  ['holes', new Array(2)],
  ['beyond any size', 2 ** 31],
  ['a typed array', Int32Array.of(1, 1)],
];
const badPaddings: readonly [string, unknown][] = [
  ...badCounts.filter(([, value]) => value !== 0),
  ['one of two', [1]],
  ['three', [1, 1, 1]],
  ['a negative side', [0, 0, 0, -1]],
  ['a fraction in it', [0.5, 1]],
  ['holes', new Array(4)],
  ['a rule in capitals', 'SAME'],
  ['an object', { top: 1 }],
];

const large = new Float32Array(200);
const within = (begin: number, length: number) => large.subarray(begin, begin + length);

const rows: readonly Row[] = [
  ...notTensors.map(([what, value, said]): Row => [`x: ${what}`, { x: value }, ShapeError, 'x', said]),
  ...badShapes.map(([what, shape, said]): Row => [`x.shape: ${what}`, { x: { shape, data: x.data } }, ShapeError, 'x.shape', said]),
  ...badData.map(([what, data, said]): Row => [`x.data: ${what}`, { x: { shape: x.shape, data } }, ShapeError, 'x.data', said]),
  [
    'x: other channels',
    { x: randomTensor([1, 3, 5, 6], 1) },
    ShapeError,
    'x.shape',
    /2 channels \(2 of the filter × 1 groups\).*got 3 channels/,
  ],
  [
    'x: other channels in NHWC',
    { options: { inputLayout: 'nhwc' } },
    ShapeError,
    'x.shape',
    /2 channels .* in the layout 'nhwc', got 6 channels in \[1, 2, 5, 6\]/,
  ],
  [
    'x: channels of one group only',
    { options: { groups: 2 } },
    ShapeError,
    'x.shape',
    /4 channels \(2 of the filter × 2 groups\).*got 2 channels/,
  ],

  ...notTensors.map(([what, value, said]): Row => [`filter: ${what}`, { filter: value }, ShapeError, 'filter', said]),
  ...badShapes.map(
    ([what, shape, said]): Row => [`filter.shape: ${what}`, { filter: { shape, data: filter.data } }, ShapeError, 'filter.shape', said],
  ),
  [
    'filter.data: one float too many',
    { filter: { shape: filter.shape, data: floats(73) } },
    ShapeError,
    'filter.data',
    /72 floats .* got 73/,
  ],
  ['filter.data: detached', { filter: { shape: filter.shape, data: detached() } }, ShapeError, 'filter.data', /detached/],
  [
    'filter: no output channels',
    { filter: { shape: [0, 2, 3, 3], data: floats(0) } },
    ShapeError,
    'filter.shape',
    /no dimension of 0, got \[0, 2, 3, 3\]/,
  ],
  ['filter: higher than the input', { filter: randomTensor([4, 2, 6, 3], 2) }, ShapeError, 'filter', /at most the 5 .* got .* 6 rows/],
  ['filter: wider than the input', { filter: randomTensor([4, 2, 3, 7], 2) }, ShapeError, 'filter', /at most the 6 .* got .* 7 columns/],
  ['filter: dilated out of the input', { options: { dilations: 3 } }, ShapeError, 'filter', /at most the 5 .* got .* 7 rows/],
  [
    'filter: dilated out of the padded input',
    { options: { dilations: [5, 1], padding: [2, 2] } },
    ShapeError,
    'filter',
    /at most the 9 .* 11 rows/,
  ],

  ...notTensors
    .filter(([, value]) => value !== undefined)
    .map(([what, value, said]): Row => [`bias: ${what}`, { options: { bias: value } }, ShapeError, 'options.bias', said]),
  [
    'bias: two dimensions',
    { options: { bias: { shape: [1, 4], data: bias.data } } },
    ShapeError,
    'options.bias.shape',
    /1 dimensions, got 2/,
  ],
  ['bias: one too many', { options: { bias: randomTensor([5], 3) } }, ShapeError, 'options.bias.shape', /\[4\].*, got \[5\]/],
  [
    'bias: data that does not fit',
    { options: { bias: { shape: [4], data: floats(3) } } },
    ShapeError,
    'options.bias.data',
    /4 floats .* got 3 floats/,
  ],

  ['options: null', { options: null }, OptionError, 'options', /an object, got null/],
  ['options: a string', { options: 'same' }, OptionError, 'options', /an object, got 'same'/],
  ['options: a number', { options: 2 }, OptionError, 'options', /an object, got 2/],
  ['options: a function', { options: () => 0 }, OptionError, 'options', /an object, got a function/],
  ['options: an unknown name', { options: { stride: 2 } }, OptionError, 'options.stride', /one of .*strides.* got an unknown option/],
  ['options: an array', { options: [2] }, OptionError, 'options.0', /one of .* got an unknown option/],

  [
    'groups: not a divisor',
    { options: { groups: 3 } },
    OptionError,
    'options.groups',
    /a divisor of the filter's 4 output channels, got 3/,
  ],
  ...badCounts.map(
    ([what, groups]): Row => [
      `groups: ${what}`,
      { options: { groups } },
      OptionError,
      'options.groups',
      /a whole number of at least 1, got /,
    ],
  ),
  ...badPairs.map(
    ([what, strides]): Row => [
      `strides: ${what}`,
      { options: { strides } },
      OptionError,
      'options.strides',
      /a whole number of at least 1.*got /,
    ],
  ),
  ...badPairs.map(
    ([what, dilations]): Row => [
      `dilations: ${what}`,
      { options: { dilations } },
      OptionError,
      'options.dilations',
      /a whole number .*got /,
    ],
  ),
  ...badPaddings.map(
    ([what, padding]): Row => [
      `padding: ${what}`,
      { options: { padding } },
      OptionError,
      'options.padding',
      /'same-lower' or 'valid', got /,
    ],
  ),
  [
    'padding: a result beyond 32 bits',
    { options: { padding: 2 ** 20 } },
    ShapeError,
    'out.shape',
    /at most 1073741824 floats.*got \[1, 4, 2097155/,
  ],

  ...(['NCHW', 'chw', null, 1] as const).map(
    (inputLayout): Row => [
      `inputLayout: ${inputLayout}`,
      { options: { inputLayout } },
      LayoutError,
      'options.inputLayout',
      /one of 'nchw', 'nhwc', got /,
    ],
  ),
  ...(['OIHW', 'oiwh', null, 1] as const).map(
    (filterLayout): Row => [
      `filterLayout: ${filterLayout}`,
      { options: { filterLayout } },
      LayoutError,
      'options.filterLayout',
      /'ihwo', got /,
    ],
  ),
  ['normalize: unknown', { options: { normalize: 'sum' } }, OptionError, 'options.normalize', /one of 'none', 'mean', got 'sum'/],
  ['normalize: null', { options: { normalize: null } }, OptionError, 'options.normalize', /got null/],
  ['algorithm: unknown', { options: { algorithm: 'fft' } }, OptionError, 'options.algorithm', /'winograd', got 'fft'/],

  ['activation: unknown', { options: { activation: 'swish' } }, OptionError, 'options.activation', /one of 'relu', .* got 'swish'/],
  ['activation: null', { options: { activation: null } }, OptionError, 'options.activation', /a name, or an object .* got null/],
  ['activation: no type', { options: { activation: {} } }, OptionError, 'options.activation', /one of 'relu'/],
  [
    'activation: what another one takes',
    { options: { activation: { type: 'relu', alpha: 1 } } },
    OptionError,
    'options.activation.alpha',
    /an unknown option/,
  ],
  [
    'activation: a bound that is a string',
    { options: { activation: { type: 'clamp', maxValue: '1' } } },
    OptionError,
    'options.activation.maxValue',
    /a number, got '1'/,
  ],
  [
    'activation: a slope that is a string',
    { options: { activation: { type: 'leakyRelu', alpha: '0.2' } } },
    OptionError,
    'options.activation.alpha',
    /finite as a 32-bit float, got '0.2'/,
  ],
];

const outRows: readonly (readonly [string, () => Given & { options: { out: unknown } }, string, RegExp])[] = [
  ...notTensors
    .filter(([, value]) => value !== undefined)
    .map(([what, value, said]) => [what, () => ({ options: { out: value } }), 'out', said] as const),
  [
    'another shape',
    () => ({ options: { out: { shape: [1, 4, 4, 3], data: floats(48) } } }),
    'out.shape',
    /\[1, 4, 3, 4\], got \[1, 4, 4, 3\]/,
  ],
  ['another rank', () => ({ options: { out: { shape: [4, 3, 4], data: floats(48) } } }), 'out.shape', /\[1, 4, 3, 4\], got \[4, 3, 4\]/],
  [
    'data that does not fit',
    () => ({ options: { out: { shape: OUT_SHAPE, data: floats(47) } } }),
    'out.data',
    /48 floats .* got 47 floats/,
  ],
  ['a detached buffer', () => ({ options: { out: { shape: OUT_SHAPE, data: detached() } } }), 'out.data', /detached/],
  [
    'the first float of the input',
    () => ({ x: { shape: x.shape, data: within(47, 60) }, options: { out: { shape: OUT_SHAPE, data: within(0, 48) } } }),
    'out',
    /memory of its own, got memory that overlaps x/,
  ],
  [
    'the last float of the input',
    () => ({ x: { shape: x.shape, data: within(0, 60) }, options: { out: { shape: OUT_SHAPE, data: within(59, 48) } } }),
    'out',
    /overlaps x/,
  ],
  [
    'the middle of the filter',
    () => ({ filter: { shape: filter.shape, data: within(0, 72) }, options: { out: { shape: OUT_SHAPE, data: within(10, 48) } } }),
    'out',
    /overlaps filter/,
  ],
];

function expectRefusal(call: () => unknown, kind: (typeof rows)[0][2], argument: string, said: RegExp) {
  let error: unknown;
  try {
    call();
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(kind);
  const refusal = error as ShapeError;
  expect(refusal).toBeInstanceOf(kind === ShapeError ? RangeError : TypeError);
  expect(refusal.name).toBe(kind.name);
  expect(refusal.argument).toBe(argument);
  expect(refusal.message).toBe(`${refusal.argument}: expected ${refusal.expected}, got ${refusal.given}`);
  expect(refusal.message).toMatch(said);
}

describe.each(tables)('what is refused on $name', ({ engine, takenBytes }) => {
  const conv2d = engine.conv2d.bind(engine) as (...args: unknown[]) => Tensor;
  const prepareConv2d = engine.prepareConv2d.bind(engine) as (...args: unknown[]) => ReturnType<Engine['prepareConv2d']>;
  const expected = engine.conv2d(x, filter, { bias }).data;
  let taken: number;
  beforeAll(() => {
    taken = takenBytes();
  });
  const goesOn = () => {
    expect(takenBytes()).toBe(taken);
    expectSameBits(engine.conv2d(x, filter, { bias }).data, expected);
  };

  it.each(rows)('%s', (_, given, kind, argument, said) => {
    const arguments_ = { x, filter, options: {}, ...given };
    const out = sentinels();
    const options = arguments_.options;
    const withOut = options !== null && typeof options === 'object' && !Array.isArray(options) ? { ...options, out } : options;
    expectRefusal(() => conv2d(arguments_.x, arguments_.filter, withOut), kind, argument, said);
    expectRefusal(
      () => {
        using conv = prepareConv2d(arguments_.filter, options);
        conv.run(arguments_.x as Tensor, out);
      },
      kind,
      argument,
      said,
    );
    if ('filter' in given && /^filter\./.test(argument)) expectRefusal(() => prepareConv2d(given.filter), kind, argument, said);
    expect(out.data.every((value) => value === SENTINEL)).toBe(true);
    goesOn();
  });

  it.each(outRows)('out: %s', (_, make, argument, said) => {
    large.fill(SENTINEL);
    const { options, ...given } = make();
    const arguments_ = { x, filter, ...given };
    expectRefusal(() => conv2d(arguments_.x, arguments_.filter, options), ShapeError, argument, said);
    if (!('filter' in given)) {
      using conv = prepareConv2d(filter);
      expectRefusal(() => conv.run(arguments_.x as Tensor, options.out as Tensor), ShapeError, argument, said);
    }
    expect(large.every((value) => value === SENTINEL)).toBe(true);
    goesOn();
  });

  it('out: the bias, and memory of engine tensors', () => {
    {
      const pool = new Float32Array(100);
      const ofBias = { shape: [4], data: pool.subarray(0, 4) };
      expectRefusal(
        () => engine.conv2d(x, filter, { bias: ofBias, out: { shape: OUT_SHAPE, data: pool.subarray(3, 51) } }),
        ShapeError,
        'out',
        /overlaps options\.bias/,
      );
      using input = engine.tensor(x.shape, x.data);
      using square = engine.tensor([1, 1, 3, 3]);
      const view = { shape: OUT_SHAPE, data: input.data.subarray(12) };
      expectRefusal(() => engine.conv2d(input, filter, { out: view }), ShapeError, 'out', /overlaps x/);
      expectRefusal(() => engine.conv2d(square, randomTensor([1, 1, 1, 1], 1), { out: square }), ShapeError, 'out', /overlaps x/);
    }
    goesOn();
  });

  it('prepareConv2d: the option out, which belongs to run', () => {
    expectRefusal(() => prepareConv2d(filter, { out: sentinels() }), OptionError, 'options.out', /an unknown option/);
  });

  it.each([
    ['no shape', [], 'shape', /an array of whole numbers of at least 0, got undefined/],
    ['a number for a shape', [3], 'shape', /got 3/],
    ['a negative extent', [[-1]], 'shape', /got \[-1\]/],
    ['holes', [new Array(2)], 'shape', /got \[undefined, undefined\]/],
    ['too much', [[2 ** 31]], 'shape', /at most 1073741824 floats/],
    ['too few floats', [[2, 3], floats(5)], 'data', /6 floats for the shape \[2, 3\], got 5 floats/],
    ['too many numbers', [[2], [1, 2, 3]], 'data', /2 floats .* got 3 floats/],
    ['null for data', [[2], null], 'data', /an array of numbers, got null/],
    ['a string for data', [[2], 'ab'], 'data', /an array of numbers, got 'ab'/],
    ['a buffer for data', [[2], new ArrayBuffer(8)], 'data', /an array of numbers, got ArrayBuffer/],
    ['strings in data', [[2], ['1', '2']], 'data[0]', /a number, got '1'/],
    ['holes in data', [[2], new Array(2)], 'data[0]', /a number, got undefined/],
    ['bigints in data', [[2], BigInt64Array.of(1n, 2n)], 'data[0]', /a number, got 1/],
    ['a detached buffer', [[2], detached()], 'data', /detached/],
  ] as const)('tensor(): %s', (_, given, argument, said) => {
    expectRefusal(() => (engine.tensor as (...args: readonly unknown[]) => unknown).apply(engine, [...given]), ShapeError, argument, said);
    goesOn();
  });
});
