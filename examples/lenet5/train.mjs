/**
 * npm run train:lenet5: both LeNet-5 on all of MNIST. After each epoch everything is written to a checkpoint, from which the
 * same command goes on after it was stopped, to the same bits.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { Command, InvalidArgumentError, Option } from 'commander';
import { load } from 'simdconv';
import { NotFiniteError } from 'simdconv/nn';
import { MnistError, readMnist } from './mnist.mjs';
import { variants } from './networks.mjs';
import { accuracy, CheckpointError, training } from './training.mjs';

const number = (least, most) => (text) => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) throw new InvalidArgumentError(`A whole number from ${least} to ${most}.`);
  return value;
};

const command = new Command('train:lenet5')
  .description('train LeNet-5 on MNIST, as published in 1998 and as it would be built today')
  .addOption(new Option('--variant <variant>', 'which of them').choices([...Object.keys(variants), 'both']).default('both'))
  .option('--epochs <n>', 'times through all digits (8; 4 with --quick)', number(1, 10_000))
  .option('--batch <n>', 'digits a step', number(1, 60_000), 64)
  .option('--seed <n>', 'the same seed trains the same weights, bit for bit', number(0, 2 ** 32 - 1), 1)
  .option('--shift <n>', 'move each digit by up to so many pixels, another way each time (1; 0 with --quick)', number(0, 4))
  .option('--digits <n>', 'train on the first n digits only (60000; 6000 with --quick)', number(1, 60_000))
  .option('--out <folder>', 'where checkpoints and weights go', 'build/lenet5')
  .addOption(new Option('--engine <variant>', 'the kernels to run on').choices(['auto', 'simd', 'js']).default('auto'))
  .option('--quick', 'a few thousand digits, a few epochs', false)
  .option('--fresh', 'begin anew, whatever checkpoints are there', false)
  .parse();

const given = command.opts();
const { batch, seed, out, quick, fresh } = given;
const { epochs = quick ? 4 : 8, shift = quick ? 0 : 1, digits: count = quick ? 6000 : 60_000 } = given;

const seconds = (value) => (value >= 90 ? `${Math.round(value / 60)} min` : `${Math.round(value)} s`);

/** A bar where somebody looks, else a line an epoch. */
function show(name, total) {
  const format = `${name} {bar} epoch {epoch}/${epochs}  loss {loss}  accuracy {accuracy} %  {speed} digits/s  {left} left`;
  const bar = new SingleBar({ format, clearOnComplete: true, stream: process.stderr });
  const begun = performance.now();
  let before;
  if (process.stderr.isTTY) bar.start(total, 0, { epoch: 1, loss: '—', accuracy: '—', speed: '—', left: '—' });
  return {
    update(epoch, { done, loss, accuracy: right }) {
      const all = (epoch - 1) * count + done;
      before ??= all - done;
      const speed = (all - before) / ((performance.now() - begun) / 1000);
      const said = {
        epoch,
        loss: loss.toFixed(4),
        accuracy: (100 * right).toFixed(2),
        speed: Math.round(speed),
        left: seconds((total - all) / speed),
      };
      if (process.stderr.isTTY) bar.update(all, said);
      else if (done === count) {
        console.log(
          `${name}: epoch ${epoch} of ${epochs}, loss ${said.loss}, accuracy ${said.accuracy} % in training, ${said.speed} digits/s, ${said.left} left`,
        );
      }
    },
    stop: () => bar.stop(),
  };
}

async function train(engine, variant, digits, test) {
  const run = training(engine, digits, { variant, seed, epochs, batch, shift });
  const checkpoint = join(out, `${variant}.checkpoint.safetensors`);
  if (fresh) await rm(checkpoint, { force: true });
  else if (existsSync(checkpoint)) {
    await run.resume(checkpoint);
    console.log(`${run.name}: ${checkpoint} is there, ${run.epoch} of ${epochs} epochs are done`);
  }
  const shown = show(run.name, epochs * count);
  try {
    while (run.epoch < epochs) {
      const epoch = run.epoch + 1;
      run.runEpoch((progress) => shown.update(epoch, progress));
      await run.save(checkpoint);
    }
  } finally {
    shown.stop();
  }
  const right = `${(100 * accuracy(run.network, variant, test)).toFixed(2)} %`;
  const weights = join(out, `${variant}.safetensors`);
  const metadata = { network: run.name, accuracy: right, seed: String(seed), epochs: String(epochs), digits: String(count) };
  await writeFile(`${weights}.part`, run.network.save(metadata));
  await rename(`${weights}.part`, weights);
  run.dispose();
  return `${run.name}: test accuracy ${right}`;
}

try {
  const [all, test] = await Promise.all(['train', 'test'].map((set) => readMnist(set)));
  const digits = { ...all, count };
  const engine = await load({ variant: given.engine });
  await mkdir(out, { recursive: true });
  const lines = [];
  for (const variant of given.variant === 'both' ? Object.keys(variants) : [given.variant])
    lines.push(await train(engine, variant, digits, test));
  console.log(lines.join('\n'));
} catch (error) {
  const expected = [MnistError, CheckpointError, NotFiniteError].some((type) => error instanceof type) || 'syscall' in error;
  if (!expected) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
