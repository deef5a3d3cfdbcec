/** The dying neuron: one whose ReLU is never above 0 gets no gradient, and never learns. Behind a leaky ReLU it does. */
import { load } from 'simdconv';

const engine = await load();
const SAMPLES = 64;
const RATE = 0.5;

/** Inputs between −1 and 1, none below −0.6, and what the neuron is to give for them: y = max(0, x). */
const inputs = Float32Array.from({ length: SAMPLES }, (_, i) => (1.6 * i) / (SAMPLES - 1) - 0.6);
const x = { shape: [SAMPLES, 1, 1, 1], data: inputs };
const wanted = inputs.map((value) => Math.max(0, value));

/** Trains weight and bias by gradient descent on the mean square, from where no input brings the sum above 0. */
function train(name, activate, backward) {
  let [weight, bias] = [-5, -3];
  console.log(`\n${name}\n  step    weight      bias      loss   |gradient|`);
  for (let step = 0; step <= 400; step++) {
    const filter = { shape: [1, 1, 1, 1], data: Float32Array.of(weight) };
    const sum = engine.conv2d(x, filter, { bias: { shape: [1], data: Float32Array.of(bias) } });
    const y = activate(sum);
    const error = y.data.map((value, i) => value - wanted[i]);
    const loss = error.reduce((total, value) => total + value * value, 0) / SAMPLES;
    const dy = { shape: y.shape, data: error.map((value) => (2 * value) / SAMPLES) };
    const { data: flows } = backward(dy, sum);
    const dWeight = flows.reduce((total, value, i) => total + value * inputs[i], 0);
    const dBias = flows.reduce((total, value) => total + value, 0);
    if (step % 100 === 0) {
      const row = [weight, bias, loss, Math.hypot(dWeight, dBias)].map((value) => value.toFixed(4).padStart(10));
      console.log(`  ${String(step).padStart(4)}${row.join('')}`);
    }
    weight -= RATE * dWeight;
    bias -= RATE * dBias;
  }
}

console.log('One neuron, weight −5 and bias −3, inputs in [−0.6, 1], is to learn max(0, x).');
console.log('−5x − 3 is above 0 for no input but one below −0.6: of these, for none.');

train(
  'ReLU',
  (sum) => engine.relu(sum),
  (dy, sum) => engine.reluBackward(dy, sum),
);
train(
  'leaky ReLU, a = 0.2',
  (sum) => engine.leakyRelu(sum, { alpha: 0.2 }),
  (dy, sum) => engine.leakyReluBackward(dy, sum, { alpha: 0.2 }),
);
