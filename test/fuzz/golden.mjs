/** node test/fuzz/golden.mjs (--write | --check) <file> [--seed n] [--count n]: hashes of every operator's results, see golden.ts. */
import { pathToFileURL } from 'node:url';
import { bundle } from './bundle.mjs';

await import(pathToFileURL(await bundle('golden')).href);
