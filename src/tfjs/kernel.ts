import { getKernel, type KernelConfig, type NamedAttrMap, registerKernel, type TensorInfo } from '@tensorflow/tfjs-core';
import type { SimdconvBackend } from './backend.ts';

export const BACKEND = 'simdconv';

export interface Call<A = NamedAttrMap> {
  readonly inputs: Readonly<Record<string, TensorInfo>>;
  readonly attrs: A;
  readonly backend: SimdconvBackend;
}

/** What a kernel of the engine computes, or undefined where it has no such case. */
export type Kernel<A> = (call: Call<A>) => TensorInfo | TensorInfo[] | undefined;

/** A kernel, with TensorFlow.js's own for what it has no case for, and for what is empty or no float. */
export function kernel<A>(kernelName: string, ours: Kernel<A>): void {
  const { kernelFunc } = getKernel(kernelName, 'cpu') as KernelConfig;
  registerKernel({
    kernelName,
    backendName: BACKEND,
    kernelFunc: (call) => {
      const inputs = Object.values(call.inputs).filter((input) => input != null) as TensorInfo[];
      const fits = inputs.every(({ dtype, shape }) => dtype === 'float32' && !shape.includes(0));
      return (fits && ours(call as unknown as Call<A>)) || kernelFunc(call);
    },
  });
}
