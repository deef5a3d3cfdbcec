import { ShapeError } from '../errors.ts';
import { expNegative as exp } from '../js/math.ts';
import { isCount, sameShape, show } from '../spec/check.ts';
import { readTensor } from '../spec/read.ts';
import { attempt } from '../tensor/read.ts';
import type { Tensor } from '../tensor/tensor.ts';

/** What training needs of a loss: its value, and its gradient by what the network gave. */
export interface Loss {
  /** The mean over the batch (of cross-entropy), or over all elements (of mean square). */
  readonly loss: number;
  /** A plain tensor, as `backward` takes it. */
  readonly gradient: Tensor;
}

/** ln x for finite x ≥ 1 within 2⁻⁵⁰ of itself, and NaN for NaN. `Math.log` differs from host to host. */
function log(x: number): number {
  let m = x;
  let exponent = 0;
  for (; m > Math.SQRT2; m /= 2) exponent++;
  // ln m = 2 artanh s = 2 s (1 + s²/3 + s⁴/5 + …), with s ≤ 0.172.
  const s = (m - 1) / (m + 1);
  let sum = 0;
  for (let i = 21; i >= 1; i -= 2) sum = sum * s * s + 1 / i;
  return exponent * Math.LN2 + 2 * s * sum;
}

function readLabels(labels: unknown, batch: number, classes: number): readonly number[] {
  const expected = `${batch} labels`;
  const own = attempt('labels', expected, () => {
    if (labels === null || typeof labels !== 'object') return undefined;
    const { length } = labels as ArrayLike<unknown>;
    return { length, values: length === batch ? Array.from({ length: batch }, (_, n) => (labels as ArrayLike<unknown>)[n]) : [] };
  });
  if (own === undefined) throw new ShapeError('labels', show(labels), expected);
  if (own.length !== batch) throw new ShapeError('labels', `${show(own.length)} labels`, expected);
  own.values.forEach((label, n) => {
    if (!isCount(label) || label >= classes)
      throw new ShapeError(`labels[${n}]`, show(label), `a whole number of at least 0 and below ${classes}`);
  });
  return own.values as number[];
}

/**
 * The mean of −log softmax(logits)[label], by way of x − max, so that nothing overflows. The gradient is
 * (softmax − one at the label) / batch.
 *
 * @param logits [batch, classes]
 * @param labels for each of the batch, a whole number below `classes`
 * @throws ShapeError
 */
export function crossEntropy(logits: Tensor, labels: ArrayLike<number>): Loss {
  const given = readTensor('logits', logits, 2);
  const [batch, classes] = given.shape;
  const label = readLabels(labels, batch, classes);
  const { shape, data } = given;
  const gradient = new Float32Array(data.length);
  let loss = 0;
  for (let n = 0; n < batch; n++) {
    const begin = n * classes;
    let max = data[begin];
    for (let i = 1; i < classes; i++) max = Math.max(max, data[begin + i]);
    let sum = 0;
    for (let i = 0; i < classes; i++) {
      gradient[begin + i] = exp(Math.fround(data[begin + i] - max));
      sum += gradient[begin + i];
    }
    for (let i = 0; i < classes; i++) gradient[begin + i] /= sum * batch;
    gradient[begin + label[n]] -= 1 / batch;
    loss += log(sum) + max - data[begin + label[n]];
  }
  return { loss: loss / batch, gradient: { shape: [...shape], data: gradient } };
}

/**
 * The mean of (y − target)² over all elements. The gradient is 2 (y − target) / elements.
 *
 * @throws ShapeError
 */
export function meanSquare(y: Tensor, target: Tensor): Loss {
  const of = readTensor('y', y, undefined, true);
  const to = readTensor('target', target, undefined, true);
  if (!sameShape(of.shape, to.shape)) throw new ShapeError('target.shape', show(to.shape), show(of.shape));
  const { shape, data } = of;
  const { data: wanted } = to;
  const gradient = new Float32Array(data.length);
  let loss = 0;
  for (let i = 0; i < gradient.length; i++) {
    const off = data[i] - wanted[i];
    loss += off * off;
    gradient[i] = (2 * off) / gradient.length;
  }
  return { loss: loss / gradient.length, gradient: { shape: [...shape], data: gradient } };
}
