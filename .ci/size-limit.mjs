/** As an ES module: that is what knows where it is (`import.meta`), and where its worker is. */
const modifyEsbuildConfig = (config) => ({ ...config, format: 'esm' });

export default [
  {
    name: 'entry, loader and the simd variant, bundled',
    path: '../dist/index.js',
    import: '{ load }',
    // What a host that has SIMD never fetches.
    ignore: ['./js.js', './embedded/relaxed-simd.js', './embedded/simd-threads.js', './embedded/relaxed-simd-threads.js'],
    limit: '74 KB',
    gzip: true,
    modifyEsbuildConfig,
  },
  { name: 'the JavaScript twin alone, bundled', path: '../dist/js.js', limit: '48 KB', gzip: true, modifyEsbuildConfig },
];
