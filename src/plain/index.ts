/**
 * Plain JavaScript for what the benchmarks show: typed arrays, blocked loops, sums in doubles. It is the baseline of every "times faster
 * than JavaScript". The engine's `js` variant is not: for equal bits it rounds to 32 bits after each operation, and what that costs must
 * not count as a merit of WebAssembly.
 *
 * It stands in src/ and not in bench/ because `simdconv bench` ships in the package: the benches and the playground import this one copy.
 * It has no entry in package.json, since it is no part of the interface.
 */
export { averagePool2d } from './average-pool2d.ts';
export { batchNorm } from './batch-norm.ts';
export { conv2d } from './conv2d.ts';
export { elu } from './elu.ts';
export { filter2d, filter2dFloats, type PlainBytesRun, type PlainImageShape, type PlainKernel } from './filter2d.ts';
export { gaussianBlur } from './gaussian-blur.ts';
export { gelu } from './gelu.ts';
export { leakyRelu } from './leaky-relu.ts';
export { linear } from './linear.ts';
export { maxPool2d } from './max-pool2d.ts';
export { prelu } from './prelu.ts';
export { relu } from './relu.ts';
export type { PlainConvShape, PlainLayout, PlainRun, PlainShape } from './shape.ts';
export { sigmoid } from './sigmoid.ts';
export { softmax } from './softmax.ts';
export { tanh } from './tanh.ts';
