/**
 * What every host computes: a convolution, pools and ReLU over random, negative zero, denormal, infinite and NaN elements, and filters
 * of an image, large enough for threads to share. The results are told by a fingerprint of their bits.
 *
 * @param filters of `simdconv/image`, which not every host finds in the same way
 */
export async function work(engine, filters) {
  const x = { shape: [2, 8, 65, 67], data: floats(2 * 8 * 65 * 67, 1) };
  const filter = { shape: [24, 8, 3, 3], data: floats(24 * 8 * 9, 2) };
  const options = { padding: 'same', bias: { shape: [24], data: floats(24, 3) }, activation: 'relu6' };
  const special = { shape: [2, 8, 65, 67], data: withSpecials(x.data) };

  const results = [engine.conv2d(x, filter, options), await engine.conv2dAsync(x, filter, { ...options, algorithm: 'gemm' })];
  for (const each of [x, special]) {
    results.push(engine.maxPool2d(each, { windowDimensions: 3, strides: 2 }));
    results.push(await engine.averagePool2dAsync(each, { windowDimensions: 2, padding: 1 }));
    results.push(engine.relu(each));
  }
  const held = engine.tensor(x.shape, x.data);
  results.push(engine.relu(engine.conv2d(held, filter)));
  const image = { data: floats(500 * 400 * 4, 4), width: 500, height: 400, channels: 4 };
  const f = filters(engine);
  results.push(f.gaussianBlur(image, 2), await f.sobelAsync(image), await f.medianAsync(image));
  return {
    variant: engine.variant,
    threads: engine.threads,
    notes: [...engine.notes],
    fingerprint: fingerprint(results.map(({ data }) => data)),
  };
}

/** In [−1, 1): mulberry32. */
function floats(length, seed) {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2147483648 - 1;
  });
}

function withSpecials(data) {
  const specials = [Number.NaN, Infinity, -Infinity, 0, -0, 1e-40, -1e-40, 1.4e-45, 3.4e38, -3.4e38];
  return data.map((value, i) => (i % 5 === 0 ? specials[(i / 5) % specials.length] : value));
}

/** FNV-1a over the words of all results. Which bits a NaN has is nobody's business. */
function fingerprint(results) {
  let hash = 0x811c9dc5;
  for (const data of results) {
    const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
    for (let i = 0; i < data.length; i++) hash = Math.imul(hash ^ (Number.isNaN(data[i]) ? 0x7fc00000 : words[i]), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
