import type { Engine, Tensor } from 'simdconv';
import { decodeSafetensors } from 'simdconv/nn';
import { SIDE } from './normalise.ts';

export interface LayerResult {
  readonly name: string;
  readonly note: string;
  /** Maps, each of side × side numbers; a layer without maps is shown as one of columns × rows. */
  readonly maps: number;
  readonly width: number;
  readonly data: Float32Array;
}

export interface Answer {
  readonly layers: readonly LayerResult[];
  /** Of the ten digits. */
  readonly probabilities: Float32Array;
}

/** What the page needs of a network that reads digits. */
export interface Network {
  /** @param digit 28×28 numbers between 0 and 1 */
  answer(digit: Float32Array): Answer;
}

/** The paper's input: two pixels more on each side, the background −0.1 and full ink 1.175. */
const INPUT = 32;
const BACKGROUND = -0.1;
const FOREGROUND = 1.175;

function input(digit: Float32Array): Tensor {
  const data = new Float32Array(INPUT * INPUT).fill(BACKGROUND);
  const frame = (INPUT - SIDE) / 2;
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) data[(y + frame) * INPUT + x + frame] = BACKGROUND + digit[y * SIDE + x] * (FOREGROUND - BACKGROUND);
  }
  return { shape: [1, 1, INPUT, INPUT], data };
}

/**
 * LeNet-5 as it would be built today: ReLU, max pooling, and softmax. The weights are named by the places of their layers in a row
 * that counts activations and poolings too.
 */
class LeNet5 implements Network {
  readonly #engine: Engine;
  readonly #weights: Readonly<Record<string, Tensor>>;

  constructor(engine: Engine, weights: Readonly<Record<string, Tensor>>) {
    this.#engine = engine;
    this.#weights = weights;
  }

  #weighted(place: number): { weight: Tensor; bias: Tensor } {
    return { weight: this.#weights[`${place}.weight`], bias: this.#weights[`${place}.bias`] };
  }

  #convolve(x: Tensor, place: number): Tensor {
    const { weight, bias } = this.#weighted(place);
    return this.#engine.conv2d(x, weight, { bias, activation: 'relu' });
  }

  #dense(x: Tensor, place: number): Tensor {
    const { weight, bias } = this.#weighted(place);
    return this.#engine.linear(x, weight, { bias });
  }

  answer(digit: Float32Array): Answer {
    const pool = { windowDimensions: 2, strides: 2 };
    const x = input(digit);
    const c1 = this.#convolve(x, 0);
    const s2 = this.#engine.maxPool2d(c1, pool);
    const c3 = this.#convolve(s2, 3);
    const s4 = this.#engine.maxPool2d(c3, pool);
    // Over 5×5 pixels a filter of 5×5 has one place to stand: C5 is a dense layer.
    const flat = { shape: [1, s4.data.length], data: s4.data };
    const c5 = this.#engine.relu(this.#dense(flat, 7));
    const f6 = this.#engine.relu(this.#dense(c5, 9));
    const output = this.#dense(f6, 11);
    const maps = (name: string, note: string, { shape: [, count, , width], data }: Tensor): LayerResult => ({
      name,
      note,
      maps: count,
      width,
      data,
    });
    const row = (name: string, note: string, { data }: Tensor, width: number): LayerResult => ({ name, note, maps: 1, width, data });
    return {
      layers: [
        maps('Input', '32 × 32', x),
        maps('C1', '6 filters of 5 × 5, ReLU → 28 × 28', c1),
        maps('S2', 'max of 2 × 2 → 14 × 14', s2),
        maps('C3', '16 filters of 5 × 5, ReLU → 10 × 10', c3),
        maps('S4', 'max of 2 × 2 → 5 × 5', s4),
        row('C5', '120 neurons that see all of S4, ReLU', c5, 40),
        row('F6', '84 neurons, ReLU', f6, 42),
        row('Output', '10 neurons, before softmax', output, 10),
      ],
      probabilities: this.#engine.softmax(output).data,
    };
  }
}

/** Where training leaves its weights. */
const files = import.meta.glob<string>('../../../lenet5/modern.safetensors', { query: '?url', import: 'default', eager: true });

/** The trained network; undefined where there are no weights. */
export async function network(engine: Engine): Promise<Network | undefined> {
  const [url] = Object.values(files);
  if (url === undefined) return undefined;
  const { tensors } = decodeSafetensors(new Uint8Array(await (await fetch(url)).arrayBuffer()));
  return new LeNet5(engine, Object.fromEntries(tensors));
}
