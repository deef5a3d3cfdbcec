/** One family, in a process of its own: `run.mjs` starts it, and tells what becomes of it. */
import { openSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { counts, type Property } from './property.ts';
import { Source } from './source.ts';

const { values } = parseArgs({
  options: {
    family: { type: 'string' },
    seconds: { type: 'string', default: '15' },
    seed: { type: 'string' },
    path: { type: 'string' },
    only: { type: 'string', default: '' },
    skip: { type: 'string', multiple: true, default: [] },
    status: { type: 'string' },
    survey: { type: 'boolean', default: false },
  },
});

/** Cases of a round of one property: few, so that a short run meets all of them. */
const RUNS = 5;
/** Milliseconds that a counterexample may take to become a small one. */
const SHRINKING = 20_000;

const FAMILIES: Readonly<Record<string, () => Promise<{ properties: Property[]; end: () => void | Promise<void> }>>> = {
  a: () => import('./configurations.ts').then(({ properties, end }) => ({ properties: properties(), end })),
  b: () => import('./hostile.ts').then(({ properties, end }) => ({ properties: properties(), end })),
  c: () => import('./files.ts').then(({ properties, end }) => ({ properties: properties(), end })),
  d: () => import('./interleavings.ts').then(({ properties, end }) => ({ properties: properties(), end })),
};

const seed = Number(values.seed);
const end = performance.now() + 1000 * Number(values.seconds);
const family = await FAMILIES[values.family!]();
const wanted = family.properties.filter(({ name }) => isWanted(name) && !values.skip.includes(name));
const status = values.status === undefined ? undefined : openSync(values.status, 'w');

/** A family's letter, a part of a name's path, or all of it. */
function isWanted(name: string): boolean {
  return values.only === '' || `/${name}/`.includes(`/${values.only}/`);
}

/** What is under way, for whoever finds that this process has ended. */
function tell(name: string, round: number, run: number): void {
  if (status !== undefined) writeSync(status, JSON.stringify({ name, seed: round, path: String(run), case: counts.cases }).padEnd(200), 0);
}

const send = (message: object): Promise<void> =>
  new Promise((resolve) => (process.send ? process.send(message, () => resolve()) : resolve()));

/** Rejections that nobody waits for are as wrong as those that somebody does. */
let rejected: unknown;
process.on('unhandledRejection', (reason) => {
  rejected ??= reason ?? new Error('a rejection without a reason');
});

/** Kinds of failures: by what is said, less numbers, and by where. */
const kinds = new Set<string>();

/** Tells of a failure that is the first of its kind, and goes on: where all of them are wanted, none has to be small. */
function note(name: string, seed: number, run: number, error: unknown): Promise<void> {
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error));
  const frame = /dist\/[^):]*:\d+/.exec(stack)?.[0] ?? 'here';
  const kind = `${message.replace(/[-+]?\d[\d.e+-]*|NaN|Infinity/g, '#')} ${frame}`;
  if (kinds.has(kind)) return Promise.resolve();
  kinds.add(kind);
  return send({ failure: { name, seed, path: String(run), message: `${message} (${frame})` } });
}

/** Generators say themselves how often each number comes; fast-check would prefer the ends. */
const whole = (least: number, most: number) => fc.noBias(fc.integer({ min: least, max: most }));

async function check({ name, check, runs = RUNS }: Property, round: number): Promise<boolean> {
  let run = 0;
  let hasFailed = false;
  const property = fc.asyncProperty(fc.gen(), async (draw) => {
    // A failure that is being made smaller stays the one that it was.
    if (!hasFailed) run++;
    counts.cases++;
    tell(name, round, run - 1);
    try {
      await check(new Source((least, most) => draw(whole, least, most)));
      if (rejected !== undefined) throw rejected;
    } catch (error) {
      rejected = undefined;
      if (values.survey) return note(name, round, run - 1, error);
      hasFailed = true;
      throw error;
    }
  });
  const given = values.path === undefined ? { numRuns: runs } : { path: values.path, numRuns: 1, endOnFailure: true };
  const details = await fc.check(property, { seed: round, ...given, interruptAfterTimeLimit: SHRINKING, markInterruptAsFailure: false });
  if (!details.failed) return true;
  const error = details.errorInstance as Error;
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  await send({ failure: { name, seed: round, path: details.counterexamplePath, message } });
  return false;
}

for (let round = seed; wanted.length > 0 && performance.now() < end; round = (round + 1) | 0) {
  // Where time ends before the list does, another seed begins elsewhere.
  const first = round === seed ? Math.abs(seed) % wanted.length : 0;
  const order = [...wanted.slice(first), ...wanted.slice(0, first)];
  for (const property of order) {
    if (performance.now() > end) break;
    if (!(await check(property, round))) wanted.splice(wanted.indexOf(property), 1);
    await send({ counts });
  }
  if (values.path !== undefined) break;
}
await send({ counts, ended: true });
await family.end();
process.disconnect?.();
