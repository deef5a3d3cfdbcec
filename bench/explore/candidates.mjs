import { MADD } from '../compile.mjs';

/**
 * Microkernels of the matrix product, as AssemblyScript. A candidate is a tile of rows × columns (four to a vector) and five
 * choices; its name says where it departs from the plain form:
 *
 *   begin   memory | zero | bias     the sums: from memory, from nothing, from a bias a column
 *   finish  store | bias | clamp     what happens to them before they are stored: nothing, a bias, a bias and an activation
 *   loop    down | up | dowhile | pointer
 *   order   columns | rows | operands  loads of a step: its columns first, its rows first, or columns again for each row
 *   unroll  1 | 2 | 4                steps written out in the loop
 *
 * @typedef {{ rows: number, columns: number, begin: string, finish: string, loop: string, order: string, unroll: number }} Candidate
 */
const PLAIN = { begin: 'memory', finish: 'store', loop: 'down', order: 'columns', unroll: 1 };

const CHOICES = {
  begin: ['memory', 'zero', 'bias'],
  finish: ['store', 'bias', 'clamp'],
  loop: ['down', 'up', 'dowhile', 'pointer'],
  order: ['columns', 'rows', 'operands'],
  unroll: [1, 2, 4],
};

/** Sums of a tile, in vectors: fewer leave the multipliers idle, many more cannot be held. */
const FEWEST = 8;
const MOST = 14;

/** Every tile, in its plain form. */
export function plainTiles() {
  const made = [];
  for (let vectors = 1; vectors <= 6; vectors++) {
    for (let rows = 1; rows <= MOST; rows++) {
      const sums = rows * vectors;
      if (sums >= FEWEST && sums <= MOST) made.push({ rows, columns: 4 * vectors, ...PLAIN });
    }
  }
  return made;
}

/** A tile in its plain form, with each choice made otherwise, one at a time, and with the sums' whole life inside. */
export function variations({ rows, columns }) {
  const tile = { rows, columns, ...PLAIN };
  const single = Object.entries(CHOICES).flatMap(([choice, values]) =>
    values.filter((value) => value !== PLAIN[choice]).map((value) => ({ ...tile, [choice]: value })),
  );
  return [tile, ...single, { ...tile, begin: 'zero', finish: 'clamp' }];
}

export function nameOf(candidate) {
  const { rows, columns } = candidate;
  const departures = Object.keys(PLAIN)
    .filter((choice) => candidate[choice] !== PLAIN[choice])
    .map((choice) => (choice === 'unroll' ? `unroll${candidate.unroll}` : `${choice}_${candidate[choice]}`));
  return [`gemm${rows}x${columns}`, ...departures].join('_');
}

const range = (count) => Array.from({ length: count }, (_, i) => i);

/** One step of the depth. `step` counts those written out before it. */
function multiply({ rows, columns, order }, step) {
  const vectors = range(columns / 4);
  const a = (i) => `v128.load_splat<f32>(a, ${4 * (rows * step + i)})`;
  const b = (j) => `v128.load(b, ${4 * (columns * step + 4 * j)})`;
  const loadA = range(rows).map((i) => `const a${step}_${i} = ${a(i)};`);
  const loadB = vectors.map((j) => `const b${step}_${j} = ${b(j)};`);
  const sum = (i, j) => `c${i}_${j} = madd(a${step}_${i}, ${order === 'operands' ? b(j) : `b${step}_${j}`}, c${i}_${j});`;
  const row = (i) => vectors.map((j) => sum(i, j)).join(' ');
  if (order === 'rows')
    return [
      ...loadA,
      ...vectors.map(
        (j) =>
          `${loadB[j]} ${range(rows)
            .map((i) => sum(i, j))
            .join(' ')}`,
      ),
    ].join('\n');
  return [...(order === 'operands' ? [] : loadB), ...range(rows).map((i) => `${loadA[i]} ${row(i)}`)].join('\n');
}

function loop({ rows, loop, unroll }, body) {
  const steps = unroll === 1 ? 'depth' : `depth / ${unroll}`;
  switch (loop) {
    case 'down':
      return `for (let k = ${steps}; k > 0; k--) {\n${body}\n}`;
    case 'up':
      return `for (let k = 0, end = ${steps}; k < end; k++) {\n${body}\n}`;
    case 'dowhile':
      return `let k = ${steps}; do {\n${body}\n} while (--k);`;
    case 'pointer':
      return `const end = a + (<usize>depth * ${4 * rows}); while (a < end) {\n${body}\n}`;
    default:
      throw new Error(`no loop ${loop}`);
  }
}

const FINISHERS = {
  store: (sum) => sum,
  bias: (sum, j) => `f32x4.add(${sum}, v128.load(bias, ${16 * j}))`,
  clamp: (sum, j) => `f32x4.pmin(f32x4.pmax(${FINISHERS.bias(sum, j)}, f32x4.splat(lower)), f32x4.splat(upper))`,
};

/** The parameters that every candidate has: a panel of either side, where sums come from and go to, and the epilogue's. */
const PARAMETERS =
  'depth: i32, a: usize, b: usize, from: usize, fromBytes: usize, c: usize, cBytes: usize, bias: usize, lower: f32, upper: f32';
const ARGUMENTS = 'depth, a, b, from, fromBytes, c, cBytes, bias, lower, upper';

function kernel(candidate) {
  const { rows, columns, begin, finish, unroll } = candidate;
  const name = nameOf(candidate);
  const vectors = range(columns / 4);
  const first = {
    memory: (i, j) => `${j === 0 && i > 0 ? 'from += fromBytes; ' : ''}let c${i}_${j} = v128.load(from, ${16 * j});`,
    zero: (i, j) => `let c${i}_${j} = f32x4.splat(0);`,
    bias: (i, j) => `let c${i}_${j} = v128.load(bias, ${16 * j});`,
  }[begin];
  const last = (i, j) => `${j === 0 && i > 0 ? 'c += cBytes; ' : ''}v128.store(c, ${FINISHERS[finish](`c${i}_${j}`, j)}, ${16 * j});`;
  const every = (write) =>
    range(rows)
      .map((i) => vectors.map((j) => write(i, j)).join(' '))
      .join('\n');
  const body = `${range(unroll)
    .map((step) => multiply(candidate, step))
    .join('\n')}\na += ${4 * rows * unroll}; b += ${4 * columns * unroll};`;
  // The kernel is called from a loop, as a driver calls it. It is exported, or the optimiser would inline it there.
  return `
export function ${name}(${PARAMETERS}): void {
${every(first)}
${loop(candidate, body)}
${every(last)}
}
export function repeat_${name}(count: i32, ${PARAMETERS}): void {
  for (let n = count; n > 0; n--) ${name}(${ARGUMENTS});
}`;
}

export function sourceOf(candidates) {
  return MADD + candidates.map(kernel).join('\n');
}

/** What a candidate must store, in the arithmetic of the `simd` variant; `a` and `b` packed, `from` and the result rows × columns. */
export function expected({ rows, columns, begin, finish }, { depth, a, b, from, bias, lower, upper }) {
  const { fround } = Math;
  return Float32Array.from({ length: rows * columns }, (_, at) => {
    const row = Math.floor(at / columns);
    const column = at % columns;
    let sum = begin === 'memory' ? from[at] : begin === 'bias' ? bias[column] : 0;
    for (let k = 0; k < depth; k++) sum = fround(fround(a[k * rows + row] * b[k * columns + column]) + sum);
    if (finish !== 'store') sum = fround(sum + bias[column]);
    return finish === 'clamp' ? Math.min(Math.max(sum, lower), upper) : sum;
  });
}
