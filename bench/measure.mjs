import Benchmark from 'benchmark';

/** How long to look, in seconds: full runs, and quick ones, which see that everything works and tell rough factors. */
export const FULL = { warmUp: 0.25, rounds: 5, round: 0.1, peak: 0.15 };
export const QUICK = { warmUp: 0.06, rounds: 2, round: 0.02, peak: 0.02 };

/** V8 asks for an optimised function after so much work or so many calls of it; slow ones get four times as long, and no more. */
const WARM_CALLS = 20;

/** Until V8 has compiled what is hot with its optimising tier, which it does on other threads, in its own time. */
async function warm({ before, run, deferred }, seconds) {
  await before?.();
  const begin = performance.now();
  for (let calls = 0; ; calls++) {
    const elapsed = (performance.now() - begin) / 1000;
    if (calls >= 2 && elapsed >= (calls < WARM_CALLS ? 4 * seconds : seconds)) return;
    if (deferred) await run();
    else run();
  }
}

/** Seconds a call of several samples, each over enough calls to last 10 ms. */
async function sample({ before, run, deferred }, seconds) {
  await before?.();
  return new Promise((resolve, reject) => {
    new Benchmark({
      fn: deferred ? (cycle) => run().then(() => cycle.resolve(), reject) : run,
      defer: deferred,
      minTime: 0.01,
      minSamples: 2,
      maxTime: seconds,
      onError: ({ target }) => reject(target.error),
      onComplete: ({ currentTarget }) => resolve(currentTarget.stats.sample),
    }).run();
  });
}

const median = (sorted) => (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;

/**
 * Times rivals in turns, so that whatever else the machine does meanwhile falls on all of them. The shortest sample is what
 * the code takes, the median what a machine as busy as this one gave it.
 *
 * @param {readonly { run: () => unknown, deferred?: boolean, before?: () => unknown }[]} rivals `deferred` ones return promises;
 *   `before` is not timed
 * @returns {Promise<{ ms: number, medianMs: number, samples: number }[]>}
 */
export async function measure(rivals, { warmUp, rounds, round }) {
  for (const rival of rivals) await warm(rival, warmUp);
  const samples = rivals.map(() => []);
  for (let i = 0; i < rounds; i++) {
    for (const [index, rival] of rivals.entries()) samples[index].push(...(await sample(rival, round)));
  }
  return samples.map((seconds) => {
    const sorted = seconds.toSorted((a, b) => a - b);
    return { ms: sorted[0] * 1e3, medianMs: median(sorted) * 1e3, samples: sorted.length };
  });
}
