import { dimensions } from './shapes.mjs';

/** Seeded floats in [−1, 1): mulberry32. */
export function floats(length, seed) {
  let state = seed >>> 0;
  return Float32Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2147483648 - 1;
  });
}

/** Planes of `length` pixels into pixels of `channels`. */
export function toNhwc(data, channels) {
  const moved = data.slice();
  const length = data.length / channels;
  for (let c = 0; c < channels; c++) for (let p = 0; p < length; p++) moved[p * channels + c] = data[c * length + p];
  return moved;
}

/** What a shape computes on, in one layout; the same numbers in either. The filter is oihw in both. */
export function operands(shape, layout) {
  const { channels, height, width, outChannels, kernel, groups, operator } = shape;
  const planes = floats(channels * height * width, 1);
  const made = {
    // A dense layer's rows have no layout.
    x: {
      shape: operator === 'linear' ? [1, channels] : dimensions(layout, channels, height, width),
      data: layout === 'nchw' ? planes : toNhwc(planes, channels),
    },
  };
  if (operator === 'conv2d') {
    const filterShape = [outChannels, channels / groups, kernel, kernel];
    made.filter = { shape: filterShape, data: floats((outChannels * channels * kernel * kernel) / groups, 2) };
  }
  if (operator === 'prelu') made.slope = floats(channels, 3);
  if (operator === 'linear') {
    made.weight = { shape: [outChannels, channels], data: floats(outChannels * channels, 2) };
    made.bias = { shape: [outChannels], data: floats(outChannels, 3) };
  }
  if (operator === 'batchNorm') {
    for (const [i, name] of ['mean', 'variance', 'scale', 'bias'].entries()) made[name] = floats(channels, 3 + i);
    made.variance = made.variance.map((value) => 1 + value / 2);
  }
  return made;
}
