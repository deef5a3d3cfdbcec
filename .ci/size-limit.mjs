/** As an ES module: that is what knows where it is (`import.meta`), and where its worker is. */
const modifyEsbuildConfig = (config) => ({ ...config, format: 'esm' });
/** What a host that has SIMD never fetches. */
const ignore = ['./js.js', './embedded/relaxed-simd.js', './embedded/simd-threads.js', './embedded/relaxed-simd-threads.js'];
const common = { gzip: true, modifyEsbuildConfig };

export default [
  { name: 'entry, loader and the simd variant, bundled', path: '../dist/index.js', import: '{ load }', ignore, limit: '86 KB', ...common },
  { name: 'simdconv/image alone, bundled', path: '../dist/image/index.js', limit: '26 KB', ...common },
  { name: 'the JavaScript twin alone, bundled', path: '../dist/js.js', limit: '61 KB', ...common },
];
