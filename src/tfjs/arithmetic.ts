import {
  Abs,
  Add,
  Exp,
  Log,
  Maximum,
  Minimum,
  Multiply,
  Neg,
  PadV2,
  type PadV2Attrs,
  Pow,
  RealDiv,
  Sqrt,
  Sub,
} from '@tensorflow/tfjs-core';
import { kernel } from './kernel.ts';

const BINARY = [
  [Add, 'add'],
  [Sub, 'sub'],
  [Multiply, 'mul'],
  [RealDiv, 'div'],
  [Maximum, 'maximum'],
  [Minimum, 'minimum'],
  [Pow, 'pow'],
] as const;

const UNARY = [
  [Abs, 'abs'],
  [Neg, 'neg'],
  [Sqrt, 'sqrt'],
  [Exp, 'exp'],
  [Log, 'log'],
] as const;

export function registerArithmetic(): void {
  for (const [name, method] of BINARY) {
    kernel(name, ({ inputs: { a, b }, backend }) => backend.result(backend.engine[method](backend.operand(a), backend.operand(b))));
  }
  for (const [name, method] of UNARY) {
    kernel(name, ({ inputs: { x }, backend }) => backend.result(backend.engine[method](backend.operand(x))));
  }
  kernel<PadV2Attrs>(PadV2, ({ inputs: { x }, attrs: { paddings, constantValue }, backend }) => {
    const before = paddings.map(([begin]) => begin);
    const after = paddings.map(([, end]) => end);
    return backend.result(backend.engine.pad(backend.operand(x), before, after, { value: constantValue }));
  });
}
