/** A convolution is a dense layer whose matrix is mostly zeros, and whose other weights are the filter's, over and over. */
import { load } from 'simdconv';

const engine = await load();
const x = { shape: [1, 1, 3, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9) };
const w = { shape: [1, 1, 2, 2], data: Float32Array.of(1, -2, 3, 4) };

/** One row for each of the 2×2 windows, one column for each of the 9 pixels: which weight, counted from 1, or 0. */
const matrix = [];
for (let y = 0; y < 2; y++) {
  for (let column = 0; column < 2; column++) {
    const row = new Array(9).fill(0);
    for (let i = 0; i < 2; i++) for (let j = 0; j < 2; j++) row[(y + i) * 3 + column + j] = i * 2 + j + 1;
    matrix.push(row);
  }
}
console.log('A 2×2 filter over a 3×3 input is a 4×9 matrix:\n');
for (const row of matrix) console.log(`  ${row.map((weight) => (weight ? `w${weight}` : '0 ')).join('  ')}`);

const convolved = engine.conv2d(x, w).data;
const dense = matrix.map((row) => row.reduce((sum, weight, pixel) => sum + (weight ? w.data[weight - 1] * x.data[pixel] : 0), 0));
console.log(`\nw = [${w.data.join(', ')}], x = [${x.data.join(', ')}]`);
console.log(`conv2d:     ${convolved.join(' ')}`);
console.log(`matrix · x: ${dense.join(' ')}`);
if (dense.some((sum, i) => sum !== convolved[i])) throw new Error('the dense layer and the convolution differ');

/** Parameters of a layer without bias, both ways. */
function count(name, side, kernel, maps) {
  const out = side - kernel + 1;
  const filters = maps * kernel * kernel;
  const full = side * side * maps * out * out;
  console.log(
    `${name.padEnd(38)}${filters.toLocaleString('en').padStart(6)} weights shared, ${full.toLocaleString('en').padStart(11)} in a dense layer`,
  );
}
console.log();
count('3×3 input, one 2×2 filter', 3, 2, 1);
count('28×28 input, one 5×5 filter', 28, 5, 1);
count('32×32 input, six 5×5 filters (LeNet C1)', 32, 5, 6);
