import '@tensorflow/tfjs-backend-cpu';
import { readFile } from 'node:fs/promises';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import * as layers from '@tensorflow/tfjs-layers';
import { setLoadOptions } from '../../dist/tfjs/index.js';
import { describeMachine, figure, table } from '../output.mjs';

/** Of every output, between sums in another order. */
const TOLERANCE = 1e-4;
const BACKENDS = ['simdconv', 'wasm', 'cpu'];
/** Rounds of as many runs, after as many to warm up; of tfjs-cpu two runs tell enough. */
const ROUNDS = QUICK ? 2 : 5;
const RUNS = QUICK ? 3 : 12;

async function main() {
  setWasmPaths(globalThis.wasmFolder);
  setThreadsCount(1);
  setLoadOptions({ relaxed: RELAXED });
  console.log(describeMachine());
  const rows = [];
  const models = [
    ['posenet', 385],
    ['blazeface', 256],
    ['iris', 64],
  ];
  for (const [name, side] of QUICK ? models.slice(1) : models)
    if (HAS_MODELS) rows.push([`${name} ${side}²`, ...(await compare(name, side))]);
  if (rows.length > 0) console.log(table(['model, ms', ...BACKENDS, '× wasm', '× cpu', 'greatest difference'], rows));
  console.log(table(['training, samples a second', 'simdconv', 'cpu', '× cpu'], [await train()]));
}

async function read(name) {
  const { modelTopology, weightsManifest, format, signature } = JSON.parse(await readFile(`${MODELS_FOLDER}${name}.json`, 'utf8'));
  const bytes = await readFile(`${MODELS_FOLDER}${name}.bin`);
  const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  return { modelTopology, weightSpecs: weightsManifest[0].weights, weightData, format, signature };
}

function seeded(length) {
  let state = 1;
  return Float32Array.from({ length }, () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  });
}

/** A model of its own on each backend, run in turns. */
async function compare(name, side) {
  const artifacts = await read(name);
  const made = {};
  for (const backend of BACKENDS) {
    await tf.setBackend(backend);
    const model = await loadGraphModel({ load: async () => artifacts });
    const x = tf.tensor(seeded(side * side * 3), [1, side, side, 3]);
    made[backend] = () => {
      let values;
      // Not given back to `tidy`, which would look at every number of them for tensors.
      tf.tidy(() => {
        values = [model.execute(x)].flat().map((y) => y.dataSync());
      });
      return values;
    };
  }
  const outputs = {};
  const best = {};
  for (const backend of BACKENDS) {
    await tf.setBackend(backend);
    outputs[backend] = made[backend]();
    for (let i = 0; i < (backend === 'cpu' ? 1 : RUNS); i++) made[backend]();
    best[backend] = Number.POSITIVE_INFINITY;
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const backend of BACKENDS) {
      if (backend === 'cpu' && round > 1) continue;
      await tf.setBackend(backend);
      for (let i = 0; i < (backend === 'cpu' ? 1 : RUNS); i++) {
        const begin = performance.now();
        made[backend]();
        best[backend] = Math.min(best[backend], performance.now() - begin);
      }
    }
  }
  const difference = greatest(outputs.simdconv, outputs.cpu);
  if (difference > TOLERANCE) throw new Error(`${name}: an output differs from tfjs-cpu's by ${difference} of its size`);
  const { simdconv, wasm, cpu } = best;
  return [
    ...BACKENDS.map((backend) => figure(best[backend])),
    `${figure(wasm / simdconv)}×`,
    `${figure(cpu / simdconv)}×`,
    difference.toExponential(1),
  ];
}

/** The greatest difference of two lists of outputs, in units of the greatest value of each. */
function greatest(ours, theirs) {
  return Math.max(
    ...ours.map((values, output) => {
      const size = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
      return values.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[output][i])), 0) / size;
    }),
  );
}

async function train() {
  const rates = {};
  for (const backend of ['simdconv', 'cpu']) {
    await tf.setBackend(backend);
    const model = layers.sequential({
      layers: [
        layers.layers.conv2d({
          inputShape: [28, 28, 1],
          filters: 16,
          kernelSize: 3,
          activation: 'relu',
          kernelInitializer: layers.initializers.heUniform({ seed: 1 }),
        }),
        layers.layers.maxPooling2d({ poolSize: 2 }),
        layers.layers.conv2d({
          filters: 32,
          kernelSize: 3,
          activation: 'relu',
          kernelInitializer: layers.initializers.heUniform({ seed: 2 }),
        }),
        layers.layers.maxPooling2d({ poolSize: 2 }),
        layers.layers.flatten(),
        layers.layers.dense({ units: 10, activation: 'softmax', kernelInitializer: layers.initializers.heUniform({ seed: 3 }) }),
      ],
    });
    model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
    const count = QUICK ? 64 : backend === 'cpu' ? 128 : 1024;
    const x = tf.tensor(seeded(count * 28 * 28), [count, 28, 28, 1]);
    const y = tf.oneHot(
      tf.tensor1d(
        Array.from({ length: count }, (_, i) => i % 10),
        'int32',
      ),
      10,
    );
    await model.fit(x, y, { batchSize: 64, epochs: 1, shuffle: false });
    const begin = performance.now();
    await model.fit(x, y, { batchSize: 64, epochs: 1, shuffle: false });
    rates[backend] = (count / (performance.now() - begin)) * 1000;
  }
  return [
    '3×3 16, pool, 3×3 32, pool, dense; batch 64',
    figure(rates.simdconv),
    figure(rates.cpu),
    `${figure(rates.simdconv / rates.cpu)}×`,
  ];
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
