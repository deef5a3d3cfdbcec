import type { Variant } from '../backend.ts';
import { OptionError, UnsupportedError } from '../errors.ts';
import type { ModuleSource } from '../wasm/compile.ts';
import { boolean, known, oneOf, show } from './check.ts';

export interface LoadOptions {
  /** `'auto'`: the fastest that this host has and that gives the same bits as the others. */
  readonly variant?: 'auto' | Variant;
  /** Lets `'auto'` choose `'relaxed-simd'`: faster on most processors, no longer the same bits. */
  readonly relaxed?: boolean;
  /** Threads that share the work, the caller's among them. */
  readonly threads?: number | 'auto';
  /** Kernels from elsewhere: `simdconv/wasm/simd.wasm`, fetched, read or compiled by you. It decides the variant. */
  readonly module?: ModuleSource;
}

export interface LoadSyncOptions {
  readonly variant?: 'js' | Variant;
  readonly module?: WebAssembly.Module;
}

export function loadOptions(given: LoadOptions | undefined) {
  const { variant, relaxed, threads, module } = known('options', given, ['variant', 'relaxed', 'threads', 'module']);
  if (threads !== undefined && threads !== 'auto' && !(Number.isInteger(threads) && threads >= 1)) {
    throw new OptionError('options.threads', show(threads), "a whole number of at least 1, or 'auto'");
  }
  return {
    variant: oneOf('options.variant', variant, 'auto', ['auto', 'simd', 'relaxed-simd', 'js']),
    relaxed: boolean('options.relaxed', relaxed, false),
    threads: threads ?? 1,
    module,
  };
}

export function loadSyncOptions(given: LoadSyncOptions | undefined): { module: WebAssembly.Module | undefined } {
  const { variant, module } = known('options', given, ['variant', 'module']);
  const asked = oneOf('options.variant', variant, module === undefined ? 'js' : 'simd', ['simd', 'relaxed-simd', 'js']);
  if (asked === 'js') return { module: undefined };
  if (module === undefined) {
    throw new UnsupportedError(
      `variant '${asked}': compiling takes time, so loadSync needs options.module, a compiled WebAssembly.Module; or use load`,
    );
  }
  if (!(module instanceof WebAssembly.Module)) throw new OptionError('options.module', show(module), 'a compiled WebAssembly.Module');
  return { module };
}
