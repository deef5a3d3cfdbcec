import { measure } from './measure.mjs';

/** Calls that have nothing to compute: what is left is the way from the caller to the kernel and back. */
const calls = {
  'prepared conv 1×1 on 1 pixel, engine tensors, out': (engine) => {
    const [x, filter, out] = [engine.tensor([1, 1, 1, 1]), engine.tensor([1, 1, 1, 1], [1]), engine.tensor([1, 1, 1, 1])];
    const conv = engine.prepareConv2d(filter);
    return () => conv.run(x, out);
  },
  'conv2d 1×1 on 1 pixel, plain tensors': (engine) => {
    const x = { shape: [1, 1, 1, 1], data: new Float32Array(1) };
    const filter = { shape: [1, 1, 1, 1], data: new Float32Array([1]) };
    return () => engine.conv2d(x, filter);
  },
  'relu on 1 element, engine tensors, out': (engine) => {
    const [x, out] = [engine.tensor([1]), engine.tensor([1])];
    return () => engine.relu(x, { out });
  },
};

/** @returns nanoseconds a call: one row a call, one figure an engine */
export async function measureOverhead(engines, times) {
  const rows = [];
  for (const [name, make] of Object.entries(calls)) {
    const runs = engines.map(make);
    const results = await measure(
      runs.map((run) => ({ run })),
      times,
    );
    rows.push({ name, ns: Object.fromEntries(engines.map(({ variant }, i) => [variant, results[i].ms * 1e6])) });
  }
  return rows;
}
