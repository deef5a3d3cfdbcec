/**
 * npm run bench: every variant that this host has, on every shape, in both layouts, in one run.
 *
 * Each shape is validated before it is timed: `simd` has the twin's bits, `relaxed-simd` is within its bound. After it has been
 * timed, the results are still the same.
 */
import { Option } from 'commander';
import pc from 'picocolors';
import { compareAlgorithms } from './algorithms.mjs';
import { benchCommand, chosenShapes } from './command-line.mjs';
import { hostEngines } from './engines.mjs';
import { measureGradients } from './gradients.mjs';
import { FULL, measure, QUICK } from './measure.mjs';
import { describeMachine, describePeak, figure, machine, percent, progress, table } from './output.mjs';
import { measureOverhead } from './overhead.mjs';
import { measurePeak } from './peak.mjs';
import { cost } from './shapes.mjs';
import { subject } from './subject.mjs';
import { expectSameBits, expectWithin, tolerance } from './validate.mjs';

const command = benchCommand('bench', 'simdconv on this machine: WebAssembly and its JavaScript twin')
  .addOption(new Option('--layout <layout>', 'only this layout').choices(['nchw', 'nhwc']))
  .option('--algorithms', 'each algorithm of each convolution, beside the one that is chosen', false)
  .parse();
const options = command.opts();
const times = options.quick ? QUICK : FULL;
const layouts = options.layout ? [options.layout] : ['nchw', 'nhwc'];
const chosen = chosenShapes(command);

const engines = await hostEngines();
const [js] = engines;
const peak = await measurePeak(times.peak);
const print = options.json ? () => {} : console.log;
print(`${describeMachine()}\n${describePeak(peak)}\n`);
if (options.algorithms) await algorithms();
else await variants();

function allowedFor(shape, layout) {
  const reference = engines.find(({ variant }) => variant === 'simd') ?? js;
  return tolerance(reference, shape, layout);
}

/** One shape in one layout, every engine. */
async function compare(shape, layout) {
  const subjects = engines.map((engine) => subject(engine, shape, layout));
  for (const { run } of subjects) run();
  const results = subjects.map(({ out }) => out.data.slice());
  for (const [i, { variant }] of engines.entries()) {
    if (variant === 'simd') expectSameBits(results[i], results[0], `${shape.name}, ${variant}`);
    if (variant === 'relaxed-simd') expectWithin(results[i], results[0], allowedFor(shape, layout), `${shape.name}, ${variant}`);
  }
  const measured = await measure(subjects, times);
  for (const [i, { out }] of subjects.entries()) expectSameBits(out.data, results[i], `${shape.name}, ${engines[i].variant}, timed`);
  const { flops, bytes } = cost(shape);
  const rows = engines.map(({ variant }, i) => {
    const perSecond = (flops || bytes) / measured[i].ms / 1e6;
    return {
      variant,
      ...measured[i],
      ...(flops ? { gflops: perSecond } : { gbps: perSecond }),
      share: perSecond / (flops ? peak[variant].gflops : peak[variant].copyGbps),
      speedup: measured[0].ms / measured[i].ms,
      algorithm: subjects[i].plan()?.algorithm,
    };
  });
  for (const each of subjects) each.dispose();
  return { shape: shape.name, source: shape.source, layout, variants: rows };
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
  const overhead = await measureOverhead(engines, times);
  const gradients = await measureGradients(engines.find(({ variant }) => variant === 'simd') ?? js, layouts, times);
  if (options.json) {
    console.log(JSON.stringify({ machine: machine(), peak, results, overhead, gradients }, undefined, 2));
    return;
  }
  const column = (rows, cell) => rows.map(cell).join('\n');
  print(
    table(
      ['shape', 'layout', 'variant', 'ms', 'median', 'speed', 'of peak', 'vs js', 'algorithm'],
      results.map(({ shape, source, layout, variants: rows }) => [
        `${shape}\n${pc.dim(source)}`,
        layout,
        column(rows, (r) => r.variant),
        column(rows, (r) => figure(r.ms)),
        column(rows, (r) => figure(r.medianMs)),
        column(rows, (r) => (r.gflops ? `${figure(r.gflops)} GF/s` : `${figure(r.gbps)} GB/s`)),
        column(rows, (r) => percent(r.share)),
        column(rows, (r) => (r.variant === 'js' ? '' : pc.green(`${figure(r.speedup)}×`))),
        column(rows, (r) => r.algorithm ?? ''),
      ]),
      ['left', 'left', 'left', 'right', 'right', 'right', 'right', 'right', 'left'],
    ),
  );
  print(`\n${pc.bold('An empty call, in nanoseconds')}`);
  print(
    table(
      ['call', ...engines.map(({ variant }) => variant)],
      overhead.map(({ name, ns }) => [name, ...engines.map(({ variant }) => ns[variant].toFixed(0))]),
    ),
  );
  print(`\n${pc.bold('Gradients in input, filter and bias, beside the forward call by the matrix product')}`);
  print(
    table(
      ['layer', 'layout', 'forward ms', 'backward ms', 'ratio'],
      gradients.map(({ name, layout, forwardMs, backwardMs, ratio }) => [
        name,
        layout,
        figure(forwardMs),
        figure(backwardMs),
        `${figure(ratio)}×`,
      ]),
      ['left', 'left', 'right', 'right', 'right'],
    ),
  );
  print('ms: the shortest of many short samples. Flops are those of the direct algorithm, two a product, whatever computed them.');
}

async function algorithms() {
  const convolutions = chosen.filter(({ operator }) => operator === 'conv2d');
  const fast = engines.filter(({ variant }) => variant !== 'js');
  const bar = progress(convolutions.length * layouts.length * fast.length);
  const results = [];
  for (const shape of convolutions) {
    for (const layout of layouts) {
      for (const engine of fast) {
        bar.begin(`${shape.name} ${layout} ${engine.variant}`);
        results.push(await compareAlgorithms(engine, shape, layout, times, allowedFor(shape, layout)));
        bar.end();
      }
    }
  }
  bar.stop();
  if (options.json) {
    console.log(JSON.stringify({ machine: machine(), peak, results }, undefined, 2));
    return;
  }
  print(
    table(
      ['shape', 'layout', 'variant', 'direct ms', 'gemm ms', 'winograd ms', 'best', 'chosen', 'loss'],
      results.map(({ ms, ...r }) => [
        r.shape,
        r.layout,
        r.variant,
        figure(ms.direct),
        figure(ms.gemm),
        figure(ms.winograd),
        r.best,
        r.chosen,
        r.loss > 0.05 ? pc.red(percent(r.loss)) : percent(r.loss),
      ]),
      ['left', 'left', 'left', 'right', 'right', 'right', 'left', 'left', 'right'],
    ),
  );
}
