/** node main.js INPUT OUTPUT [--kernel emboss] [--threads 4]: filters a folder of PNG files; killed and called again, it goes on. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import { kernels } from '../edge/filter.js';
import { batch } from './batch.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { kernel: { type: 'string', default: 'emboss' }, threads: { type: 'string', default: String(availableParallelism()) } },
});
const [input, output] = positionals;
const threads = Number(values.threads);
if (positionals.length !== 2 || !Object.hasOwn(kernels, values.kernel) || !(Number.isInteger(threads) && threads > 0)) {
  console.error(`node main.js INPUT OUTPUT [--kernel ${Object.keys(kernels).join('|')}] [--threads N]`);
  process.exit(2);
}

const bar = new SingleBar({ format: '{bar} {value}/{total} images, {eta_formatted} left' }, Presets.shades_classic);
let begun = false;
try {
  const { total, before, failures } = await batch({
    input,
    output,
    kernel: values.kernel,
    threads,
    onProgress(done, total) {
      if (begun) bar.update(done);
      else bar.start(total, done);
      begun = true;
    },
  });
  bar.stop();
  for (const { name, message } of failures) console.error(`${name}: ${message}`);
  console.log(`${total - before - failures.length} done, ${before} were done before, ${failures.length} failed`);
  if (failures.length > 0) process.exitCode = 1;
} catch (error) {
  bar.stop();
  console.error(error.message);
  process.exitCode = 1;
}
