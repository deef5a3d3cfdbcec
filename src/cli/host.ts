import { arch, availableParallelism, cpus, platform } from 'node:os';
import { bulkMemory, relaxedSimd, simd, threads } from '../wasm/embedded/feature-detect.ts';

export interface Host {
  readonly node: string;
  readonly v8: string;
  readonly platform: string;
  readonly arch: string;
  readonly cpu: string;
  readonly cores: number;
}

export function describeHost(): Host {
  return {
    node: process.versions.node,
    v8: process.versions.v8,
    platform: platform(),
    arch: arch(),
    cpu: cpus()[0]?.model.trim() || 'unknown',
    cores: availableParallelism(),
  };
}

export function hostLine({ node, v8, platform, arch, cpu, cores }: Host): string {
  return `Node ${node} (V8 ${v8}), ${platform} ${arch}, ${cpu}, ${cores} core${cores === 1 ? '' : 's'}`;
}

/** What a host needs for a variant, and what later ones will use. */
export async function detectFeatures() {
  const has = typeof WebAssembly !== 'undefined';
  return {
    webAssembly: has,
    simd: has && (await simd()),
    relaxedSimd: has && (await relaxedSimd()),
    bulkMemory: has && (await bulkMemory()),
    threads: has && (await threads()),
  };
}
