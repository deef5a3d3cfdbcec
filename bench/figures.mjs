/**
 * npm run figures: writes the tables of README.md and docs/ between their markers, from the results that the benches left in
 * build/figures. A table names its command, its machine and its day; results of a busy machine or of `--quick` are refused.
 *
 *   npm run bench        -- --save build/figures/bench.json
 *   npm run bench:peers  -- --save build/figures/peers.json --svg docs/peers.svg
 *   npm run bench:images -- --save build/figures/images.json
 *   npm run figures
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describeMachine, figure, times } from './output.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = 'build/figures';
/** Of the minute before a run, in processes: a bench waits for nothing, so what ran then may still run. */
const IDLE = 0.5;

const cells = (row) => `| ${row.join(' | ')} |`;
const markdown = (head, rows) => [cells(head), cells(head.map((_, i) => (i === 0 ? '---' : '--:'))), ...rows.map(cells)].join('\n');
const origin = ({ command, machine }) => `\`${command}\`, one thread, one run, ${machine.date}: ${describeMachine(machine)}.`;
const range = ({ least, most }) => (times(least) === times(most) ? times(least) : `${times(least)} to ${times(most)}`);
const own = (result, layout, variant) => result.ours.find((each) => each.layout === layout && each.variant === variant);

/** Each table by the name of its markers: from which results, and how it is written. */
const tables = {
  headline: {
    from: 'peers',
    write(results) {
      const phrase = (name, words) => {
        const all = results.speedups.find((each) => each.name === name)?.ranges.at(-1);
        return all === undefined ? [] : [`${range(all)} as fast as ${words} (best: ${all.best})`];
      };
      const phrases = [
        ...phrase('plain JS', 'plain JavaScript'),
        ...phrase('tfjs-wasm', "TensorFlow.js's WebAssembly"),
        ...phrase('ORT-web', 'ONNX Runtime Web'),
        ...phrase('ORT-native', 'native ONNX Runtime'),
      ];
      return `Over all layers, \`simd\` on one thread is ${phrases.join(', ')}. ${origin(results)}`;
    },
  },
  speedups: {
    from: 'bench',
    write: (results) =>
      `${origin(results)}\n\n${markdown(
        ['`simd` against plain JavaScript', 'from', 'to', 'the best'],
        results.speedups.map(({ group, least, most, best }) => [group, times(least), times(most), best]),
      )}`,
  },
  summary: {
    from: 'peers',
    write: (results) =>
      `${origin(results)} How many times as fast \`simd\` is, over all shapes of the table below:\n\n${markdown(
        ['than', 'all layers', '1×1 convolutions', 'best case'],
        results.speedups
          .filter(({ ranges }) => ranges.length > 0)
          .map(({ name, ranges }) => {
            const product = ranges.find(({ group }) => group.startsWith('1×1'));
            const all = ranges.at(-1);
            return [name === 'plain JS' ? 'plain JavaScript' : name, range(all), product ? range(product) : '', all.best];
          }),
      )}`,
  },
  peers: {
    from: 'peers',
    write(results) {
      const names = Object.keys(results.versions).filter((name) => name !== 'tfjs-cpu');
      return markdown(
        ['shape', 'ms, NCHW / NHWC', 'plain JavaScript', 'bit-exact fallback', ...names.map((name) => `${name} ${results.versions[name]}`)],
        results.results.map((result) => {
          const simd = own(result, 'nhwc', 'simd');
          const ratio = (variant) => times(own(result, 'nhwc', variant).ms / simd.ms);
          const peer = (name) => {
            const found = result.peers.find((each) => each.name === name);
            return found === undefined || found.wrong ? '' : times(found.ratio);
          };
          return [
            simd.algorithm === 'winograd' ? `${result.shape} (Winograd)` : result.shape,
            `${figure(own(result, 'nchw', 'simd').ms)} / ${figure(simd.ms)}`,
            ratio('plain JS'),
            ratio('js'),
            ...names.map(peer),
          ];
        }),
      );
    },
  },
  sizes: {
    from: 'peers',
    write: ({ sizes, versions }) =>
      markdown(
        ['what a page fetches, JavaScript (minified) and WebAssembly', 'KB', 'KB gzipped'],
        sizes.map(({ name, bytes, gzipBytes }) => {
          const version = { tfjs: versions['tfjs-wasm'], onnx: versions['ORT-web'], Open: versions['OpenCV.js'] }[name.slice(0, 4)];
          return [
            version === undefined ? name : `${name} ${version}`,
            ...[bytes, gzipBytes].map((size) => Math.round(size / 1000).toLocaleString('en')),
          ];
        }),
      ),
  },
  images: {
    from: 'images',
    write(results) {
      const names = ['plain JS', ...Object.keys(results.versions)];
      return `${origin(results)}\n\n${markdown(
        ['1920×1080', 'ms', 'on plain arrays', ...names.map((name) => `${name} ${results.versions[name] ?? ''}`.trim())],
        results.results.map(({ name, ms, plainArraysMs, peers }) => [
          name,
          figure(ms),
          figure(plainArraysMs),
          ...names.map((peer) => {
            const found = peers.find((each) => each.name === peer);
            return found === undefined || found.wrong ? '' : times(found.ratio);
          }),
        ]),
      )}`;
    },
  },
};

const DOCUMENTS = ['README.md', 'docs/performance.md', 'docs/images.md'];
const written = [];
const refused = [];
for (const file of DOCUMENTS) {
  let text = await readFile(`${root}${file}`, 'utf8');
  for (const [, name] of text.matchAll(/<!-- figures: (\w+) -->/g)) {
    const table = tables[name];
    if (table === undefined) throw new Error(`${file}: there is no table '${name}'`);
    const saved = `${root}${FOLDER}/${table.from}.json`;
    if (!existsSync(saved)) {
      refused.push(`${file}, ${name}: ${FOLDER}/${table.from}.json is not there`);
      continue;
    }
    const results = JSON.parse(await readFile(saved, 'utf8'));
    const reason = results.quick
      ? 'is of a --quick run'
      : results.machine.load > IDLE
        ? `is of a busy machine: ${results.machine.load.toFixed(2)} processes ran in the minute before`
        : undefined;
    if (reason !== undefined) {
      refused.push(`${file}, ${name}: ${FOLDER}/${table.from}.json ${reason}`);
      continue;
    }
    const [begin, end] = [`<!-- figures: ${name} -->`, '<!-- /figures -->'];
    const from = text.indexOf(begin) + begin.length;
    const to = text.indexOf(end, from);
    if (to < 0) throw new Error(`${file}: '${begin}' has no end`);
    text = `${text.slice(0, from)}\n\n${table.write(results)}\n\n${text.slice(to)}`;
    written.push(`${file}, ${name}`);
  }
  await writeFile(`${root}${file}`, text);
}
for (const line of written) console.log(`written: ${line}`);
for (const line of refused) console.error(`left as it was: ${line}`);
process.exitCode = refused.length > 0 ? 1 : 0;
