/** One thread of the pool: an engine of its own, over the module that the main thread has compiled. What it does is the edge service's. */
import { open, readFile, rename } from 'node:fs/promises';
import { workerData } from 'piscina';
import { loadSync } from 'simdconv';
import { filters } from 'simdconv/image';
import { readPng, writePng } from '../edge/png.js';

const filterOf = filters(loadSync({ module: workerData }));

/**
 * Reads one file and writes the other: under its name there is the whole of it or nothing, whenever the process is killed, and
 * whenever the machine fails.
 */
export default async function filterFile({ from, to, filter }) {
  const file = writePng(filterOf[filter](readPng(await readFile(from))));
  const partial = `${to}.partial`;
  const handle = await open(partial, 'w');
  try {
    await handle.writeFile(file);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(partial, to);
}
