import { once } from 'node:events';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Piscina } from 'piscina';
import { loadSync } from 'simdconv';
import { filters } from 'simdconv/image';
import { FILTERS } from '../edge/filters.js';
import { readPng } from '../edge/png.js';
import { checkFolders, isPartial, keepTo } from './state.js';

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
  await checkFolders(input, output);
  const module = await WebAssembly.compile(await readFile(new URL(import.meta.resolve('simdconv/wasm/simd.wasm'))));
  await mkdir(output, { recursive: true });
  const names = (await readdir(input)).filter((name) => /\.png$/i.test(name)).sort();
  const there = new Set(await readdir(output));
  const left = names.filter((name) => !there.has(name));
  const made = names.filter((name) => there.has(name));
  await keepTo(output, filter, () => recognise(filters(loadSync({ module })), input, output, made));
  for (const name of there) if (isPartial(name)) await rm(join(output, name));

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

/** Results that are compared. One is not enough: several filters leave a plain image as it is. */
const LOOKED_AT = 8;

/** The filters that make these results of these images: a filter has the same bits on every machine. */
async function recognise(filterOf, input, output, made) {
  const makes = (filter, image, result) => {
    try {
      return Buffer.compare(filterOf[filter](image).data, result.data) === 0;
    } catch {
      // It cannot be applied to such an image.
      return false;
    }
  };
  let possible = FILTERS;
  for (const name of made.slice(0, LOOKED_AT)) {
    const read = async (folder) => readPng(await readFile(join(folder, name)));
    const pair = await Promise.all([read(input), read(output)]).catch(() => undefined);
    // A file that cannot be read is no evidence for or against a filter.
    if (pair !== undefined) possible = possible.filter((filter) => makes(filter, ...pair));
  }
  return possible;
}
