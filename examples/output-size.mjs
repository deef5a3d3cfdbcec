/** How large the result of a convolution is: the formula, and what conv2d makes. */
import { load } from 'simdconv';

const engine = await load();
const zeros = (...shape) => ({ shape, data: new Float32Array(shape.reduce((product, extent) => product * extent, 1)) });

/** Rows or columns of the result: O = floor((I + pBegin + pEnd − D(K − 1) − 1) / S) + 1 */
function outputSize({ I, K, S = 1, p = [0, 0], D = 1 }) {
  return Math.floor((I + p[0] + p[1] - D * (K - 1) - 1) / S) + 1;
}

console.log('O = floor((I − K) / S) + 1, and with padding p and dilation D:');
console.log('O = floor((I + pBegin + pEnd − D(K − 1) − 1) / S) + 1\n');
console.log('  I   K   S   p     D     O   conv2d');
for (const size of [
  { I: 9, K: 3 },
  { I: 5, K: 3, S: 2 },
  { I: 7, K: 3, S: 2 },
  { I: 7, K: 3, S: 3 },
  { I: 6, K: 3, S: 2 },
  { I: 32, K: 5 },
  { I: 5, K: 3, p: [1, 1] },
  { I: 5, K: 2, p: [0, 1] },
  { I: 224, K: 7, S: 2, p: [3, 3] },
  { I: 9, K: 3, D: 2 },
  { I: 9, K: 3, D: 2, p: [2, 2] },
]) {
  const { I, K, S = 1, p = [0, 0], D = 1 } = size;
  const options = { strides: S, padding: [...p, ...p], dilations: D };
  const made = engine.conv2d(zeros(1, 1, I, I), zeros(1, 1, K, K), options).shape[2];
  const expected = outputSize(size);
  if (made !== expected) throw new Error(`the formula says ${expected}, conv2d made ${made}`);
  const cells = [I, K, S].map((n) => String(n).padStart(3)).join(' ');
  console.log(`${cells}   ${p}   ${D} ${String(expected).padStart(5)} ${String(made).padStart(8)}`);
}

console.log("\npadding 'same' makes ceil(I / S), whatever the filter:");
for (const [I, K, S] of [
  [7, 3, 1],
  [7, 3, 2],
  [8, 2, 3],
]) {
  const made = engine.conv2d(zeros(1, 1, I, I), zeros(1, 1, K, K), { strides: S, padding: 'same' }).shape[2];
  if (made !== Math.ceil(I / S)) throw new Error(`'same' made ${made} of ${I} with stride ${S}`);
  console.log(`I = ${I}, K = ${K}, S = ${S}: ${made}`);
}
