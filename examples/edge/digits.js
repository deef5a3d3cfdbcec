/**
 * Reads digits with LeNet-5 as examples/lenet5 trains it:
 *
 *   node examples/lenet5/train.mjs --variant modern && cp build/lenet5/modern.safetensors examples/edge/digits.safetensors
 *
 *   input   0 5×5, ReLU   2×2    3 5×5, ReLU   2×2    7, ReLU   9, ReLU   11
 *   1@32²   6@28²         6@14²  16@10²        16@5²  120       84        10
 *
 * A dense layer over a whole map is a convolution with a filter as large, and one over units is a 1×1.
 */
export const SIDE = 28;
const FRAME = 2;
/** What black and white are to the network. */
const [BACKGROUND, FOREGROUND] = [-0.1, 1.175];
const POOL = { windowDimensions: 2, strides: 2 };

/** Name of the layer, the shape of its filter, and what follows. */
const LAYERS = [
  ['0', [6, 1, 5, 5], true],
  ['3', [16, 6, 5, 5], true],
  ['7', [120, 16, 5, 5], false],
  ['9', [84, 120, 1, 1], false],
  ['11', [10, 84, 1, 1], false],
];

/** @returns a function from the 28×28 bytes of a light digit on black to { digit, probabilities } */
export function digitReader(engine, file) {
  const weights = readSafetensors(file);
  const tensor = (name, shape) => {
    const data = weights(name);
    if (data?.length !== shape.reduce((a, b) => a * b)) throw new Error(`digits.safetensors: no ${name} of ${shape.join('×')}`);
    return { shape, data };
  };
  const layers = LAYERS.map(([name, shape, pooled], i) => {
    const bias = tensor(`${name}.bias`, [shape[0]]);
    const activation = i < LAYERS.length - 1 ? { activation: 'relu' } : {};
    const conv = engine.prepareConv2d(tensor(`${name}.weight`, shape), { bias, ...activation });
    return (x) => (pooled ? engine.maxPool2d(conv.run(x), POOL) : conv.run(x));
  });

  return (pixels) => {
    const side = SIDE + 2 * FRAME;
    const data = new Float32Array(side * side).fill(BACKGROUND);
    for (let i = 0; i < SIDE * SIDE; i++) {
      const to = (Math.floor(i / SIDE) + FRAME) * side + (i % SIDE) + FRAME;
      data[to] = BACKGROUND + ((FOREGROUND - BACKGROUND) * pixels[i]) / 255;
    }
    const { data: scores } = layers.reduce((x, layer) => layer(x), { shape: [1, 1, side, side], data });
    const greatest = Math.max(...scores);
    const powers = Array.from(scores, (score) => Math.exp(score - greatest));
    const sum = powers.reduce((a, b) => a + b);
    return { digit: scores.indexOf(greatest), probabilities: powers.map((power) => power / sum) };
  };
}

/** https://github.com/huggingface/safetensors: eight bytes of length, that much JSON, then the floats. */
function readSafetensors(file) {
  const bytes = new Uint8Array(file);
  const headerLength = Number(new DataView(bytes.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerLength)));
  return (name) => {
    const { dtype, data_offsets: [begin, end] = [] } = header[name] ?? {};
    // A copy, since floats have to begin on a multiple of four.
    return dtype === 'F32' ? new Float32Array(bytes.slice(8 + headerLength + begin, 8 + headerLength + end).buffer) : undefined;
  };
}
