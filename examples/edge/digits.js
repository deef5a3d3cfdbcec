import { conv2d, flatten, linear, maxPool2d, relu, sequential } from 'simdconv/nn';

/**
 * Reads digits with LeNet-5 as examples/lenet5 trains it:
 *
 *   node examples/lenet5/train.mjs --variant modern && cp build/lenet5/modern.safetensors examples/edge/digits.safetensors
 */
export const SIDE = 28;
const FRAME = 2;
/** What black and white are to the network. */
const [BACKGROUND, FOREGROUND] = [-0.1, 1.175];

/** @returns a function from the 28×28 bytes of a light digit on black to { digit, probabilities } */
export function digitReader(engine, file) {
  const network = sequential(engine, [
    conv2d(1, 6, 5), //   1@32² → 6@28²
    relu(),
    maxPool2d(2), //      6@14²
    conv2d(6, 16, 5), // 16@10²
    relu(),
    maxPool2d(2), //     16@5²
    flatten(),
    linear(400, 120),
    relu(),
    linear(120, 84),
    relu(),
    linear(84, 10),
  ]);
  network.load(new Uint8Array(file));
  const side = SIDE + 2 * FRAME;
  const prepared = network.prepare([1, 1, side, side]);

  return (pixels) => {
    const data = new Float32Array(side * side).fill(BACKGROUND);
    for (let i = 0; i < SIDE * SIDE; i++) {
      const to = (Math.floor(i / SIDE) + FRAME) * side + (i % SIDE) + FRAME;
      data[to] = BACKGROUND + ((FOREGROUND - BACKGROUND) * pixels[i]) / 255;
    }
    const probabilities = Array.from(engine.softmax(prepared.run({ shape: [1, 1, side, side], data })).data);
    return { digit: probabilities.indexOf(Math.max(...probabilities)), probabilities };
  };
}
