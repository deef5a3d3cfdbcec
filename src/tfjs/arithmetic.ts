import { Add, PadV2, type PadV2Attrs } from '@tensorflow/tfjs-core';
import { sameShape } from '../spec/check.ts';
import { kernel } from './kernel.ts';

export function registerArithmetic(): void {
  kernel(Add, ({ inputs: { a, b }, backend }) => {
    if (!sameShape(a.shape, b.shape)) return undefined;
    return backend.result(backend.engine.add(backend.operand(a), backend.operand(b)));
  });
  kernel<PadV2Attrs>(PadV2, ({ inputs: { x }, attrs: { paddings, constantValue }, backend }) => {
    const before = paddings.map(([begin]) => begin);
    const after = paddings.map(([, end]) => end);
    return backend.result(backend.engine.pad(backend.operand(x), before, after, { value: constantValue }));
  });
}
