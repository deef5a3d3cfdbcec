import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * TensorFlow.js with its CPU backend and its gradients. Node's build of tfjs-core has no gradients registered, and the modules that hold them
 * import each other in a way that only bundlers follow: so it is bundled, from the modules that a page would get.
 */
export async function tensorFlow() {
  const outfile = fileURLToPath(new URL('../build/bench/tfjs.cjs', import.meta.url));
  await build({
    stdin: {
      contents: `import '@tensorflow/tfjs-backend-cpu';
        import '@tensorflow/tfjs-core/dist/register_all_gradients';
        export * from '@tensorflow/tfjs-core';`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    outfile,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    mainFields: ['module', 'main'],
    logLevel: 'warning',
  });
  return (await import(outfile)).default;
}
