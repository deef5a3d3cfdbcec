import { _FusedMatMul, type _FusedMatMulAttrs, BatchMatMul, type BatchMatMulAttrs, type TensorInfo } from '@tensorflow/tfjs-core';
import { type KernelTensor, lengthOf } from '../tensor/tensor.ts';
import { type Fused, fusing } from './fused.ts';
import { type Call, kernel } from './kernel.ts';

/**
 * Products of matrices are convolutions by 1 × 1:
 *
 *   A · B    rows of A are pixels of one row [1, 1, rows, inner], B is the filter [1, 1, inner, columns], which stays packed
 *   A · Bᵀ   the same with a filter [columns, 1, 1, inner]
 *   Aᵀ · B   columns of B are pixels of planes [1, inner, 1, columns], A is the filter [inner, 1, 1, rows]
 */
function matMul(call: Call<(BatchMatMulAttrs | _FusedMatMulAttrs) & Fused>): TensorInfo | undefined {
  const { inputs, attrs, backend } = call;
  const { a, b } = inputs;
  const { transposeA, transposeB } = attrs;
  const [rows, inner] = matrix(a, transposeA);
  const [innerB, columns] = matrix(b, transposeB);
  const batch = a.shape.slice(0, -2);
  const matrices = lengthOf(batch);
  const fused = fusing(call, columns, 'nhwc');
  // Which one TensorFlow.js refuses, or broadcasts, itself.
  if (fused === undefined || inner !== innerB || (transposeA && transposeB)) return undefined;
  const filters = lengthOf(b.shape.slice(0, -2));
  if (filters === 1 && batch.length >= b.shape.length - 2 && !transposeA) {
    const filter = transposeB ? [columns, 1, 1, inner] : [1, 1, inner, columns];
    const options = { inputLayout: 'nhwc', filterLayout: transposeB ? 'ohwi' : 'hwio', activation: fused.activation } as const;
    const x = backend.operand({ ...a, shape: [1, 1, matrices * rows, inner] });
    const result = backend.prepared(b, filter, options, fused.bias).run(x);
    fused.finish(result);
    return backend.result(result, [...batch, rows, columns]);
  }
  if (fused.bias !== undefined || fused.activation !== undefined || String(batch) !== String(b.shape.slice(0, -2))) return undefined;
  const { engine } = backend;
  const out = engine.tensor([matrices, rows, columns]);
  const all = { a: backend.operand(a), b: backend.operand(b), out };
  for (let i = 0; i < matrices; i++) {
    // Views are taken anew: a call may make memory grow.
    const part = ({ data }: KernelTensor, shape: readonly number[]) => {
      const length = lengthOf(shape);
      return { shape, data: data.subarray(i * length, (i + 1) * length) };
    };
    if (transposeB) {
      const options = { inputLayout: 'nhwc', filterLayout: 'ohwi', out: part(all.out, [1, 1, rows, columns]) } as const;
      engine.conv2d(part(all.a, [1, 1, rows, inner]), part(all.b, [columns, 1, 1, inner]), options);
    } else {
      const options = { filterLayout: transposeA ? 'ihwo' : 'oihw', out: part(all.out, [1, rows, 1, columns]) } as const;
      engine.conv2d(part(all.b, [1, inner, 1, columns]), part(all.a, transposeA ? [inner, 1, 1, rows] : [rows, inner, 1, 1]), options);
    }
  }
  fused.finish(out);
  return backend.result(out, [...batch, rows, columns]);
}

function matrix({ shape }: TensorInfo, transposed: boolean): [number, number] {
  const [height, width] = shape.slice(-2);
  return transposed ? [width, height] : [height, width];
}

export function registerMatMul(): void {
  kernel<BatchMatMulAttrs>(BatchMatMul, matMul);
  kernel<_FusedMatMulAttrs>(_FusedMatMul, matMul);
}
