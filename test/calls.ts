import type { Tensor } from '../src/index.ts';
import { operators } from '../src/ops/index.ts';
import { js } from './platforms.ts';
import { randomTensor, specialTensor } from './random.ts';

/**
 * A call of every operator, with tasks to share and edges that are no whole vectors, for suites that look at how work is done rather
 * than at what comes out. A gradient is called with the operands of its operator.
 */

type Results = Tensor | Readonly<Record<string, Tensor | undefined>>;
type Methods = Readonly<Record<string, (...args: readonly unknown[]) => Results>>;

const x = randomTensor([2, 7, 61, 47], 1);
const image = randomTensor([2, 6, 33, 37], 2);
const line = randomTensor([2, 5, 901], 3);
const volume = randomTensor([2, 3, 7, 19, 21], 4);
const channels = [5, 6, 7].map((seed) => randomTensor([7], seed));
const variance: Tensor = { shape: [7], data: channels[1].data.map((value) => value * value + 0.1) };
const transposed = { strides: 2, outputPadding: 1 };
const window = { windowDimensions: 3, strides: 2, padding: 1 };
const volumeWindow = { ...window, dilations: 1 };
const padding = [[0, 1, 2, 3], [1, 0, 3, 2], { mode: 'reflect' }];

const OPERANDS: Readonly<Record<string, readonly unknown[]>> = {
  add: [x, specialTensor(x.shape, 8)],
  conv1d: [line, randomTensor([7, 5, 4], 9), { padding: 2, paddingMode: 'circular' }],
  conv2d: [image, randomTensor([10, 3, 3, 3], 10), { groups: 2, padding: 1, strides: [2, 1] }],
  conv3d: [volume, randomTensor([5, 3, 2, 3, 3], 11), { padding: 1, strides: [2, 1, 1] }],
  convTranspose1d: [line, randomTensor([5, 3, 4], 12), { strides: 3 }],
  convTranspose2d: [image, randomTensor([6, 4, 3, 2], 13), transposed],
  im2col: [image, window],
  col2im: [randomTensor([2, 54, 17 * 19], 14), [33, 37], window],
  conv2dMatrix: [randomTensor([4, 3, 3, 3], 15), [3, 9, 11], { padding: 1 }],
  linear: [randomTensor([137, 45], 16), randomTensor([29, 45], 17)],
  pad: [x, ...padding],
  batchNorm: [x, channels[0], variance, { scale: channels[2] }],
  prelu: [x, channels[0]],
  rrelu: [x, { training: true, seed: 5 }],
  maxUnpool2d: [randomTensor([2, 6, 17, 19], 18), { shape: [2, 6, 17, 19], data: places(2 * 6, 17, 19) }, { outputSizes: [34, 38] }],
};

/** For each of a plane's pixels a place in a plane of twice its extent. */
function places(planes: number, height: number, width: number): Float32Array {
  return Float32Array.from({ length: planes * height * width }, (_, i) => {
    const pixel = i % (height * width);
    return 2 * Math.floor(pixel / width) * 2 * width + 2 * (pixel % width);
  });
}

function operandsOf(name: string): readonly unknown[] {
  if (name in OPERANDS) return OPERANDS[name];
  if (name.startsWith('reduce')) return [x, { axes: [0, 2] }];
  if (name.startsWith('arg')) return [x, 1];
  if (name.startsWith('adaptive')) return name.includes('1d') ? [line, 70] : name.includes('3d') ? [volume, [3, 5, 4]] : [image, [7, 11]];
  if (name.includes('Pool1d')) return [line, window];
  if (name.includes('Pool3d')) return [volume, volumeWindow];
  if (name.includes('Pool2d')) return [image, window];
  return [x];
}

/** The engine may be one of the source or one of the built package, whose types are not the same. */
const methods = (engine: object) => engine as Methods;

/** What an operator is called with. */
const ARGUMENTS = Object.fromEntries(
  Object.keys(operators).map((name) => {
    if (!name.endsWith('Backward')) return [name, operandsOf(name)];
    const forward = name.slice(0, -'Backward'.length);
    const operands = operandsOf(forward);
    const { shape } = methods(js.engine)[forward](...operands) as Tensor;
    const dy = randomTensor(shape, 19);
    // Of these two the operand has nothing that a gradient depends on.
    if (name === 'im2colBackward') return [name, [dy, [33, 37], window]];
    if (name === 'col2imBackward') return [name, [dy, window]];
    return [name, [dy, ...operands]];
  }),
);

export const operatorNames = Object.keys(ARGUMENTS);

function tensors(results: Results): Float32Array[] {
  return (results.data instanceof Float32Array ? [results as Tensor] : (Object.values(results) as Tensor[])).map(({ data }) => data);
}

/** Everything that an operator gives. */
export function callOperator(engine: object, name: string): Float32Array[] {
  return tensors(methods(engine)[name](...ARGUMENTS[name]));
}

export async function callOperatorAsync(engine: object, name: string): Promise<Float32Array[]> {
  return tensors(await (methods(engine)[`${name}Async`](...ARGUMENTS[name]) as unknown as Promise<Results>));
}
