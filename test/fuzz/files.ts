/** Damaged files of every kind that the package reads, each followed by a good one, which has to pass as it did at first. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { main } from '../../dist/cli/main.js';
import { ImageFileError, readImage, writeImage } from '../../dist/codecs/index.js';
import { load, loadSync, OptionError, UnsupportedError } from '../../dist/index.js';
import { decodeSafetensors, encodeSafetensors, loadState, SafetensorsError } from '../../dist/nn/index.js';
import { random } from '../random.ts';
import { filled } from './generators/values.ts';
import { counts, type Property } from './property.ts';
import type { Source } from './source.ts';

const folder = mkdtempSync(join(tmpdir(), 'simdconv-fuzz-'));
const place = (name: string) => join(folder, name);

interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

function noise(width: number, height: number): Picture {
  const next = random(width * height);
  const data = Uint8Array.from({ length: 4 * width * height }, (_, i) => (i % 4 === 3 ? 255 : Math.floor(next() * 256)));
  return { width, height, data };
}

const hashOf = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');

/** Bits turned, bytes changed, cut off, put in, taken out, doubled. */
function damaged(source: Source, good: Buffer): Buffer {
  const bytes = Buffer.from(good);
  const at = () => source.int(0, bytes.length - 1);
  switch (source.int(0, 6)) {
    case 0:
    case 1: {
      for (let count = source.pick(1, 1, 2, 8, 64); count > 0; count--) bytes[at()] ^= 1 << source.int(0, 7);
      return bytes;
    }
    case 2:
      bytes[at()] = source.pick(0, 255, 1, 127, 128);
      return bytes;
    case 3:
      return bytes.subarray(0, at());
    case 4: {
      const from = at();
      return Buffer.concat([bytes.subarray(0, from), Buffer.alloc(source.int(1, 9), source.int(0, 255)), bytes.subarray(from)]);
    }
    case 5: {
      const from = at();
      return Buffer.concat([bytes.subarray(0, from), bytes.subarray(Math.min(bytes.length, from + source.int(1, 40)))]);
    }
    default: {
      const from = at();
      const piece = bytes.subarray(from, from + source.int(1, 60));
      return Buffer.concat([bytes.subarray(0, from), piece, bytes.subarray(from)]);
    }
  }
}

async function isRefused(
  call: () => unknown,
  types: readonly (abstract new (...args: never[]) => Error)[],
  what: string,
): Promise<boolean> {
  counts.calls++;
  try {
    await call();
    return false;
  } catch (error) {
    if (!types.some((type) => error instanceof type))
      throw new Error(`${what}: a raw ${(error as Error).name}: ${(error as Error).message}`, { cause: error });
    if (/\n/.test((error as Error).message)) throw new Error(`${what}: a message of several lines: ${(error as Error).message}`);
    counts.refusals++;
    return true;
  }
}

const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
}

/** Node has its own since 22.2. */
function crc(bytes: Uint8Array): number {
  if (crc32 !== undefined) return crc32(bytes);
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

/** Depths of each colour type, and its channels: PNG's own table. */
const COLOURS: Readonly<Record<number, { readonly depths: readonly number[]; readonly channels: number }>> = {
  0: { depths: [1, 2, 4, 8, 16], channels: 1 },
  2: { depths: [8, 16], channels: 3 },
  3: { depths: [1, 2, 4, 8], channels: 1 },
  4: { depths: [8, 16], channels: 2 },
  6: { depths: [8, 16], channels: 4 },
};

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
}

/** A PNG image as its header says, though nothing else may agree with it. */
function png({ width, height, depth, colour }: Header, palette: number, rows?: Uint8Array): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, colour, 0, 0, 0], 8);
  const rowBytes = 1 + Math.ceil((width * (COLOURS[colour]?.channels ?? 1) * depth) / 8);
  const pixels = rows ?? new Uint8Array(Math.min(1e6, rowBytes * height));
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    ...(palette > 0 ? [chunk('PLTE', new Uint8Array(3 * palette).fill(9))] : []),
    chunk('IDAT', deflateSync(pixels)),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

async function expectGood(path: string, hash: string): Promise<void> {
  counts.calls++;
  const { data } = await readImage(path);
  if (hashOf(data) !== hash) throw new Error(`${path}: a good file has other pixels than before`);
  counts.results++;
}

const good = { png: place('good.png'), jpg: place('good.jpg') };
await writeImage(good.png, noise(23, 17));
await writeImage(good.jpg, noise(160, 120));
const goodBytes = { png: readFileSync(good.png), jpg: readFileSync(good.jpg) };
const goodHash = { png: hashOf((await readImage(good.png)).data), jpg: hashOf((await readImage(good.jpg)).data) };

/** A picture has what its header says. */
function expectWhole({ width, height, data }: Picture): void {
  if (!(width > 0 && height > 0 && data.length === 4 * width * height))
    throw new Error(`${width}×${height} pixels of ${data.length} bytes`);
}

async function readDamaged(name: string, bytes: Buffer): Promise<Picture | undefined> {
  const path = place(name);
  await writeFile(path, bytes);
  let picture: Picture | undefined;
  await isRefused(
    async () => {
      picture = await readImage(path);
    },
    [ImageFileError],
    name,
  );
  if (picture !== undefined) expectWhole(picture);
  return picture;
}

const pngBytes: Property = {
  name: 'c/png/bytes',
  async check(source) {
    await readDamaged('damaged.png', damaged(source, goodBytes.png));
    await expectGood(good.png, goodHash.png);
  },
};

/** Chunks that are damaged and have the right checksum all the same. */
const pngChunks: Property = {
  name: 'c/png/chunks',
  async check(source) {
    const bytes = damaged(source, goodBytes.png.subarray(8));
    const parts: Buffer[] = [SIGNATURE];
    for (let at = 0; at + 12 <= bytes.length; ) {
      const length = bytes.readUInt32BE(at);
      const end = Math.min(bytes.length - 4, at + 8 + length);
      let data = bytes.subarray(at + 8, end);
      const type = bytes.toString('latin1', at + 4, at + 8);
      if (type === 'IDAT' && source.oneIn(2)) {
        try {
          data = deflateSync(damaged(source, inflateSync(data)));
        } catch {}
      }
      parts.push(chunk(type, data));
      at = end + 4;
    }
    await readDamaged('chunks.png', Buffer.concat(parts));
    await expectGood(good.png, goodHash.png);
  },
};

const pngHeaders: Property = {
  name: 'c/png/headers',
  async check(source) {
    const header = {
      width: source.pick(5, 1, 0, 7, 2 ** 31, 70000),
      height: source.pick(3, 1, 0, 2 ** 32 - 1),
      depth: source.pick(8, 1, 2, 4, 16, 0, 3, 32, 255),
      colour: source.pick(3, 0, 2, 4, 6, 1, 5, 7),
    };
    const palette = source.pick(0, 1, 2, 256, 257);
    const bits = COLOURS[header.colour]?.channels ?? 1;
    const rowBytes = 1 + Math.ceil((header.width * bits * header.depth) / 8);
    const small = rowBytes * header.height < 1e5;
    const rows = small ? new Uint8Array(rowBytes * header.height).map((_, i) => (i % rowBytes === 0 ? 0 : 255)) : undefined;
    const picture = await readDamaged('header.png', png(header, palette, source.oneIn(2) ? rows : undefined));
    if (picture !== undefined) {
      const { depths } = COLOURS[header.colour] ?? { depths: [] };
      if (!depths.includes(header.depth)) throw new Error(`colour type ${header.colour} of depth ${header.depth} was read`);
      if (header.colour === 3 && palette === 0) throw new Error('a palette image without a palette was read');
    }
    await expectGood(good.png, goodHash.png);
  },
};

/** Damage that only the codec can see: within a segment, whose length stays. */
function damagedSegment(source: Source, good: Buffer): Buffer {
  const bytes = Buffer.from(good);
  const segments: (readonly [begin: number, end: number])[] = [];
  for (let at = 2; at + 4 < bytes.length && bytes[at] === 0xff; ) {
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    segments.push([at + 4, end]);
    if (bytes[at + 1] === 0xda) break;
    at = end;
  }
  const [begin, end] = source.pick(...segments);
  for (let count = source.pick(1, 1, 2, 8); count > 0; count--) bytes[source.int(begin, end - 1)] = source.int(0, 255);
  return bytes;
}

/** So many at once, for what one of them leaves in the codec may show only after some. */
const jpegBytes: Property = {
  name: 'c/jpeg/bytes',
  runs: 3,
  async check(source) {
    for (let count = source.int(1, 12); count > 0; count--) {
      await readDamaged('damaged.jpg', (source.oneIn(3) ? damaged : damagedSegment)(source, goodBytes.jpg));
    }
    await expectGood(good.jpg, goodHash.jpg);
  },
};

/** A file's header can say 65,535; the codec takes no more than this. */
const CODEC_MOST = 65500;

const jpegSizes: Property = {
  name: 'c/jpeg/sizes',
  runs: 3,
  async check(source) {
    const path = place('size.jpg');
    for (let count = source.int(1, 6); count > 0; count--) {
      const [width, height] = source.pick([1, 1], [70000, 1], [1, 65536], [16, 3], [65500, 1]);
      const picture = { width, height, data: new Uint8Array(4 * width * height).fill(99) };
      const refused = await isRefused(() => writeImage(path, picture), [ImageFileError], `${width}×${height} pixels`);
      const isTooLarge = width > CODEC_MOST || height > CODEC_MOST;
      if (refused !== isTooLarge) throw new Error(`${width}×${height} pixels ${refused ? 'are refused' : 'are written'}`);
    }
    await writeImage(path, noise(160, 120));
    await expectGood(path, goodHash.jpg);
  },
};

const STATE = { '0.weight': filled([4, 3], 1), '0.bias': filled([4], 2), 'ümlaut "quoted"': filled([2, 1, 2], 3) };
const goodTensors = Buffer.from(encodeSafetensors(STATE, { note: 'made by "hand"', epoch: '3' }));

/** Another header, with the right length before it. */
function withHeader(source: Source, bytes: Buffer): Buffer {
  const end = 8 + Number(bytes.readBigUInt64LE(0));
  const header = damaged(source, bytes.subarray(8, end));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, bytes.subarray(end)]);
}

const safetensors: Property = {
  name: 'c/safetensors/bytes',
  runs: 50,
  async check(source) {
    const bytes = source.oneIn(2) ? withHeader(source, goodTensors) : damaged(source, goodTensors);
    await isRefused(() => decodeSafetensors(bytes), [SafetensorsError], 'decodeSafetensors');
    const target = Object.fromEntries(
      Object.entries(STATE).map(([name, { shape, data }]) => [name, { shape, data: data.slice().fill(7) }]),
    );
    const refused = await isRefused(() => loadState(target, bytes), [SafetensorsError], 'loadState');
    if (refused && !Object.values(target).every(({ data }) => data.every((value) => value === 7))) {
      throw new Error('a file was refused, but has changed the state');
    }
    counts.calls++;
    loadState(target, goodTensors);
    counts.results++;
    for (const [name, { data }] of Object.entries(STATE)) {
      if (!data.every((value, i) => Object.is(value, target[name].data[i]))) throw new Error(`${name} is not what was saved`);
    }
  },
};

/** Large headers, deep ones, and long words in them. */
const safetensorsHeaders: Property = {
  name: 'c/safetensors/headers',
  runs: 2,
  async check(source) {
    const metadata = source.pick(
      { note: 'x'.repeat(2 ** source.int(10, 24)) },
      Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`note ${i}`, '"\\'])),
    );
    const bytes = encodeSafetensors(STATE, metadata as Record<string, string>);
    counts.calls++;
    if (Object.keys(decodeSafetensors(bytes).metadata).length !== Object.keys(metadata).length)
      throw new Error('other notes than were saved');
    const deep = Buffer.from(source.pick('[', '{"a":', '[[[{"a":').repeat(source.pick(10, 100_000)));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(deep.length));
    await isRefused(() => decodeSafetensors(Buffer.concat([length, deep])), [SafetensorsError], 'a deep header');
  },
};

interface Told {
  readonly code: number;
  readonly stderr: string;
}

/** The command line, less its process. */
async function cli(...args: string[]): Promise<Told> {
  let stderr = '';
  const { write } = process.stderr;
  const { write: writeOut } = process.stdout;
  process.stderr.write = ((text: unknown) => {
    stderr += stripVTControlCharacters(String(text));
    return true;
  }) as typeof write;
  process.stdout.write = (() => true) as typeof writeOut;
  try {
    counts.calls++;
    await main(args);
    const code = Number(process.exitCode ?? 0);
    if (code !== 0) counts.refusals++;
    return { code, stderr };
  } finally {
    process.exitCode = undefined;
    process.stderr.write = write;
    process.stdout.write = writeOut;
  }
}

const KERNELS = [
  '[[0,-1,0],[-1,5,-1],[0,-1,0]]',
  '{"kernel":[[1,2,1],[2,4,2],[1,2,1]],"divisor":16,"bias":1,"border":"wrap"}',
  '{"kernel":{"weights":[1,2,3,4],"width":2},"divisor":10}',
];
const HOSTILE_KERNELS = [
  '{"kernel":{"length":300000000}}',
  '{"kernel":{"length":4294967296}}',
  '{"kernel":{"weights":{"length":300000000},"width":1}}',
  '{"kernel":{"weights":{"length":-1},"width":1}}',
  '{"kernel":[[1e999]]}',
  '{"kernel":null}',
  '{"kernel":[[]]}',
  '{"kernel":[{"length":3}]}',
  '{"kernel":"123"}',
  '{"kernel":[[1]],"divisor":0}',
  '{"kernel":[[1]],"out":{"data":[1],"width":1,"height":1}}',
  '{"kernel":[[1]],"__proto__":{"divisor":3}}',
  '{"kernel":[[1]],"divisor":"1"}',
  '\ufeff[[1]]',
  'null',
  '3',
  '""',
];

const kernels: Property = {
  name: 'c/kernels/json',
  async check(source) {
    const path = place('kernel.json');
    const text = source.oneIn(3) ? Buffer.from(source.pick(...HOSTILE_KERNELS)) : damaged(source, Buffer.from(source.pick(...KERNELS)));
    await writeFile(path, text);
    const out = place('filtered.png');
    rmSync(out, { force: true });
    const { code, stderr } = await cli('filter', good.png, '-k', path, '-o', out, '--variant', 'simd');
    if (code !== 0 && !/^error: .*\n$/.test(stderr)) throw new Error(`exit code ${code}, and it says: ${stderr}`);
    if (code === 0) expectWhole(await readImage(out));
    await writeFile(path, KERNELS[0]);
    const { code: after, stderr: said } = await cli('filter', good.png, '-k', path, '-o', out, '--variant', 'simd');
    if (after !== 0) throw new Error(`a good kernel afterwards: ${said}`);
    await expectGood(out, sharpened);
  },
};

const WORDS = [
  '-k',
  '-o',
  '--threads',
  '0',
  '-1',
  'nan',
  'auto',
  '1e99',
  'edge',
  'blur',
  good.png,
  place('nothing.png'),
  '--radius',
  '--sigma',
  '--border',
  'wrap',
  '',
];

const commands: Property = {
  name: 'c/kernels/arguments',
  async check(source) {
    const args = ['filter', good.png, '-k', 'edge', '-o', place('argument.png')];
    for (let count = source.int(1, 4); count > 0; count--) {
      if (source.oneIn(2)) args.splice(source.int(0, args.length), source.int(0, 1), source.pick(...WORDS));
      else args.push(source.pick(...WORDS), source.pick(...WORDS));
    }
    // Names of output are made in the folder of this run.
    const given = args.map((word, i) => (/^(-o|--output)$/.test(args[i - 1] ?? '') ? place('argument.png') : word));
    const { code, stderr } = await cli(...given);
    if (code !== 0 && /\n\s+at /.test(stderr)) throw new Error(`${given.join(' ')}: a stack: ${stderr}`);
  },
};

const goodModule = readFileSync(new URL('../../dist/wasm/simd.wasm', import.meta.url));
const X = filled([1, 2, 5, 6], 1);
const FILTER = filled([4, 2, 3, 3], 2);

async function moduleHash(module: BufferSource): Promise<string> {
  const engine = await load({ module });
  const { data } = engine.conv2d(X, FILTER, { algorithm: 'gemm' });
  const hash = hashOf(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  engine.dispose();
  return hash;
}
const expectedModule = await moduleHash(goodModule);

/** What still compiles is loaded, and not run: it may compute anything. */
const modules: Property = {
  name: 'c/modules/bytes',
  runs: 3,
  async check(source) {
    const bytes = damaged(source, goodModule);
    await isRefused(async () => (await load({ module: bytes as BufferSource })).dispose(), [UnsupportedError, OptionError], 'load');
    if (WebAssembly.validate(bytes as BufferSource)) {
      const module = await WebAssembly.compile(bytes as BufferSource);
      await isRefused(() => loadSync({ module }).dispose(), [UnsupportedError], 'loadSync');
    }
    counts.calls++;
    if ((await moduleHash(goodModule)) !== expectedModule) throw new Error('a good module gives other bits than before');
    counts.results++;
  },
};

await writeFile(place('sharpen.json'), KERNELS[0]);
await cli('filter', good.png, '-k', place('sharpen.json'), '-o', place('sharpened.png'), '--variant', 'simd');
const sharpened = hashOf((await readImage(place('sharpened.png'))).data);

export function properties(): Property[] {
  return [pngBytes, pngChunks, pngHeaders, jpegBytes, jpegSizes, safetensors, safetensorsHeaders, kernels, commands, modules];
}

export function end(): void {
  rmSync(folder, { recursive: true, force: true });
}
