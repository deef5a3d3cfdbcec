/**
 * npm run test:fuzz [-- --minutes 30] [--seed n] [--only a | image | a/conv/conv2d] [--path p] [--survey]
 *
 * Four families, each in a process of its own, which is watched: one that ends, or that does nothing for a minute, has failed as well.
 *
 *   a  valid calls of every operator: the same bits on everything, and not a byte changed elsewhere
 *   b  hostile arguments to everything that is exported: a typed error or a right result
 *   c  damaged files, each followed by a good one
 *   d  calls, disposals, growth and lost workers, in any order
 *
 * A failure is printed with the command that repeats it; its operator is then left alone. With --survey everything goes on, and each
 * kind of failure is printed once, as it was met.
 */
import { fork } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pc from 'picocolors';
import { bundle } from './bundle.mjs';

/** How the time is shared out. */
const FAMILIES = { a: 0.42, b: 0.28, c: 0.12, d: 0.18 };
const HANG_MS = 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    path: { type: 'string' },
    only: { type: 'string', default: '' },
    survey: { type: 'boolean', default: false },
  },
});
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const minutes = Number(values.minutes);
if (!Number.isInteger(seed) || !(minutes > 0)) {
  console.error('--seed takes a whole number, --minutes a number above 0');
  process.exit(2);
}
console.log(`seed ${seed}`);

const root = fileURLToPath(new URL('../..', import.meta.url));
const script = await bundle('main');
await mkdir(`${root}build/fuzz`, { recursive: true });

const named = values.only.split('/')[0];
const families = Object.keys(FAMILIES).filter((family) => !(named in FAMILIES) || named === family);
const shares = families.reduce((sum, family) => sum + FAMILIES[family], 0);
const only = values.only in FAMILIES ? '' : values.only;

const failures = [];
function report({ name, seed: of, path, message }) {
  failures.push(name);
  console.error(`\n${pc.red(name)} fails: ${message}`);
  console.error(`  alone: npm run test:fuzz -- --seed ${of} --path ${path} --only ${name}`);
  const same = values.only === '' ? '' : ` --only ${values.only}`;
  console.error(`  with everything before it: npm run test:fuzz -- --seed ${seed} --minutes ${minutes}${same}`);
}

const add = (a, b) => Object.fromEntries(Object.keys(a).map((name) => [name, a[name] + (b[name] ?? 0)]));

/** One process; says what it has counted, and what was under way when it ended too early. */
function runOnce(family, seconds, skip) {
  const status = `${root}build/fuzz/${family}.status`;
  const args = ['--family', family, '--seconds', String(seconds), '--seed', String(seed), '--status', status];
  if (only !== '') args.push('--only', only);
  if (values.path !== undefined) args.push('--path', values.path);
  if (values.survey) args.push('--survey');
  for (const name of skip) args.push('--skip', name);
  return new Promise((resolve) => {
    const child = fork(script, args, { cwd: root, execArgv: ['--enable-source-maps'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    let counts = {};
    let ended = false;
    let hung = false;
    let last = '';
    let since = performance.now();
    const watching = setInterval(async () => {
      const now = await readFile(status, 'utf8').catch(() => '');
      if (now !== last) [last, since] = [now, performance.now()];
      else if (performance.now() - since > HANG_MS) {
        hung = true;
        child.kill('SIGKILL');
      }
    }, 1000);
    child.on('message', (message) => {
      counts = message.counts ?? counts;
      ended ||= message.ended === true;
      if (message.failure) {
        report(message.failure);
        if (!values.survey) skip.push(message.failure.name);
      }
    });
    child.on('exit', async (code, signal) => {
      clearInterval(watching);
      const text = await readFile(status, 'utf8').catch(() => '');
      await rm(status, { force: true });
      if (ended && !hung) resolve({ counts });
      else
        resolve({
          counts,
          lost: {
            at: text.trim(),
            how: hung ? `nothing happens for ${HANG_MS / 1000} s` : `the process ends with ${signal ?? `code ${code}`}`,
          },
        });
    });
  });
}

const rows = [];
for (const family of families) {
  const began = performance.now();
  const most = values.path !== undefined ? 600 : (60 * minutes * FAMILIES[family]) / shares;
  const skip = [];
  let counts = { cases: 0, calls: 0, refusals: 0, results: 0 };
  for (let left = most; left > 0; left = most - (performance.now() - began) / 1000) {
    const { counts: more, lost } = await runOnce(family, left, skip);
    counts = add(counts, more);
    if (lost === undefined) break;
    const at = lost.at === '' ? { name: `${family}, before its first case`, seed, path: '0' } : JSON.parse(lost.at);
    report({ ...at, message: lost.how });
    if (lost.at === '' || skip.includes(at.name)) break;
    skip.push(at.name);
    if (values.path !== undefined) break;
  }
  rows.push({ family, ...counts, seconds: Math.round((performance.now() - began) / 1000) });
}

const TITLES = { a: 'a: valid calls', b: 'b: hostile arguments', c: 'c: damaged files', d: 'd: interleavings' };
const number = (value) => value.toLocaleString('en-US');
console.log('\n| family | cases | calls | refused | results compared | seconds |');
console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
for (const { family, cases, calls, refusals, results, seconds } of rows) {
  console.log(
    `| ${TITLES[family]} | ${number(cases)} | ${number(calls)} | ${number(refusals)} | ${number(results)} | ${number(seconds)} |`,
  );
}
console.log(
  `\n${failures.length === 0 ? pc.green('no failure') : pc.red(`${failures.length} failures: ${failures.join(', ')}`)}; seed ${seed}`,
);
process.exitCode = failures.length === 0 ? 0 : 1;
