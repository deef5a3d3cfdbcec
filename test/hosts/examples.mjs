/** The examples that need packages of their own: the edge service on Node and workerd, and a batch that is killed and continued. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { crc32, deflateSync } from 'node:zlib';
import { encodeSafetensors } from '../../dist/nn/index.js';
import { exists } from './tools.mjs';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
const PACKAGES = ['@hono/node-server', 'esbuild', 'fast-png', 'hono', 'miniflare', 'piscina'];

async function exampleProject({ tools, project }, name) {
  const folder = await project(`example-${name}`);
  for (const each of ['edge', 'batch']) await cp(join(examples, each), join(folder, 'examples', each), { recursive: true });
  for (const each of PACKAGES) {
    const at = join(folder, 'node_modules', each);
    await mkdir(dirname(at), { recursive: true });
    if (!(await exists(at))) await symlink(join(tools, 'node_modules', each), at);
  }
  const require = createRequire(join(tools, 'package.json'));
  const png = await import(pathToFileURL(require.resolve('fast-png')));
  return { folder, png };
}

/** An RGBA image that differs with its number. */
function picture(number, width = 64, height = 48) {
  let state = number + 1;
  const data = Uint8Array.from({ length: width * height * 4 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  return { width, height, channels: 4, depth: 8, data };
}

/** Emboss, as its definition says. */
function embossed({ width, height, data }) {
  const weights = [-2, -1, 0, -1, 1, 1, 0, 1, 2];
  const within = (at, extent) => Math.min(Math.max(at, 0), extent - 1);
  const result = new Uint8ClampedArray(data);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let colour = 0; colour < 3; colour++) {
        let sum = 0;
        for (let tap = 0; tap < 9; tap++) {
          const from = within(y + Math.floor(tap / 3) - 1, height) * width + within(x + (tap % 3) - 1, width);
          sum += weights[tap] * data[from * 4 + colour];
        }
        result[(y * width + x) * 4 + colour] = sum;
      }
    }
  }
  return new Uint8Array(result.buffer);
}

/** Shapes of the network's weights, and whether a pooling follows. */
const NETWORK = [
  ['0', [6, 1, 5, 5], true],
  ['3', [16, 6, 5, 5], true],
  ['7', [120, 16, 5, 5], false],
  ['9', [84, 120, 1, 1], false],
  ['11', [10, 84, 1, 1], false],
];

/** Weights that nobody trained, and the file that holds them. */
function network() {
  let seed = 1;
  const next = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 31 - 1;
  };
  const tensors = {};
  const state = {};
  for (const [name, shape] of NETWORK) {
    const fanIn = shape[1] * shape[2] * shape[3];
    tensors[`${name}.weight`] = Float32Array.from({ length: shape[0] * fanIn }, () => 2 * next() * Math.sqrt(3 / fanIn));
    tensors[`${name}.bias`] = Float32Array.from({ length: shape[0] }, next);
    const [features] = shape;
    // The last three are dense layers.
    const isDense = Number(name) > 6;
    state[`${name}.weight`] = { shape: isDense ? [features, fanIn] : shape, data: tensors[`${name}.weight`] };
    state[`${name}.bias`] = { shape: [features], data: tensors[`${name}.bias`] };
  }
  return { tensors, file: encodeSafetensors(state) };
}

/** Its probabilities for 28×28 bytes, in 64-bit floats. */
function probabilitiesOf(tensors, pixels) {
  let side = 32;
  let maps = [new Float64Array(side * side).fill(-0.1)];
  for (let i = 0; i < pixels.length; i++) maps[0][(Math.floor(i / 28) + 2) * side + (i % 28) + 2] = -0.1 + (1.275 * pixels[i]) / 255;
  for (const [name, [outputs, inputs, kernel], pooled] of NETWORK) {
    const extent = side - kernel + 1;
    const last = name === '11';
    const results = Array.from({ length: outputs }, (_, o) =>
      Float64Array.from({ length: extent * extent }, (_, at) => {
        let sum = tensors[`${name}.bias`][o];
        for (let i = 0; i < inputs; i++) {
          for (let tap = 0; tap < kernel * kernel; tap++) {
            const from = (Math.floor(at / extent) + Math.floor(tap / kernel)) * side + (at % extent) + (tap % kernel);
            sum += tensors[`${name}.weight`][(o * inputs + i) * kernel * kernel + tap] * maps[i][from];
          }
        }
        return last ? sum : Math.max(0, sum);
      }),
    );
    const half = extent / 2;
    const pool = (map) =>
      Float64Array.from({ length: half * half }, (_, at) => {
        const corner = Math.floor(at / half) * 2 * extent + (at % half) * 2;
        return Math.max(map[corner], map[corner + 1], map[corner + extent], map[corner + extent + 1]);
      });
    maps = pooled ? results.map(pool) : results;
    side = pooled ? half : extent;
  }
  const powers = maps.map(([score]) => Math.exp(score));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** A PNG file of these chunks, each a name and its bytes. */
function pngOf(...chunks) {
  const parts = chunks.map(([type, data]) => {
    const bytes = Buffer.alloc(data.length + 12);
    bytes.writeUInt32BE(data.length);
    bytes.write(type, 4, 'latin1');
    bytes.set(data, 8);
    bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), data.length + 8);
    return bytes;
  });
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...parts]);
}

/** 8×8 pixels of grey: whole, with a megabyte of a profile or of pixels that inflates to a gigabyte, and with an index beyond its palette. */
function smallImages() {
  const header = (colorType) => ['IHDR', Buffer.from([0, 0, 0, 8, 0, 0, 0, 8, 8, colorType, 0, 0, 0])];
  const pixels = ['IDAT', deflateSync(Buffer.alloc(72, 0))];
  const index = ['IDAT', deflateSync(Buffer.alloc(72, Buffer.from([0, 9, 9, 9, 9, 9, 9, 9, 9])))];
  const bomb = deflateSync(Buffer.alloc(2 ** 30), { level: 9 });
  const end = ['IEND', Buffer.alloc(0)];
  return {
    plain: pngOf(header(0), pixels, end),
    profile: pngOf(header(0), ['iCCP', Buffer.concat([Buffer.from('name\0\0'), bomb])], pixels, end),
    bomb: pngOf(header(0), ['IDAT', bomb], end),
    beyond: pngOf(header(3), ['PLTE', Buffer.alloc(3)], index, end),
  };
}

const sameBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;

/** A row of what has to be so. */
const fact = (host, version, way, so, said) => ({ host, version, way, ...(so ? {} : { error: said ?? 'it is not so' }) });

async function edgeOn(context, host, node, script, version) {
  const { folder, png } = await exampleProject(context, script);
  const { tensors, file } = network();
  const { plain, profile, bomb, beyond } = smallImages();
  await writeFile(join(folder, 'examples/edge/digits.safetensors'), file);
  const child = spawn(node, [`${script}.js`], {
    cwd: join(folder, 'examples/edge'),
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  let logged = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    logged += text;
  });
  try {
    let printed = '';
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      printed += chunk;
      if (printed.includes('\n')) break;
    }
    const url = printed.match(/http\S+/)[0];
    const post = (path, body) => fetch(new URL(path, url), { method: 'POST', body });
    const image = picture(1);
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('filter/emboss', png.encode(image))));
    const filtered = await Promise.all(answers.map(async (answer) => png.decode(new Uint8Array(await answer.arrayBuffer())).data));
    const grey = { width: 28, height: 28, channels: 1, depth: 8, data: picture(2, 14, 14).data };
    const answer = await (await post('digit', png.encode(grey))).json();
    const probabilities = probabilitiesOf(tensors, grey.data);
    const error = Math.max(...probabilities.map((probability, i) => Math.abs(probability - answer.probabilities[i])));
    const { variant } = await (await fetch(url)).json();
    const refusals = [];
    for (const [path, body] of [
      ['filter/blur', profile],
      ['filter/blur', bomb],
      ['filter/blur', beyond],
      ['filter/grayscale', plain],
      ['filter/none', png.encode(image)],
      ['filter/edge', png.encode(image).subarray(0, 100)],
      ['filter/edge', 'no image'],
      ['digit', png.encode(image)],
      // The last, since a host may hang up on whoever goes on sending.
      ['filter/edge', new Uint8Array(17 * 2 ** 20)],
    ]) {
      refusals.push(
        await post(path, body).then(
          ({ status }) => status,
          () => 413,
        ),
      );
    }
    const expected = embossed(image);
    return [
      fact(host, version, 'edge: simd', variant === 'simd', variant),
      fact(
        host,
        version,
        'edge: 20 requests at once',
        filtered.every((data) => sameBytes(data, expected)),
      ),
      fact(
        host,
        version,
        'edge: digits',
        error < 1e-5 && answer.digit === probabilities.indexOf(Math.max(...probabilities)),
        `off by ${error}`,
      ),
      fact(
        host,
        version,
        'edge: bad requests are refused',
        `${refusals}` === '200,415,415,415,404,415,415,415,413',
        `answered ${refusals}`,
      ),
      fact(host, version, 'edge: and nothing is logged', logged === '', logged),
    ];
  } finally {
    child.kill();
    await closed;
  }
}

/** Two thousand images; the process is killed twice in the middle. */
async function batchExample(context) {
  const { folder, png } = await exampleProject(context, 'batch');
  const [input, output] = [join(folder, 'in'), join(folder, 'out')];
  await mkdir(input);
  const count = 2000;
  const name = (number) => `${String(number).padStart(4, '0')}.png`;
  for (let i = 0; i < count; i++) await writeFile(join(input, name(i)), png.encode(picture(i)));
  const start = (...options) =>
    spawn(process.execPath, [join(folder, 'examples/batch/main.js'), input, output, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  const done = async () => (await readdir(output).catch(() => [])).filter((file) => file.endsWith('.png'));
  const identities = async () =>
    new Map(
      await Promise.all(
        (await done()).map(async (file) => {
          const { ino, mtimeMs } = await stat(join(output, file));
          return [file, `${ino} ${mtimeMs}`];
        }),
      ),
    );

  const snapshots = [];
  for (const enough of [count / 4, count / 2]) {
    const child = start();
    const closed = once(child, 'close');
    child.stdout.resume();
    while ((await done()).length < enough && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 10));
    child.kill('SIGKILL');
    await closed;
    snapshots.push(await identities());
  }
  const child = start();
  let printed = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
  const [code] = await once(child, 'close');
  const last = await identities();
  const unchanged = snapshots.every((snapshot) => [...snapshot].every(([file, identity]) => last.get(file) === identity));
  const others = (await readdir(output)).filter((file) => !file.endsWith('.png'));
  let right = 0;
  for (let i = 0; i < count; i++) {
    const { data } = png.decode(await readFile(join(output, name(i))));
    if (sameBytes(data, embossed(picture(i)))) right++;
  }
  const sizes = [...snapshots.map((snapshot) => snapshot.size), last.size];
  const codeOf = async (child) => {
    child.stdout.resume();
    child.stderr?.resume();
    return (await once(child, 'close'))[0];
  };
  const refused = await codeOf(start('--filter', 'blur'));
  // A disk that was full.
  await writeFile(join(output, 'batch.json'), '');
  await rm(join(output, name(0)));
  const rebuilt = [await codeOf(start('--filter', 'blur')), await codeOf(start()), (await done()).length];
  const main = join(folder, 'examples/batch/main.js');
  const within = await codeOf(spawn(process.execPath, [main, output, output], { stdio: ['ignore', 'pipe', 'pipe'] }));
  const missing = await codeOf(
    spawn(process.execPath, [main, join(folder, 'none'), join(folder, 'new')], { stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  const isMade = await exists(join(folder, 'new'));
  await rm(input, { recursive: true });
  const fill = (way, so, said) => fact('Node', process.versions.node, `batch: ${way}`, so, said);
  return [
    fill('killed twice in the middle', sizes[0] < sizes[1] && sizes[1] < count, `${sizes}`),
    fill('then nothing is lost', code === 0 && last.size === count && right === count, `code ${code}, ${last.size} files, ${right} right`),
    fill(
      'and nothing done twice',
      unchanged && printed.includes(`${count - sizes[1]} done, ${sizes[1]} were done before, 0 failed`),
      printed,
    ),
    fill('nothing else is left behind', `${others}` === 'batch.json', `${others}`),
    fill('another filter is refused', refused === 1, `code ${refused}`),
    fill('a state that is empty is rebuilt', `${rebuilt}` === `1,0,${count}`, `${rebuilt}`),
    fill('results in the place of images are refused', within === 1, `code ${within}`),
    fill('nothing is made for images that are missing', missing === 1 && !isMade, `code ${missing}, made: ${isMade}`),
  ];
}

export const exampleRows = {
  'edge-node': (context) => edgeOn(context, 'Node', process.execPath, 'node', process.versions.node),
  'edge-workerd': async (context) => {
    const { version } = JSON.parse(await readFile(join(context.tools, 'node_modules/workerd/package.json'), 'utf8'));
    return edgeOn(context, 'workerd', join(context.tools, 'node_modules/node-24/bin/node'), 'workerd', version);
  },
  batch: batchExample,
};
