/**
 * Runs every `npm run …` that README, CONTRIBUTING or docs/ name, with their arguments, and benches with `--quick`: a command that is
 * documented and does not run is an error like any other. What .ci/run does itself is not done twice. A script that
 * no document names fails too, as does one that is named and not there.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = await mkdtemp(join(tmpdir(), 'simdconv-commands-'));

/** .ci/run calls these, on all that they do. */
const ELSEWHERE = ['build', 'lint', 'size', 'docs', 'test:playground', 'test:fuzz', 'test:tfjs', 'test:hosts'];
/** Rewrites the working tree. */
const NOT_HERE = ['format', 'figures'];
/** Of examples/edge, a package of its own, which npm run test:hosts runs. */
const OTHER_PACKAGES = ['workerd'];
/** What npm runs by itself or by a name of its own. */
const MEANT = ['prepare', 'start', 'test', 'playground:build', 'size'];
const SERVER = 'playground';
/** What stands for a file in a document, and what is put there. */
const PLACES = { 'x.svg': join(scratch, 'x.svg'), PATH: process.execPath };
/** Epochs over few digits: what `--quick` of a training is by hand takes minutes. */
const SHORT = { 'train:lenet5': ['--epochs', '1', '--digits', '640', '--fresh', '--out', join(scratch, 'lenet5')] };
const LIMIT_MS = 300_000;

async function documents() {
  const named = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`);
  return ['README.md', 'CONTRIBUTING.md', ...named];
}

/** `npm run x -- --y z` in backticks or blocks of code, up to the comment or the end of the code. */
async function documented() {
  const found = new Map();
  for (const file of await documents()) {
    const text = await readFile(join(root, file), 'utf8');
    for (const [, script, rest = ''] of text.matchAll(/npm run ([a-z][a-z0-9:]*)(?: -- ([^`#;\n|]*))?/g)) {
      const given = rest.trim().split(/\s+/).filter(Boolean);
      // Publishes figures, into files of this repository: the same benches run without it.
      if (given.includes('--save')) continue;
      found.set([script, ...given].join(' '), { script, given, file });
    }
  }
  return [...found.values()];
}

/** Runs to its end, or for `LIMIT_MS`; a server until it has answered. In a process group of its own, since npm starts others. */
async function run(script, given) {
  const stdio = ['ignore', 'pipe', 'pipe'];
  const child = spawn('npm', ['run', '--silent', script, '--', ...given], { cwd: root, detached: true, stdio });
  let output = '';
  const stop = () => process.kill(-child.pid);
  const late = setTimeout(stop, LIMIT_MS);
  let answered = false;
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => {
      output += text;
      if (script === SERVER && !answered) {
        const address = stripVTControlCharacters(output).match(/http:\/\/localhost:\d+\//)?.[0];
        if (address === undefined) return;
        answered = true;
        fetch(address)
          .then((response) => response.text())
          .then((page) => {
            answered = page.includes('<title>simdconv');
          })
          .catch(() => {
            answered = false;
          })
          .finally(stop);
      }
    });
  const [code] = await once(child, 'close');
  clearTimeout(late);
  return { passed: script === SERVER ? answered : code === 0, output };
}

const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
const commands = await documented();
let failed = 0;
const queue = commands.filter(({ script }) => ![...ELSEWHERE, ...NOT_HERE, ...OTHER_PACKAGES].includes(script));

async function runQueue() {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { script, given, file } = next;
    const begun = performance.now();
    const short = script === SERVER ? [] : (SHORT[script] ?? ['--quick']);
    const { passed, output } =
      script in scripts
        ? await run(script, [...given.map((word) => PLACES[word] ?? word), ...short])
        : { passed: false, output: 'there is no such script in package.json\n' };
    const seconds = ((performance.now() - begun) / 1000).toFixed(0);
    const name = ['npm run', script, ...(given.length > 0 ? ['--', ...given] : [])].join(' ');
    console.log(`${passed ? 'passed' : 'FAILED'}  ${name}  (${file}, ${seconds} s)`);
    if (passed) continue;
    failed++;
    console.log(output);
  }
}
// What is asked is whether they run, not how fast: they may disturb each other.
await Promise.all(Array.from({ length: availableParallelism() }, runQueue));
await rm(scratch, { recursive: true, force: true });
const unnamed = Object.keys(scripts).filter((script) => !MEANT.includes(script) && !commands.some((command) => command.script === script));
if (unnamed.length > 0) {
  failed++;
  console.log(`FAILED  no document names npm run ${unnamed.join(', ')}`);
}
console.log(`documented commands: ${commands.length}, failed: ${failed}`);
process.exitCode = failed > 0 || commands.length === 0 ? 1 : 0;
