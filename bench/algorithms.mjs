import { OptionError, UnsupportedError } from 'simdconv';
import { measure } from './measure.mjs';
import { subject } from './subject.mjs';
import { outOfBound } from './validate.mjs';

export const algorithmNames = ['direct', 'gemm', 'winograd'];

/** The shape by one algorithm, or undefined where the engine does not have it for this shape. */
function attempt(engine, shape, layout, algorithm) {
  let made;
  try {
    made = subject(engine, shape, layout, { algorithm });
    made.run();
  } catch (error) {
    made?.dispose();
    if (error instanceof UnsupportedError || error instanceof OptionError) return undefined;
    throw error;
  }
  if (made.plan().algorithm === algorithm) return made;
  made.dispose();
  return undefined;
}

/**
 * Every algorithm that the engine has for a shape, each held to its own bound, and what choosing as it does costs against the best of
 * them. One that is out of its bound is timed all the same, and named in `wrong`.
 */
export async function compareAlgorithms(engine, shape, layout, times, reference) {
  const auto = subject(engine, shape, layout);
  auto.run();
  const chosen = auto.plan().algorithm;
  const rivals = algorithmNames
    .map((algorithm) => ({ algorithm, made: attempt(engine, shape, layout, algorithm) }))
    .filter(({ made }) => made);
  const wrong = {};
  for (const { algorithm, made } of rivals) {
    const reason = outOfBound(made.out.data, reference.data, reference.allowed(made.plan()));
    if (reason !== undefined) wrong[algorithm] = reason;
  }
  const measured = await measure([auto, ...rivals.map(({ made }) => made)], times);
  for (const { dispose } of [auto, ...rivals.map(({ made }) => made)]) dispose();
  const ms = Object.fromEntries(rivals.map(({ algorithm }, i) => [algorithm, measured[i + 1].ms]));
  // What was chosen has been timed twice, under its own name and as 'auto': the shorter counts.
  const autoMs = Math.min(measured[0].ms, ms[chosen] ?? Infinity);
  const best = Object.keys(ms).reduce((a, b) => (ms[b] < ms[a] ? b : a), chosen);
  const bestMs = best === chosen ? autoMs : ms[best];
  return { shape: shape.name, layout, variant: engine.variant, ms, autoMs, chosen, best, loss: autoMs / bestMs - 1, wrong };
}
