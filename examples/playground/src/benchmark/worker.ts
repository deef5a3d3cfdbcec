import { type Engine, type LoadOptions, load } from 'simdconv';
import { type Job, jobs, type Made } from './jobs.ts';
import type { Message, Subject, SubjectInfo } from './protocol.ts';

/** Time for one subject at one job. */
const BUDGET_MS = 400;
/** JavaScript becomes fast only while it runs. */
const WARM_MS = 250;
const WARM_RUNS = 5;
/** Clocks of browsers are coarse: what is shorter than this is run many times between two looks at it. */
const LOOK_MS = 8;

type EngineSubject = Exclude<Subject, 'plain'>;

const tell = (message: Message) => postMessage(message);

const wanted: readonly { readonly id: EngineSubject; readonly options: LoadOptions }[] = [
  { id: 'js', options: { variant: 'js' } },
  { id: 'simd', options: { variant: 'simd' } },
  { id: 'relaxed-simd', options: { variant: 'relaxed-simd' } },
  { id: 'threads', options: { variant: 'simd', threads: 'auto' } },
];
const NAMES: Readonly<Record<Subject, string>> = {
  plain: 'plain JavaScript',
  js: 'bit-exact fallback',
  simd: 'Wasm, simd',
  'relaxed-simd': 'Wasm, relaxed-simd',
  threads: 'Wasm, simd, threads',
};

async function engineOf(id: EngineSubject, options: LoadOptions): Promise<{ engine?: Engine; info: SubjectInfo }> {
  try {
    const engine = await load(options);
    if (id !== 'threads') return { engine, info: { id, name: NAMES[id] } };
    if (engine.threads > 1) return { engine, info: { id, name: `Wasm, simd, ${engine.threads} threads` } };
    engine.dispose();
    const reason = engine.notes.join('; ') || 'this machine runs one thread at once';
    return { info: { id, name: NAMES[id], missing: reason } };
  } catch (error) {
    return { info: { id, name: NAMES[id], missing: (error as Error).message } };
  }
}

/** The shortest of many runs. */
function time(run: () => void): number {
  const begin = performance.now();
  let runs = 0;
  do {
    run();
    runs++;
  } while (runs < WARM_RUNS || performance.now() - begin < WARM_MS);
  const each = Math.max(1, Math.ceil(LOOK_MS / ((performance.now() - begin) / runs)));
  let least = Number.POSITIVE_INFINITY;
  const end = performance.now() + BUDGET_MS;
  do {
    const from = performance.now();
    for (let i = 0; i < each; i++) run();
    least = Math.min(least, (performance.now() - from) / each);
  } while (performance.now() < end);
  return least;
}

const sameBits = (a: Uint32Array, b: Uint32Array) => a.length === b.length && a.every((value, i) => value === b[i]);

async function measure(): Promise<void> {
  const subjects = await Promise.all(wanted.map(({ id, options }) => engineOf(id, options)));
  tell({ kind: 'subjects', subjects: [{ id: 'plain', name: NAMES.plain }, ...subjects.map(({ info }) => info)] });
  const engines = subjects.flatMap(({ engine, info }) => (engine === undefined ? [] : [{ engine, id: info.id }]));
  const there: readonly { readonly id: Subject; readonly make: (job: Job) => Made }[] = [
    { id: 'plain', make: (job) => job.makePlain() },
    ...engines.map(({ engine, id }) => ({ id, make: (job: Job) => job.make(engine) })),
  ];
  const total = jobs.length * there.length;
  let done = 0;
  for (const [index, job] of jobs.entries()) {
    let expected: Uint32Array | undefined;
    for (const { id, make } of there) {
      tell({ kind: 'begin', subject: id, job: index, done: done++, total });
      const made = make(job);
      const milliseconds = time(made.run);
      const bits = new Uint32Array(Float32Array.from(made.out.data).buffer);
      made.dispose();
      // The fallback is the first of the engines.
      if (id !== 'plain') expected ??= bits;
      tell({ kind: 'timing', timing: { subject: id, job: index, milliseconds, same: expected !== undefined && sameBits(bits, expected) } });
    }
  }
  for (const { engine } of engines) engine.dispose();
  tell({ kind: 'end' });
}

measure().catch((error: Error) => tell({ kind: 'error', message: error.message }));
