import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Filters, Image } from '../image/index.ts';
import { UsageError } from './usage.ts';

/** What was asked for besides the kernel: options of the filter, as the library takes them. */
export type Given = Record<string, unknown>;

export type Apply = (f: Filters, image: Image, options: Given) => Image;

export interface NamedKernel {
  readonly apply: Apply;
  /** Part of a file's name: `emboss` in photo.emboss.png. */
  readonly label: string;
}

const BINOMIAL_3 = [1, 2, 1];
const BINOMIAL_5 = [1, 4, 6, 4, 1];

/** Binomial coefficients in both directions. */
const binomial = (row: readonly number[]): Apply => {
  const kernel = row.map((y) => row.map((x) => x * y));
  const divisor = row.reduce((sum, weight) => sum + weight, 0) ** 2;
  return (f, image, options) => f.filter2d(image, kernel, { divisor, ...options });
};

const NAMES: Readonly<Record<string, Apply>> = {
  identity: (f, image, options) => f.identity(image, options),
  edge: (f, image, options) => f.edge(image, options),
  outline: (f, image, options) => f.outline(image, options),
  laplacian: (f, image, options) => f.laplacian(image, options),
  emboss: (f, image, options) => f.emboss(image, options),
  sharpen: (f, image, options) => f.sharpen(image, options),
  'unsharp-mask': (f, image, options) => f.unsharpMask(image, options),
  box: (f, image, options) => f.blur(image, options),
  box5: (f, image, options) => f.blur(image, { radius: 2, ...options }),
  blur: (f, image, options) => f.blur(image, options),
  gaussian: binomial(BINOMIAL_3),
  gaussian5: binomial(BINOMIAL_5),
  'gaussian-blur': (f, image, { sigma = 1, ...options }) => f.gaussianBlur(image, sigma as number, options),
  'motion-blur': (f, image, options) => f.motionBlur(image, options),
  sobel: (f, image, options) => f.sobel(image, options),
  'sobel-x': (f, image, options) => f.sobel(image, { direction: 'x', ...options }),
  'sobel-y': (f, image, options) => f.sobel(image, { direction: 'y', ...options }),
  scharr: (f, image, options) => f.scharr(image, options),
  prewitt: (f, image, options) => f.prewitt(image, options),
  median: (f, image, options) => f.median(image, options),
  erode: (f, image, options) => f.erode(image, options),
  dilate: (f, image, options) => f.dilate(image, options),
  grayscale: (f, image, options) => f.grayscale(image, options),
};

export const kernelNames: readonly string[] = Object.keys(NAMES);

const custom = (kernel: unknown, own: Given): Apply => {
  return (f, image, options) => f.filter2d(image, kernel as number[][], { ...own, ...options });
};

/** Rows apart by `;` or lines, weights by spaces or commas. */
function parseRows(text: string): number[][] {
  const rows = text.split(/[;\n]/).map((row) => row.trim());
  return rows.filter((row) => row !== '').map((row) => row.split(/[\s,]+/).map(Number));
}

/** Of a kernel's file: 1023×1023 weights of all their digits, with room for blanks. */
const MAX_KERNEL_BYTES = 2 ** 26;
/** Weights of the library's largest kernel. */
const MAX_WEIGHTS = 1023 ** 2;

async function readText(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > MAX_KERNEL_BYTES) throw new UsageError(`${path}: ${size} bytes, expected a kernel of at most ${MAX_KERNEL_BYTES}`);
  // Windows editors begin a file with a byte order mark, which JSON does not allow.
  return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
}

async function parseFile(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readText(path));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    // What JSON.parse says quotes the text, with its line breaks.
    throw new UsageError(`${path}: ${code === 'ENOENT' ? 'no such file' : message.replace(/\s+/g, ' ')}`);
  }
}

/** Real arrays, no longer than a kernel: JSON has objects with a `length` too. What they hold is the library's to judge. */
function checkWeights(path: string, kernel: unknown): void {
  const bad = (given: string) => new UsageError(`${path}: kernel: expected rows of weights, got ${given}`);
  if (!Array.isArray(kernel)) throw bad(kernel === null ? 'null' : `${typeof kernel === 'object' ? 'an' : 'a'} ${typeof kernel}`);
  let count = 0;
  for (const row of kernel) count += Array.isArray(row) ? row.length : 1;
  if (count > MAX_WEIGHTS) throw bad(`${count} of them, more than ${MAX_WEIGHTS}`);
}

/** `[[…], …]`, or `{ "kernel": [[…], …], "divisor": 9, "bias": 0 }`. */
async function readKernel(path: string): Promise<Apply> {
  const value = await parseFile(path);
  if (value === null || typeof value !== 'object' || !(Array.isArray(value) || 'kernel' in value)) {
    throw new UsageError(`${path}: no kernel in it`);
  }
  const { kernel, ...options }: Given = Array.isArray(value) ? { kernel: value } : { ...value };
  checkWeights(path, kernel);
  return custom(kernel, options);
}

/** A kernel by its name, a JSON file or its weights. */
export async function parseKernel(text: string): Promise<NamedKernel> {
  const name = text.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (Object.hasOwn(NAMES, name)) return { apply: NAMES[name], label: name };
  if (text.toLowerCase().endsWith('.json')) return { apply: await readKernel(text), label: basename(text).slice(0, -'.json'.length) };
  if (/^[\s\d.,;eE+-]+$/.test(text)) return { apply: custom(parseRows(text), {}), label: 'filtered' };
  throw new UsageError(
    `unknown kernel '${text}', expected one of ${kernelNames.join(', ')}, a file that ends with .json, or weights like '0 -1 0; -1 5 -1; 0 -1 0'`,
  );
}
