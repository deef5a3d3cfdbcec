/** ReLU and its leaky relatives, which let something of a negative value through. */
import { load } from 'simdconv';

const engine = await load();
const x = { shape: [9], data: Float32Array.of(-3, -2, -1, -0.5, 0, 0.5, 1, 2, 3) };
const range = { lower: 0.1, upper: 0.3 };

const columns = {
  x,
  ReLU: engine.relu(x),
  'leaky, a = 0.2': engine.leakyRelu(x, { alpha: 0.2 }),
  'training, seed 1': engine.rrelu(x, { ...range, training: true, seed: 1 }),
  'training, seed 2': engine.rrelu(x, { ...range, training: true, seed: 2 }),
  inference: engine.rrelu(x, range),
};

console.log('ReLU is max(0, x), leaky ReLU max(ax, x). The randomized one draws a from [0.1, 0.3] for each value in');
console.log('training, the same for the same seed, and takes its mean, 0.2, at inference.\n');
console.log(
  Object.keys(columns)
    .map((name) => name.padStart(18))
    .join(''),
);
for (let i = 0; i < x.data.length; i++) {
  console.log(
    Object.values(columns)
      .map(({ data }) => data[i].toFixed(3).padStart(18))
      .join(''),
  );
}
