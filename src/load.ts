import { relaxedSimd, simd } from 'wasm-feature-detect';
import type { Variant } from './backend.ts';
import { Engine } from './engine.ts';
import { UnsupportedError } from './errors.ts';
import { loadJs } from './js.ts';
import { type LoadOptions, type LoadSyncOptions, loadOptions, loadSyncOptions } from './shape/load.ts';
import { WasmBackend } from './wasm/backend.ts';
import { compileEmbedded, compileSource, type WasmVariant } from './wasm/compile.ts';
import { instantiate } from './wasm/instance.ts';

function wasmEngine(module: WebAssembly.Module, notes: readonly string[], asked?: Variant | 'auto'): Engine {
  const instance = instantiate(module);
  if (asked !== undefined && asked !== 'auto' && asked !== instance.variant) {
    throw new UnsupportedError(`variant '${asked}': the module given is '${instance.variant}'`);
  }
  return new Engine(new WasmBackend(instance), notes);
}

/** Can this host run a variant? Says why not. */
async function refusal(variant: WasmVariant): Promise<string | undefined> {
  if (typeof WebAssembly === 'undefined') return 'this host has no WebAssembly';
  if (!(await simd())) return 'this host has no WebAssembly SIMD';
  if (variant === 'relaxed-simd' && !(await relaxedSimd())) return 'this host has no relaxed SIMD';
  return undefined;
}

/**
 * An engine. `'auto'` takes SIMD WebAssembly where the host has it and the JavaScript twin elsewhere, with the same
 * bits; `engine.variant` says which, and `engine.notes` why. A variant that is asked for by name is had or refused.
 */
export async function load(options?: LoadOptions): Promise<Engine> {
  const { variant, relaxed, module } = loadOptions(options);
  if (variant === 'js') return loadJs();
  if (module !== undefined) return wasmEngine(await compileSource(module), [], variant);
  if (variant !== 'auto') {
    const reason = await refusal(variant);
    if (reason !== undefined) throw new UnsupportedError(`variant '${variant}': ${reason}`);
    return wasmEngine(await compileEmbedded(variant), []);
  }
  const notes: string[] = [];
  const wanted: readonly WasmVariant[] = relaxed ? ['relaxed-simd', 'simd'] : ['simd'];
  for (const candidate of wanted) {
    let reason = await refusal(candidate);
    if (reason === undefined) {
      try {
        return wasmEngine(await compileEmbedded(candidate), notes);
      } catch (error) {
        reason = `this host refused to compile (${(error as Error).message})`;
      }
    }
    notes.push(`not '${candidate}': ${reason}`);
  }
  return loadJs(notes);
}

/**
 * An engine at once: the JavaScript twin, or a module that is compiled already. Never a network.
 */
export function loadSync(options?: LoadSyncOptions): Engine {
  const { variant, module } = loadSyncOptions(options);
  return module === undefined ? loadJs() : wasmEngine(module, [], variant);
}
