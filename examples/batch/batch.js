import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Piscina } from 'piscina';

/** Calls that wait for a thread: enough to keep it busy, few enough to hold nothing in memory but names. */
const QUEUED_PER_THREAD = 4;

/**
 * Filters every PNG file of a folder into another. What is in the output folder is done: a run that was killed is continued by the
 * same call, which does the rest. One run at a time may write to a folder.
 *
 * @param {{ input: string, output: string, filter: string, threads: number, onProgress?: (done: number, total: number) => void }} job
 * @returns {Promise<{ total: number, before: number, failures: { name: string, message: string }[] }>} files, those that were done
 *   before, and those that cannot be: they are tried again by the next run
 */
export async function batch({ input, output, filter, threads, onProgress = () => {} }) {
  await mkdir(output, { recursive: true });
  await keepTo(output, filter);
  const names = (await readdir(input)).filter((name) => /\.png$/i.test(name)).sort();
  const there = new Set(await readdir(output));
  for (const name of there) if (name.endsWith('.partial')) await rm(join(output, name));
  const left = names.filter((name) => !there.has(name));

  const module = await WebAssembly.compile(await readFile(new URL(import.meta.resolve('simdconv/wasm/simd.wasm'))));
  const pool = new Piscina({
    filename: new URL('worker.js', import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    maxQueue: threads * QUEUED_PER_THREAD,
    workerData: module,
  });
  const before = names.length - left.length;
  let done = before;
  const failures = [];
  const running = [];
  onProgress(done, names.length);
  for (const name of left) {
    // Back-pressure: the next name waits until there is room.
    if (pool.queueSize >= pool.options.maxQueue) await once(pool, 'drain');
    const run = pool.run({ from: join(input, name), to: join(output, name), filter }).catch((error) => {
      failures.push({ name, message: error.message });
    });
    running.push(run.then(() => onProgress(++done, names.length)));
  }
  await Promise.all(running);
  await pool.close();
  return { total: names.length, before, failures };
}

/** A folder holds the results of one filter. */
async function keepTo(output, filter) {
  const path = join(output, 'batch.json');
  await writeFile(path, JSON.stringify({ filter }), { flag: 'wx' }).catch(async (error) => {
    if (error.code !== 'EEXIST') throw error;
    const begun = JSON.parse(await readFile(path, 'utf8'));
    if (begun.filter !== filter) throw new Error(`${output} was begun with the filter ${begun.filter}, not ${filter}`);
  });
}
