import { measure } from './measure.mjs';
import { floats } from './operands.mjs';

/** Layers whose three gradients are timed beside their forward call by the matrix product, filter packed. */
const LAYERS = [
  { name: '3×3 64→64 @56', batch: 1, channels: 64, outChannels: 64, kernel: 3, stride: 1, size: 56, padding: 1, groups: 1 },
  { name: '3×3 s2 64→128 @56', batch: 1, channels: 64, outChannels: 128, kernel: 3, stride: 2, size: 56, padding: 1, groups: 1 },
  { name: '5×5 6→16 @14, batch 64', batch: 64, channels: 6, outChannels: 16, kernel: 5, stride: 1, size: 14, padding: 0, groups: 1 },
  { name: 'depthwise 3×3 96 @56', batch: 1, channels: 96, outChannels: 96, kernel: 3, stride: 1, size: 56, padding: 1, groups: 96 },
];

/** @returns {Promise<{ name: string, layout: string, forwardMs: number, backwardMs: number, ratio: number }[]>} */
export async function measureGradients(engine, layouts, times, quick = false) {
  const results = [];
  for (const { name, batch, channels, outChannels, kernel, stride, size, padding, groups } of quick ? LAYERS.slice(-1) : LAYERS) {
    for (const layout of layouts) {
      const tensor = (shape, seed) =>
        engine.tensor(
          shape,
          floats(
            shape.reduce((a, b) => a * b),
            seed,
          ),
        );
      const out = Math.floor((size + 2 * padding - kernel) / stride) + 1;
      const shape = (c, extent) => (layout === 'nchw' ? [batch, c, extent, extent] : [batch, extent, extent, c]);
      const x = tensor(shape(channels, size), 1);
      const filter = tensor([outChannels, channels / groups, kernel, kernel], 2);
      const dy = tensor(shape(outChannels, out), 3);
      const y = engine.tensor(dy.shape);
      const gradients = { dx: engine.tensor(x.shape), dFilter: engine.tensor(filter.shape), dBias: engine.tensor([outChannels]) };
      const options = { strides: stride, padding, groups, inputLayout: layout };
      const conv = engine.prepareConv2d(filter, { ...options, algorithm: 'gemm' });
      const [forward, backward] = await measure(
        [{ run: () => conv.run(x, y) }, { run: () => engine.conv2dBackward(dy, x, filter, { ...options, out: gradients }) }],
        times,
      );
      results.push({ name, layout, forwardMs: forward.ms, backwardMs: backward.ms, ratio: backward.ms / forward.ms });
      for (const each of [x, filter, dy, y, conv, ...Object.values(gradients)]) each.dispose();
    }
  }
  return results;
}
