import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { digitSamples } from './digit-samples.ts';

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** What makes a page cross-origin isolated, without which browsers share no memory with workers. */
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

/** `simdconv` is found by the package's own exports: there is nothing about it here. */
export default defineConfig({
  root: path('.'),
  base: './',
  plugins: [digitSamples()],
  server: { headers },
  preview: { headers },
  // The benchmark's worker imports parts of the package only where they are wanted, which a classic worker cannot.
  worker: { format: 'es' },
  build: { outDir: path('../../build/playground-site'), emptyOutDir: true, target: 'es2022' },
});
