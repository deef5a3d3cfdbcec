/** One thread of the pool: an engine of its own, over the module that the main thread has compiled. What it does is the edge service's. */
import { readFile } from 'node:fs/promises';
import { workerData } from 'piscina';
import { loadSync } from 'simdconv';
import { filters } from 'simdconv/image';
import { readPng, writePng } from '../edge/png.js';
import { writeWhole } from './state.js';

const filterOf = filters(loadSync({ module: workerData }));

/** Reads one file and writes the other. */
export default async function filterFile({ from, to, filter }) {
  await writeWhole(to, writePng(filterOf[filter](readPng(await readFile(from)))));
}
