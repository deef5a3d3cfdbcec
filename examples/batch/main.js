/** node main.js INPUT OUTPUT [--filter emboss] [--threads 4]: filters a folder of PNG files; killed and called again, it goes on. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Presets, SingleBar } from 'cli-progress';
import { FILTERS } from '../edge/filters.js';
import { batch } from './batch.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { filter: { type: 'string', default: 'emboss' }, threads: { type: 'string', default: String(availableParallelism()) } },
});
const [input, output] = positionals;
const threads = Number(values.threads);
if (positionals.length !== 2 || !FILTERS.includes(values.filter) || !(Number.isInteger(threads) && threads > 0)) {
  console.error(`node main.js INPUT OUTPUT [--filter ${FILTERS.join('|')}] [--threads N]`);
  process.exit(2);
}

const bar = new SingleBar({ format: '{bar} {value}/{total} images, {eta_formatted} left' }, Presets.shades_classic);
let begun = false;
try {
  const { total, before, failures } = await batch({
    input,
    output,
    filter: values.filter,
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
