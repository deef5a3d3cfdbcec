/**
 * npm run bench:training: steps of training of the modern LeNet-5, on every engine of this host and on TensorFlow.js's CPU backend,
 * one thread each, in one process: forward, loss, backward, Adam.
 *
 * All begin with the same weights and see the same digits. The losses of their first steps are compared before anything is timed.
 */
import { adam, crossEntropy } from 'simdconv/nn';
import { inputShape, variants } from '../examples/lenet5/networks.mjs';
import { benchCommand } from './command-line.mjs';
import { hostEngines } from './engines.mjs';
import { FULL, measure, QUICK } from './measure.mjs';
import { describeMachine, figure, machine, percent, save, table } from './output.mjs';
import { tensorFlow } from './tfjs-gradients.mjs';
import { differingBits } from './validate.mjs';

const host = machine();
const options = benchCommand('bench:training', 'training LeNet-5, beside TensorFlow.js')
  .option('--batch <n>', 'digits a step (64; 8 with --quick)', Number)
  .parse()
  .opts();
const { batch = options.quick ? 8 : 64 } = options;
const times = options.quick ? { ...QUICK, round: 0.1 } : { ...FULL, warmUp: 1, round: 1 };

const SEED = 1;
const LEARNING_RATE = 0.001;
const STEPS_COMPARED = 3;
/** Of a loss, between sums in another order. */
const TOLERANCE = 1e-4;

const tf = await tensorFlow();
await tf.setBackend('cpu');

const pixels = Float32Array.from({ length: batch * 32 * 32 }, (_, i) => 0.5 + Math.sin(i * 12.9898) * 0.6);
const labels = Uint8Array.from({ length: batch }, (_, i) => (i * 7) % 10);

function ours(engine) {
  const network = variants.modern.make(engine, SEED);
  const optimizer = adam(network.parameters(), { learningRate: LEARNING_RATE });
  const x = engine.tensor(inputShape(batch), pixels);
  return {
    name: engine.variant,
    network,
    optimizer,
    run() {
      const { loss, gradient } = crossEntropy(network.forward(x), labels);
      optimizer.zeroGradients();
      network.backward(gradient);
      optimizer.step();
      return loss;
    },
  };
}

/** The same network, weights and optimiser in TensorFlow.js, in the layout that it wants. */
function theirs(weights) {
  const moved = (name, perm, shape = weights[name].shape) =>
    tf.tidy(() => tf.transpose(tf.tensor(weights[name].data.slice(), shape), perm));
  const take = (name, perm) => tf.variable(moved(name, perm));
  const filters = ['0', '3'].map((layer) => [take(`${layer}.weight`, [2, 3, 1, 0]), take(`${layer}.bias`)]);
  // The first dense layer sees maps behind each other; here they lie side by side.
  const c5 = tf.variable(tf.reshape(moved('7.weight', [2, 3, 1, 0], [120, 16, 5, 5]), [400, 120]));
  const dense = [[c5, take('7.bias')], ...['9', '11'].map((layer) => [take(`${layer}.weight`, [1, 0]), take(`${layer}.bias`)])];
  const x = tf.tensor(pixels, [batch, 32, 32, 1]);
  const wanted = tf.oneHot(tf.tensor1d(labels, 'int32'), 10).cast('float32');
  const optimizer = tf.train.adam(LEARNING_RATE);
  const conv = (input, [filter, bias]) => tf.relu(tf.add(tf.conv2d(input, filter, 1, 'valid'), bias));
  const pool = (input) => tf.maxPool(input, 2, 2, 'valid');
  const linear = (input, [weight, bias]) => tf.add(tf.matMul(input, weight), bias);
  const loss = () => {
    const maps = pool(conv(pool(conv(x, filters[0])), filters[1]));
    const features = tf.relu(linear(tf.reshape(maps, [batch, 400]), dense[0]));
    const logits = linear(tf.relu(linear(features, dense[1])), dense[2]);
    return tf.losses.softmaxCrossEntropy(wanted, logits);
  };
  return {
    name: 'tfjs-cpu',
    run() {
      const cost = optimizer.minimize(loss, true);
      const [value] = cost.dataSync();
      cost.dispose();
      return value;
    },
  };
}

const engines = await hostEngines();
const mine = engines.map(ours);
const rivals = [...mine, theirs(mine[0].network.state())];

const losses = rivals.map(({ run }) => Array.from({ length: STEPS_COMPARED }, run));
const [js] = mine;
for (const { name, network } of mine.slice(1).filter((each) => each.name === 'simd')) {
  for (const [key, { data }] of Object.entries(network.state())) {
    const difference = differingBits(data, js.network.state()[key].data);
    if (difference !== undefined) throw new Error(`${key}, ${name}: ${difference}`);
  }
}
for (const [i, { name }] of rivals.entries()) {
  for (const [step, loss] of losses[i].entries()) {
    if (!(Math.abs(loss - losses[0][step]) <= TOLERANCE * Math.abs(losses[0][step])))
      throw new Error(`${name}: loss ${loss} in step ${step + 1}, not ${losses[0][step]}`);
  }
}

const measured = await measure(rivals, times);
const tfjs = measured.at(-1);
const results = rivals.map(({ name }, i) => ({
  name,
  ...measured[i],
  perSecond: (1000 * batch) / measured[i].ms,
  ratio: tfjs.ms / measured[i].ms,
  medianRatio: tfjs.medianMs / measured[i].medianMs,
}));

/** What the optimiser, which is JavaScript on every engine, takes of a step. */
const optimizers = await measure(
  mine.map(({ optimizer }) => ({ run: () => optimizer.step() })),
  times,
);
for (const [i, { ms }] of optimizers.entries()) results[i].optimizerShare = ms / results[i].ms;

const whole = { command: 'npm run bench:training', quick: options.quick, machine: host, batch, results };
if (options.save) await save(options.save, whole);
if (options.json) console.log(JSON.stringify(whole, undefined, 2));
else {
  console.log(`${describeMachine(host)}\nLeNet-5 (modern), batch ${batch}, Adam: forward, loss, backward, step\n`);
  console.log(
    table(
      ['', 'ms a step', 'digits/s', '× tfjs-cpu', 'by medians', 'optimiser'],
      results.map(({ name, ms, perSecond, ratio, medianRatio, optimizerShare }) => [
        name === 'js' ? 'bit-exact fallback' : name,
        figure(ms),
        figure(perSecond),
        `${figure(ratio)}×`,
        `${figure(medianRatio)}×`,
        optimizerShare === undefined ? '' : percent(optimizerShare),
      ]),
    ),
  );
}
for (const engine of engines) engine.dispose();
