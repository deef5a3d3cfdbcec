/**
 * LeNet-5, twice. LeCun, Bottou, Bengio and Haffner, "Gradient-Based Learning Applied to Document Recognition", 1998.
 *
 *     input   C1 5×5    S2 2×2    C3 5×5     S4 2×2    C5 5×5   F6    output
 *     1@32²   6@28²     6@14²     16@10²     16@5²     120      84    10
 */
import { conv2d, crossEntropy, flatten, linear, maxPool2d, relu, sequential } from 'simdconv/nn';
import { bitmaps } from './bitmaps.mjs';
import { C3_TABLE, euclideanRbf, paperBound, partialConv2d, squash, subsample } from './layers.mjs';
import { INPUT_SIDE } from './mnist.mjs';

export const inputShape = (batch) => [batch, 1, INPUT_SIDE, INPUT_SIDE];

/** As published, 60,000 parameters: trainable subsampling, C3's partial connections, tanh, and distances to drawings of the digits. */
function lenet1998(engine, seed) {
  const initialize = paperBound;
  return sequential(
    engine,
    [
      conv2d(1, 6, 5, { initialize }),
      squash(),
      subsample(6),
      squash(),
      partialConv2d(6, C3_TABLE, 5),
      squash(),
      subsample(16),
      squash(),
      conv2d(16, 120, 5, { initialize }),
      flatten(),
      squash(),
      linear(120, 84, { initialize }),
      squash(),
      euclideanRbf(bitmaps),
    ],
    { seed },
  );
}

/** As it would be built today: ReLU, max pooling, C3 seeing everything, softmax, and C5 as the dense layer that it is. */
function modern(engine, seed) {
  return sequential(
    engine,
    [
      conv2d(1, 6, 5),
      relu(),
      maxPool2d(2),
      conv2d(6, 16, 5),
      relu(),
      maxPool2d(2),
      flatten(),
      linear(16 * 5 * 5, 120),
      relu(),
      linear(120, 84),
      relu(),
      linear(84, 10, { initialize: 'glorot' }),
    ],
    { seed },
  );
}

/**
 * Equation 9 of the paper: the penalty of the right class, and a logarithm by which those of the others are pushed up, less and less
 * where they are beyond `rubbish`, the penalty of belonging to no class.
 *
 *     E = mean( y[label] + log( e^−rubbish + Σ e^−y ) )
 */
export function competingPenalties({ shape: [batch, classes], data }, labels, rubbish) {
  // Cross-entropy of the negated penalties, with rubbish as one more class.
  const logits = { shape: [batch, classes + 1], data: new Float32Array(batch * (classes + 1)).fill(-rubbish) };
  for (let i = 0; i < data.length; i++) logits.data[i + Math.floor(i / classes)] = -data[i];
  const { loss, gradient } = crossEntropy(logits, labels);
  const byPenalty = Float32Array.from(data, (_, i) => -gradient.data[i + Math.floor(i / classes)]);
  return { loss, gradient: { shape: [batch, classes], data: byPenalty } };
}

/** Place of the greatest of each row. */
function greatest({ shape: [rows, columns], data }) {
  return Uint8Array.from({ length: rows }, (_, row) => {
    const values = data.subarray(row * columns, (row + 1) * columns);
    return values.indexOf(Math.max(...values));
  });
}

/** Place of the least of each row. */
function least({ shape: [rows, columns], data }) {
  return Uint8Array.from({ length: rows }, (_, row) => {
    const values = data.subarray(row * columns, (row + 1) * columns);
    return values.indexOf(Math.min(...values));
  });
}

const RUBBISH = 10;

/** By what `--variant` calls them. */
export const variants = {
  1998: {
    name: 'lenet5 (1998)',
    make: lenet1998,
    loss: (y, labels) => competingPenalties(y, labels, RUBBISH),
    decide: least,
    learningRate: 0.003,
  },
  modern: { name: 'lenet5 (modern)', make: modern, loss: crossEntropy, decide: greatest, learningRate: 0.002 },
};
