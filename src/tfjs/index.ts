/**
 * A TensorFlow.js backend: `import 'simdconv/tfjs'; await tf.setBackend('simdconv')`. TensorFlow.js's CPU backend does everything
 * that the engine has no kernel for.
 */
import '@tensorflow/tfjs-backend-cpu';
import { getKernel, getKernelsForBackend, registerBackend, registerKernel } from '@tensorflow/tfjs-core';
import { load } from '../load.ts';
import type { LoadOptions } from '../load-options.ts';
import { registerActivation } from './activation.ts';
import { registerArithmetic } from './arithmetic.ts';
import { SimdconvBackend } from './backend.ts';
import { registerConv } from './conv.ts';
import { registerConv3d, registerConvBackward } from './conv-backward.ts';
import { BACKEND } from './kernel.ts';
import { registerMatMul } from './matmul.ts';
import { registerNorm } from './norm.ts';
import { registerPool } from './pool.ts';
import { registerReduce } from './reduce.ts';

let options: LoadOptions = {};

/** How the engine is loaded. To be called before `setBackend`. */
export function setLoadOptions(given: LoadOptions): void {
  options = given;
}

registerConv();
registerConvBackward();
registerConv3d();
registerMatMul();
registerPool();
registerActivation();
registerNorm();
registerReduce();
registerArithmetic();
for (const config of getKernelsForBackend('cpu')) {
  if (getKernel(config.kernelName, BACKEND) === undefined) registerKernel({ ...config, backendName: BACKEND });
}
registerBackend(BACKEND, async () => new SimdconvBackend(await load(options)), 3);
