import { ShapeError } from '../errors.ts';
import { expNegative as exp } from '../js/math.ts';
import { read } from '../read.ts';
import { isCount, sameShape, show, tensor } from '../shape/check.ts';
import type { Tensor } from '../tensor.ts';

/** What training needs of a loss: its value, and its gradient by what the network gave. */
export interface Loss {
  /** The mean over the batch (of cross-entropy), or over all elements (of mean square). */
  readonly loss: number;
  /** A plain tensor, as `backward` takes it. */
  readonly gradient: Tensor;
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
  const { shape, data } = tensor('logits', read(logits, 'logits'), 2);
  const [batch, classes] = shape;
  if (labels === null || typeof labels !== 'object' || labels.length !== batch) {
    throw new ShapeError('labels', labels && typeof labels === 'object' ? `${labels.length} labels` : show(labels), `${batch} labels`);
  }
  for (let n = 0; n < batch; n++) {
    if (!isCount(labels[n]) || labels[n] >= classes)
      throw new ShapeError(`labels[${n}]`, show(labels[n]), `a whole number of at least 0 and below ${classes}`);
  }
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
    gradient[begin + labels[n]] -= 1 / batch;
    loss += Math.log(sum) + max - data[begin + labels[n]];
  }
  return { loss: loss / batch, gradient: { shape: [...shape], data: gradient } };
}

/**
 * The mean of (y − target)² over all elements. The gradient is 2 (y − target) / elements.
 *
 * @throws ShapeError
 */
export function meanSquare(y: Tensor, target: Tensor): Loss {
  const { shape, data } = tensor('y', read(y, 'y'), undefined, true);
  const { shape: targetShape, data: wanted } = tensor('target', read(target, 'target'), undefined, true);
  if (!sameShape(shape, targetShape)) throw new ShapeError('target.shape', show(targetShape), show(shape));
  const gradient = new Float32Array(data.length);
  let loss = 0;
  for (let i = 0; i < gradient.length; i++) {
    const off = data[i] - wanted[i];
    loss += off * off;
    gradient[i] = (2 * off) / gradient.length;
  }
  return { loss: loss / gradient.length, gradient: { shape: [...shape], data: gradient } };
}
