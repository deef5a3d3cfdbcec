/** The layers of the paper that are no operators of their own, over operators of the engine. */
import { Kept, Parameter } from 'simdconv/nn';

/**
 * A convolution whose filter is made of fewer weights: `places[i]` says which weight its i-th element is, or that it is none (−1).
 *
 * @param {{ filterShape: number[], weightShape: number[], places: Int32Array, convolution?: object, initialize: (weights: Float32Array, random: () => number) => void, name?: string }} made
 * @returns {import('simdconv/nn').LayerMaker}
 */
function tiedConv2d({ filterShape, weightShape, places, convolution = {}, initialize, name = 'weight' }) {
  return ({ engine, random }) => {
    const weight = new Parameter(engine, weightShape);
    const bias = new Parameter(engine, [filterShape[0]]);
    const filter = engine.tensor(filterShape);
    const dFilter = engine.tensor(filterShape);
    const kept = { y: new Kept(), dx: new Kept() };
    let x;
    initialize(weight.value.data, random);

    function expand() {
      const { data } = weight.value;
      const to = filter.data;
      for (let i = 0; i < places.length; i++) to[i] = places[i] < 0 ? 0 : data[places[i]];
      return filter;
    }

    return {
      parameters: { [name]: weight, bias },
      forward(input) {
        const same = x !== undefined && String(x.shape) === String(input.shape);
        x = input;
        return kept.y.from(same, (out) => engine.conv2d(x, expand(), { ...convolution, bias: bias.value, out }));
      },
      backward(dy, wanted) {
        const dx = wanted ? kept.dx.at(engine, x.shape) : undefined;
        bias.accumulate((dBias) => {
          const out = wanted ? { dx, dFilter, dBias } : { dFilter, dBias };
          engine.conv2dBackward(dy, x, filter, { ...convolution, skip: wanted ? [] : ['dx'], out });
        });
        weight.accumulate((dWeight) => {
          const from = dFilter.data;
          const to = dWeight.data.fill(0);
          for (let i = 0; i < places.length; i++) if (places[i] >= 0) to[places[i]] += from[i];
        });
        return dx;
      },
      prepare() {
        const prepared = engine.prepareConv2d(expand(), { ...convolution, bias: bias.value });
        return { place: 'apart', run: (input, out) => prepared.run(input, out), dispose: () => prepared.dispose() };
      },
      dispose() {
        for (const held of [weight, bias, filter, dFilter, kept.y, kept.dx]) held.dispose();
      },
    };
  };
}

/** As the paper begins: uniform, within 2.4 over the number of inputs of a unit. */
export const paperBound = (fanIn) => 2.4 / fanIn;

/**
 * S2 and S4: the sum of each 2×2 window times a coefficient of its map, plus a bias. Both are trained.
 * As a convolution, all four weights of a map's filter are its coefficient.
 */
export function subsample(channels) {
  return tiedConv2d({
    name: 'coefficient',
    filterShape: [channels, 1, 2, 2],
    weightShape: [channels],
    places: Int32Array.from({ length: 4 * channels }, (_, i) => i >> 2),
    convolution: { strides: 2, groups: channels },
    // Twice the mean: what a squashed sum needs to keep its range.
    initialize: (weights) => weights.fill(0.5),
  });
}

/** Table I of the paper: which of S2's six maps each of C3's sixteen sees. */
export const C3_TABLE = [
  [0, 1, 2],
  [1, 2, 3],
  [2, 3, 4],
  [3, 4, 5],
  [0, 4, 5],
  [0, 1, 5],
  [0, 1, 2, 3],
  [1, 2, 3, 4],
  [2, 3, 4, 5],
  [0, 3, 4, 5],
  [0, 1, 4, 5],
  [0, 1, 2, 5],
  [0, 1, 3, 4],
  [1, 2, 4, 5],
  [0, 2, 3, 5],
  [0, 1, 2, 3, 4, 5],
];

/** A convolution in which each result sees the maps of its row of the table, so that maps cannot all learn the same. */
export function partialConv2d(inChannels, table, kernel) {
  const area = kernel * kernel;
  const places = new Int32Array(table.length * inChannels * area).fill(-1);
  const fanIns = [];
  for (const [map, seen] of table.entries()) {
    for (const channel of seen) {
      for (let i = 0; i < area; i++) places[(map * inChannels + channel) * area + i] = fanIns.length * area + i;
      fanIns.push(seen.length * area);
    }
  }
  return tiedConv2d({
    filterShape: [table.length, inChannels, kernel, kernel],
    weightShape: [fanIns.length, kernel, kernel],
    places,
    initialize(weights, random) {
      for (let i = 0; i < weights.length; i++) weights[i] = paperBound(fanIns[Math.floor(i / area)]) * (2 * random() - 1);
    },
  });
}

/** The paper's squashing: A tanh(S x), which is ±1 at ±1, where its curvature is greatest. */
const A = 1.7159;
const S = 2 / 3;

/** @returns {import('simdconv/nn').LayerMaker} */
export function squash() {
  return ({ engine }) => {
    const kept = { y: new Kept(), dx: new Kept() };
    let y;

    function run(x, out) {
      const from = x.data;
      const to = out.data;
      for (let i = 0; i < to.length; i++) to[i] = S * from[i];
      engine.tanh(out, { out });
      const { data } = out;
      for (let i = 0; i < data.length; i++) data[i] *= A;
      return out;
    }

    return {
      parameters: {},
      forward(x) {
        y = run(x, kept.y.at(engine, x.shape));
        return y;
      },
      backward(dy, wanted) {
        if (!wanted) return undefined;
        const dx = kept.dx.at(engine, dy.shape);
        const [from, at, to] = [dy.data, y.data, dx.data];
        for (let i = 0; i < to.length; i++) to[i] = from[i] * (A * S - (S / A) * at[i] * at[i]);
        return dx;
      },
      prepare: () => ({ place: 'over', run: (x, out = engine.tensor(x.shape)) => run(x, out), dispose() {} }),
      dispose() {
        kept.y.dispose();
        kept.dx.dispose();
      },
    };
  };
}

/**
 * The output: for each class the square of the distance between F6 and the class's code, a penalty. Nothing in it is trained.
 *
 * @param {{ shape: number[], data: Float32Array }} codes [classes, features]
 * @returns {import('simdconv/nn').LayerMaker}
 */
export function euclideanRbf({ shape: [classes, features], data: codes }) {
  return ({ engine }) => {
    const kept = { y: new Kept(), dx: new Kept() };
    let x;

    function run(input, out) {
      const from = input.data;
      const to = out.data;
      for (let i = 0; i < to.length; i++) {
        const begin = Math.floor(i / classes) * features;
        const code = (i % classes) * features;
        let sum = 0;
        for (let k = 0; k < features; k++) {
          const off = from[begin + k] - codes[code + k];
          sum += off * off;
        }
        to[i] = sum;
      }
      return out;
    }

    return {
      parameters: {},
      forward(input) {
        x = input;
        return run(x, kept.y.at(engine, [x.shape[0], classes]));
      },
      backward(dy, wanted) {
        if (!wanted) return undefined;
        const dx = kept.dx.at(engine, x.shape);
        const [from, at, to] = [dy.data, x.data, dx.data];
        for (let i = 0; i < to.length; i++) {
          const begin = Math.floor(i / features) * classes;
          let sum = 0;
          for (let c = 0; c < classes; c++) sum += from[begin + c] * (at[i] - codes[c * features + (i % features)]);
          to[i] = 2 * sum;
        }
        return dx;
      },
      prepare: () => ({ place: 'apart', run: (input, out = engine.tensor([input.shape[0], classes])) => run(input, out), dispose() {} }),
      dispose() {
        kept.y.dispose();
        kept.dx.dispose();
      },
    };
  };
}
