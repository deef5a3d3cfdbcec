/**
 * npm run bench: every variant that this host has beside plain JavaScript, on every shape, in both layouts, in one run.
 *
 * Each shape is validated before it is timed: `simd` has the bits of the bit-exact fallback, and each algorithm is within its own bound of
 * what plain JavaScript sums in doubles. After it has been timed, the results are still the same. A row that is not is marked WRONG, and
 * the exit code is 1.
 */
import { Option } from 'commander';
import pc from 'picocolors';
import { algorithmNames, compareAlgorithms } from './algorithms.mjs';
import { benchCommand, chosenShapes } from './command-line.mjs';
import { hostEngines } from './engines.mjs';
import { measureGradients } from './gradients.mjs';
import { FULL, measure, QUICK } from './measure.mjs';
import { operands } from './operands.mjs';
import {
  describeMachine,
  describePeak,
  figure,
  machine,
  percent,
  progress,
  rate,
  save,
  shareOf,
  table,
  times as timesAs,
} from './output.mjs';
import { measureOverhead } from './overhead.mjs';
import { measurePeak } from './peak.mjs';
import { plainSubject } from './plain.mjs';
import { groupOf, ranges } from './ranges.mjs';
import { cost } from './shapes.mjs';
import { subject } from './subject.mjs';
import { differingBits, outOfBound, referenceOf } from './validate.mjs';

const command = benchCommand('bench', 'simdconv on this machine: WebAssembly, plain JavaScript, and the bit-exact fallback')
  .addOption(new Option('--layout <layout>', 'only this layout').choices(['nchw', 'nhwc']))
  .option('--algorithms', 'each algorithm of each convolution, beside the one that is chosen', false)
  .parse();
const options = command.opts();
const times = options.quick ? QUICK : FULL;
const layouts = options.layout ? [options.layout] : ['nchw', 'nhwc'];
const chosen = chosenShapes(command);
const host = machine();

const engines = await hostEngines();
const peak = await measurePeak(times.peak);
const print = options.json ? () => {} : console.log;
print(`${describeMachine(host)}\n${describePeak(peak)}\n`);
const wrong = options.algorithms ? await algorithms() : await variants();
for (const { shape, layout, variant, reason } of wrong) console.error(pc.red(`WRONG: ${shape}, ${layout}, ${variant}: ${reason}`));
if (wrong.length > 0) process.exitCode = 1;

async function publish(results) {
  const whole = { command: 'npm run bench', quick: options.quick, machine: host, peak, ...results };
  if (options.save) await save(options.save, whole);
  if (options.json) console.log(JSON.stringify(whole, undefined, 2));
}

/** One shape in one layout: plain JavaScript, then every engine, the fallback first. */
async function compare(shape, layout) {
  const subjects = engines.map((engine) => subject(engine, shape, layout));
  for (const { run } of subjects) run();
  const reference = referenceOf(shape, layout);
  const plain = plainSubject(shape, layout, operands(shape, layout));
  const results = subjects.map(({ out }) => out.data.slice());
  const reasons = engines.map(
    ({ variant }, i) =>
      outOfBound(results[i], reference.data, reference.allowed(subjects[i].plan())) ??
      (variant === 'simd' ? differingBits(results[i], results[0]) : undefined),
  );
  const [ofPlain, ...measured] = await measure([plain, ...subjects], times);
  for (const [i, { out }] of subjects.entries()) reasons[i] ??= differingBits(out.data, results[i]);
  const { flops, bytes } = cost(shape);
  const row = (variant, timing, algorithm, reason) => {
    const perSecond = (flops || bytes) / timing.ms / 1e6;
    return {
      variant,
      ...timing,
      ...(flops ? { gflops: perSecond } : { gbps: perSecond }),
      // Winograd multiplies less than the direct sum whose flops are counted: a share of the peak would be none.
      share: algorithm === 'winograd' ? undefined : shareOf(perSecond, flops, peak[variant] ?? peak.js),
      timesPlain: ofPlain.ms / timing.ms,
      timesFallback: measured[0].ms / timing.ms,
      algorithm,
      wrong: reason,
    };
  };
  const rows = [
    row('plain JS', ofPlain, undefined, differingBits(plain.out.data, reference.data)),
    ...engines.map(({ variant }, i) => row(variant, measured[i], subjects[i].plan()?.algorithm, reasons[i])),
  ];
  for (const each of subjects) each.dispose();
  return { shape: shape.name, source: shape.source, operator: shape.operator, group: groupOf(shape), layout, variants: rows };
}

async function variants() {
  const results = [];
  const bar = progress(chosen.length * layouts.length);
  for (const shape of chosen) {
    for (const layout of layouts) {
      bar.begin(`${shape.name} ${layout}`);
      results.push(await compare(shape, layout));
      bar.end();
    }
  }
  bar.stop();
  const [js] = engines;
  const overhead = await measureOverhead(engines, times);
  const gradients = await measureGradients(engines.find(({ variant }) => variant === 'simd') ?? js, layouts, times, options.quick);
  const speedups = ranges(
    results.flatMap(({ shape, group, variants: rows }) =>
      rows.filter(({ variant }) => variant === 'simd').map(({ timesPlain, algorithm }) => ({ shape, group, algorithm, times: timesPlain })),
    ),
  );
  await publish({ results, overhead, gradients, speedups });
  const column = (rows, cell) => rows.map(cell).join('\n');
  const name = (variant) => (variant === 'js' ? 'bit-exact fallback' : variant);
  print(
    table(
      ['shape', 'layout', 'variant', 'ms', 'median', 'speed', 'of peak', '× plain JS', '× fallback', 'algorithm'],
      results.map(({ shape, source, layout, variants: rows }) => [
        `${shape}\n${pc.dim(source)}`,
        layout,
        column(rows, (r) => name(r.variant)),
        column(rows, (r) => figure(r.ms)),
        column(rows, (r) => figure(r.medianMs)),
        column(rows, rate),
        column(rows, (r) => (r.share === undefined ? '' : percent(r.share))),
        column(rows, (r) => (r.variant === 'plain JS' ? '' : timesAs(r.timesPlain))),
        column(rows, (r) => (r.variant === 'js' || r.variant === 'plain JS' ? '' : timesAs(r.timesFallback))),
        column(rows, (r) => (r.wrong ? pc.red('WRONG') : (r.algorithm ?? ''))),
      ]),
      ['left', 'left', 'left', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
    ),
  );
  print(`\n${pc.bold('simd, how many times as fast as plain JavaScript')}`);
  print(
    table(
      ['', 'from', 'to', 'the best'],
      speedups.map(({ group, least, most, best }) => [group, timesAs(least), timesAs(most), best]),
      ['left', 'right', 'right', 'left'],
    ),
  );
  print(`\n${pc.bold('An empty call, in nanoseconds')}`);
  print(
    table(
      ['call', ...engines.map(({ variant }) => name(variant))],
      overhead.map(({ name: call, ns }) => [call, ...engines.map(({ variant }) => ns[variant].toFixed(0))]),
    ),
  );
  print(`\n${pc.bold('Gradients in input, filter and bias, beside the forward call by the matrix product')}`);
  print(
    table(
      ['layer', 'layout', 'forward ms', 'backward ms', 'ratio'],
      gradients.map(({ name: layer, layout, forwardMs, backwardMs, ratio }) => [
        layer,
        layout,
        figure(forwardMs),
        figure(backwardMs),
        timesAs(ratio),
      ]),
      ['left', 'left', 'right', 'right', 'right'],
    ),
  );
  print(
    'ms: the shortest of many short samples. plain JS: typed arrays, blocked loops, sums in doubles (src/plain). bit-exact fallback: the variant js.\n' +
      'Flops are those of the direct sum, two a product; by Winograd fewer are computed, and GFLOP/s are effective ones (eff.).',
  );
  return results.flatMap(({ shape, layout, variants: rows }) =>
    rows.filter((r) => r.wrong).map(({ variant, wrong: reason }) => ({ shape, layout, variant, reason })),
  );
}

async function algorithms() {
  const convolutions = chosen.filter(({ operator }) => operator === 'conv2d');
  const fast = engines.filter(({ variant }) => variant !== 'js');
  const bar = progress(convolutions.length * layouts.length * fast.length);
  const results = [];
  for (const shape of convolutions) {
    for (const layout of layouts) {
      const reference = referenceOf(shape, layout);
      for (const engine of fast) {
        bar.begin(`${shape.name} ${layout} ${engine.variant}`);
        results.push(await compareAlgorithms(engine, shape, layout, times, reference));
        bar.end();
      }
    }
  }
  bar.stop();
  await publish({ results });
  print(
    table(
      ['shape', 'layout', 'variant', ...algorithmNames.map((name) => `${name} ms`), 'best', 'chosen', 'loss'],
      results.map(({ ms, wrong: reasons, ...r }) => [
        r.shape,
        r.layout,
        r.variant,
        ...algorithmNames.map((name) => (reasons[name] ? pc.red('WRONG') : figure(ms[name]))),
        r.best,
        r.chosen,
        r.loss > 0.05 ? pc.red(percent(r.loss)) : percent(r.loss),
      ]),
      ['left', 'left', 'left', 'right', 'right', 'right', 'left', 'left', 'right'],
    ),
  );
  return results.flatMap(({ shape, layout, variant, wrong: reasons }) =>
    Object.entries(reasons).map(([algorithm, reason]) => ({ shape, layout, variant: `${variant}, ${algorithm}`, reason })),
  );
}
