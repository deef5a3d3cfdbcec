/** Training by epochs, each of which depends on nothing but the state before it, the seed and its number: so it can go on anywhere. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { adam, decodeSafetensors, encodeSafetensors, generator, loadState } from 'simdconv/nn';
import { PIXELS, placeDigit } from './mnist.mjs';
import { inputShape, variants } from './networks.mjs';

/** A checkpoint that is damaged, or of another run. */
export class CheckpointError extends Error {
  name = 'CheckpointError';
}

/** The numbers below `count` in an order drawn at random (Fisher and Yates). */
function shuffled(count, random) {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/**
 * One network in training, or trained.
 *
 * @param {object} run what decides every bit of the result
 * @param {'1998' | 'modern'} run.variant
 * @param {number} run.seed
 * @param {number} run.epochs in all: the learning rate falls to 0 over them
 * @param {number} run.batch
 * @param {number} run.shift each digit is moved by up to so many pixels, another way in each epoch
 */
export function training(engine, digits, run) {
  const { name, make, loss, decide, learningRate } = variants[run.variant];
  const { seed, epochs, batch, shift } = run;
  const network = make(engine, seed);
  const optimizer = adam(network.parameters());
  const steps = Math.ceil(digits.count / batch);
  // Made once: `forward` reads them where they are.
  const inputs = new Map([batch, digits.count % batch || batch].map((count) => [count, engine.tensor(inputShape(count))]));
  const notes = Object.fromEntries(
    Object.entries({ ...run, digits: digits.count, network: name }).map(([key, value]) => [key, String(value)]),
  );
  let epoch = 0;

  /** @param {(progress: { done: number, loss: number, accuracy: number }) => void} progress */
  function runEpoch(progress) {
    // Seeds of epochs are far apart, as those of runs are not.
    const random = generator((seed + Math.imul(epoch + 1, 0x9e3779b1)) >>> 0);
    const order = shuffled(digits.count, random);
    let [sum, right] = [0, 0];
    for (let step = 0; step < steps; step++) {
      const chosen = order.subarray(step * batch, (step + 1) * batch);
      const x = inputs.get(chosen.length);
      const data = x.data;
      const move = () => Math.floor(random() * (2 * shift + 1)) - shift;
      for (const [i, index] of chosen.entries()) placeDigit(digits, index, data.subarray(i * PIXELS, (i + 1) * PIXELS), move(), move());
      const labels = Uint8Array.from(chosen, (index) => digits.labels[index]);

      const y = network.forward(x);
      const answers = decide(y);
      const { loss: mean, gradient } = loss(y, labels);
      optimizer.zeroGradients();
      network.backward(gradient);
      optimizer.learningRate = learningRate * (1 - (epoch * steps + step) / (epochs * steps));
      optimizer.step();

      sum += mean * chosen.length;
      right += labels.reduce((count, label, i) => count + Number(answers[i] === label), 0);
      const done = Math.min((step + 1) * batch, digits.count);
      progress({ done, loss: sum / done, accuracy: right / done });
    }
    epoch++;
  }

  const state = () => ({ ...network.state(), ...optimizer.state() });

  return {
    name,
    network,
    get epoch() {
      return epoch;
    },
    runEpoch,

    /** Everything that the next epoch depends on. The file is there whole, or is the one before. */
    async save(path) {
      await writeFile(`${path}.part`, encodeSafetensors(state(), { ...notes, epoch: String(epoch) }));
      await rename(`${path}.part`, path);
    },

    /**
     * Goes on from a file that `save` wrote.
     *
     * @throws CheckpointError if it is damaged, or of a run with other options; then nothing is changed
     */
    async resume(path) {
      const bytes = await readFile(path);
      try {
        const { metadata } = decodeSafetensors(bytes);
        for (const key of Object.keys(notes)) {
          if (metadata[key] !== notes[key]) throw new Error(`it is of ${key} ${metadata[key]}, not ${notes[key]}`);
        }
        const given = Number(metadata.epoch);
        if (!Number.isInteger(given) || given < 1 || given > epochs) throw new Error(`it is of epoch ${metadata.epoch}, of ${epochs}`);
        loadState(state(), bytes);
        epoch = given;
      } catch (error) {
        throw new CheckpointError(`${path} cannot be gone on from: ${error.message}`);
      }
    },

    dispose() {
      for (const held of [network, optimizer, ...inputs.values()]) held.dispose();
    },
  };
}

/** The part of the digits that a network tells right. */
export function accuracy(network, variant, digits, count = digits.count) {
  const { decide } = variants[variant];
  const batch = Math.min(count, 100);
  const { engine } = network;
  const prepared = network.prepare(inputShape(batch));
  const x = engine.tensor(inputShape(batch));
  let right = 0;
  for (let begin = 0; begin < count; begin += batch) {
    // The last batch may have less to say.
    const some = Math.min(batch, count - begin);
    for (let i = 0; i < some; i++) placeDigit(digits, begin + i, x.data.subarray(i * PIXELS, (i + 1) * PIXELS));
    const answers = decide(prepared.run(x));
    for (let i = 0; i < some; i++) right += Number(answers[i] === digits.labels[begin + i]);
  }
  for (const held of [prepared, x]) held.dispose();
  return right / count;
}
