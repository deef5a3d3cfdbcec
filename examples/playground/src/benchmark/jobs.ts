import type { Engine, Tensor } from 'simdconv';
// The baseline has no entry in the package: it is no part of it.
import * as plain from '../../../../src/plain/index.ts';

/** Something to be run again and again. The result of the last run is in `out`. */
export interface Made {
  run(): void;
  readonly out: { readonly data: Float32Array };
  dispose(): void;
}

export interface Job {
  readonly name: string;
  readonly note: string;
  make(engine: Engine): Made;
  /** In plain JavaScript, on the same numbers. */
  makePlain(): Made;
}

/** Numbers in [−1, 1), the same wherever this runs: mulberry32. */
function random(shape: readonly number[], seed: number): Tensor {
  const length = shape.reduce((product, extent) => product * extent, 1);
  let state = seed;
  const data = Float32Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
  return { shape, data };
}

interface Conv {
  readonly channels: number;
  readonly outChannels: number;
  readonly height: number;
  readonly width: number;
  readonly kernel: number;
  readonly groups?: number;
}

function conv(name: string, note: string, { channels, outChannels, height, width, kernel, groups = 1 }: Conv): Job {
  return {
    name,
    note,
    make(engine) {
      const { shape, data } = random([1, channels, height, width], 1);
      const x = engine.tensor(shape, data);
      const prepared = engine.prepareConv2d(random([outChannels, channels / groups, kernel, kernel], 2), {
        padding: (kernel - 1) / 2,
        groups,
      });
      const out = engine.tensor([1, outChannels, height, width]);
      return {
        run: () => void prepared.run(x, out),
        out,
        dispose() {
          for (const held of [x, prepared, out]) held.dispose();
        },
      };
    },
    makePlain() {
      const shape = { channels, outChannels, height, width, kernel, stride: 1, padding: (kernel - 1) / 2, groups };
      const filter = random([outChannels, channels / groups, kernel, kernel], 2).data;
      return made(plain.conv2d(shape, 'nchw', filter), random([1, channels, height, width], 1).data, outChannels * height * width);
    },
  };
}

function made(run: plain.PlainRun, x: Float32Array, outLength: number): Made {
  const data = new Float32Array(outLength);
  return { run: () => run(x, data), out: { data }, dispose() {} };
}

function elementwise(
  name: string,
  note: string,
  shape: readonly number[],
  outShape: readonly number[],
  run: (engine: Engine, x: Tensor, out: Tensor) => void,
  runPlain: plain.PlainRun,
): Job {
  return {
    name,
    note,
    make(engine) {
      const x = engine.tensor(shape, random(shape, 3).data);
      const out = engine.tensor(outShape);
      return {
        run: () => run(engine, x, out),
        out,
        dispose() {
          x.dispose();
          out.dispose();
        },
      };
    },
    makePlain: () =>
      made(
        runPlain,
        random(shape, 3).data,
        outShape.reduce((product, extent) => product * extent, 1),
      ),
  };
}

export const jobs: readonly Job[] = [
  conv('3×3 convolution', '64 → 64 channels, 56 × 56: ResNet', { channels: 64, outChannels: 64, height: 56, width: 56, kernel: 3 }),
  conv('1×1 convolution', '64 → 256 channels, 56 × 56: ResNet', { channels: 64, outChannels: 256, height: 56, width: 56, kernel: 1 }),
  conv('Depthwise 3×3', '32 channels, 112 × 112: MobileNet', {
    channels: 32,
    outChannels: 32,
    height: 112,
    width: 112,
    kernel: 3,
    groups: 32,
  }),
  conv('3×3 image filter', 'one plane of 1920 × 1080', { channels: 1, outChannels: 1, height: 1080, width: 1920, kernel: 3 }),
  conv('5×5 image filter', 'one plane of 1920 × 1080', { channels: 1, outChannels: 1, height: 1080, width: 1920, kernel: 5 }),
  elementwise(
    'Max pooling 2×2',
    '64 channels, 112 × 112',
    [1, 64, 112, 112],
    [1, 64, 56, 56],
    (engine, x, out) => engine.maxPool2d(x, { windowDimensions: 2, strides: 2, out }),
    plain.maxPool2d({ channels: 64, height: 112, width: 112, kernel: 2, stride: 2, padding: 0 }, 'nchw'),
  ),
  elementwise(
    'ReLU',
    '64 channels, 112 × 112',
    [1, 64, 112, 112],
    [1, 64, 112, 112],
    (engine, x, out) => engine.relu(x, { out }),
    plain.relu,
  ),
];
