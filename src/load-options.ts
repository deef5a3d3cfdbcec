import { OptionError, UnsupportedError } from './errors.ts';
import type { Variant } from './runtime/backend.ts';
import { boolean, known, oneOf, show } from './spec/check.ts';
import { readFields } from './tensor/read.ts';
import type { ModuleSource } from './wasm/compile.ts';

/** Options of `load`. */
export interface LoadOptions {
  /** `'auto'`: the fastest that this host has and that gives the same bits as the others. */
  readonly variant?: 'auto' | Variant;
  /** Lets `'auto'` choose `'relaxed-simd'`: faster on most processors, no longer the same bits. */
  readonly relaxed?: boolean;
  /** Threads that share the work, the caller's among them; 1 unless given, `'auto'` for as many as the host runs at once, 8 at most. */
  readonly threads?: number | 'auto';
  /** Kernels from elsewhere: `simdconv/wasm/simd.wasm`, fetched, read or compiled by you. It decides the variant. */
  readonly module?: ModuleSource;
}

/** Options of `loadSync`. */
export interface LoadSyncOptions {
  /** `'js'` unless a module is given, which decides. */
  readonly variant?: Variant;
  /** Kernels that are compiled already. */
  readonly module?: WebAssembly.Module;
}

export function loadOptions(given: LoadOptions | undefined) {
  const { variant, relaxed, threads, module } = known('options', readFields(given, 'options') as LoadOptions | undefined, [
    'variant',
    'relaxed',
    'threads',
    'module',
  ]);
  if (threads !== undefined && threads !== 'auto' && !(Number.isInteger(threads) && threads >= 1)) {
    throw new OptionError('options.threads', show(threads), "a whole number of at least 1, or 'auto'");
  }
  const asked = oneOf('options.variant', variant, 'auto', ['auto', 'simd', 'relaxed-simd', 'js']);
  refuseModuleOfJs(asked, module);
  return {
    variant: asked,
    relaxed: boolean('options.relaxed', relaxed, false),
    threads: threads ?? 1,
    module,
  };
}

function refuseModuleOfJs(variant: string | undefined, module: unknown): void {
  if (variant === 'js' && module !== undefined) throw new OptionError('options.module', show(module), "no module with the variant 'js'");
}

/** `variant` is undefined where the module decides. */
export function loadSyncOptions(given: LoadSyncOptions | undefined): {
  variant: Variant | undefined;
  module: WebAssembly.Module | undefined;
} {
  const { variant, module } = known('options', readFields(given, 'options') as LoadSyncOptions | undefined, ['variant', 'module']);
  const asked = variant === undefined ? undefined : oneOf('options.variant', variant, 'js', ['simd', 'relaxed-simd', 'js']);
  refuseModuleOfJs(asked, module);
  if (module === undefined) {
    if (asked === undefined || asked === 'js') return { variant: 'js', module };
    throw new UnsupportedError(
      `variant '${asked}': compiling takes time, so loadSync needs options.module, a compiled WebAssembly.Module; or use load`,
    );
  }
  if (typeof WebAssembly === 'undefined') throw new UnsupportedError('module: this host has no WebAssembly');
  if (!(module instanceof WebAssembly.Module)) throw new OptionError('options.module', show(module), 'a compiled WebAssembly.Module');
  return { variant: asked, module };
}
