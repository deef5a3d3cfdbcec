import { Engine } from './engine.ts';
import { UnsupportedError } from './errors.ts';
import { type LoadOptions, loadOptions } from './load-options.ts';
import type { Variant } from './runtime/backend.ts';
import { WasmBackend } from './wasm/backend.ts';
import { compileEmbedded, compileSource, type WasmVariant } from './wasm/compile.ts';
import { relaxedSimd, simd, threads as threadsFeature } from './wasm/embedded/feature-detect.ts';
import { hardwareThreads } from './wasm/host.ts';
import { instantiate, ownInstance } from './wasm/instance.ts';
import { MAX_WORKERS } from './wasm/threads/control.ts';
import { Threads } from './wasm/threads/index.ts';

/** More threads than this are to be asked for by number: layers are not large enough to keep them busy. */
const AUTO_THREADS = 8;

/** Can this host run a variant? Says why not. */
async function refusal(variant: WasmVariant): Promise<string | undefined> {
  if (typeof WebAssembly === 'undefined') return 'this host has no WebAssembly';
  if (!(await simd())) return 'this host has no WebAssembly SIMD';
  if (variant === 'relaxed-simd' && !(await relaxedSimd())) return 'this host has no relaxed SIMD';
  return undefined;
}

/** Can this host share memory with workers? Says why not. */
async function threadsRefusal(): Promise<string | undefined> {
  if (typeof SharedArrayBuffer === 'undefined') {
    return 'this host has no SharedArrayBuffer (a page gets it by cross-origin isolation, the headers COOP and COEP)';
  }
  return (await threadsFeature()) ? undefined : 'this host has no WebAssembly threads';
}

/** Threads to share the work, the caller's among them. */
function wantedThreads(threads: number | 'auto', notes: string[]): number {
  const count = threads === 'auto' ? Math.min(AUTO_THREADS, hardwareThreads()) : threads;
  if (count <= 1 + MAX_WORKERS) return count;
  notes.push(`${1 + MAX_WORKERS} threads: there can be no more`);
  return 1 + MAX_WORKERS;
}

/** The engine of a variant, on as many of `threads` as can be had. */
async function embeddedEngine(variant: WasmVariant, threads: number, notes: string[]): Promise<Engine> {
  if (threads > 1) {
    let reason = await threadsRefusal();
    if (reason === undefined) {
      try {
        return await wasmEngine(await compileEmbedded(variant, true), threads, notes);
      } catch (error) {
        reason = (error as Error).message;
      }
    }
    notes.push(`one thread: ${reason}`);
  }
  return wasmEngine(await compileEmbedded(variant), 1, notes);
}

async function wasmEngine(module: WebAssembly.Module, threads: number, notes: string[], instance = instantiate(module)): Promise<Engine> {
  const workers = threads > 1 ? await Threads.start(module, instance.memory, threads - 1, notes) : undefined;
  return new Engine(new WasmBackend(instance, workers), notes);
}

/** The engine of a caller's module, on threads if its memory can be shared. */
async function ownEngine(module: WebAssembly.Module, variant: Variant | 'auto', threads: number, notes: string[]): Promise<Engine> {
  const instance = ownInstance(module, variant);
  const refused = threads > 1 && !instance.memory.shared;
  if (refused) notes.push('one thread: options.module does not import a shared memory, as simd-threads.wasm does');
  return wasmEngine(module, refused ? 1 : threads, notes, instance);
}

/**
 * An engine. `'auto'` takes SIMD WebAssembly where the host has it and the JavaScript twin elsewhere, with the same
 * bits; `engine.variant` says which, and `engine.notes` why. A variant that is asked for by name is had or refused. Threads are
 * had as far as the host allows: `engine.threads` says how many, `engine.notes` why there are fewer.
 *
 * @throws OptionError; UnsupportedError for a variant that this host has not, or a module that is not one of this version's
 */
export async function load(options?: LoadOptions): Promise<Engine> {
  const { variant, relaxed, threads, module } = loadOptions(options);
  const notes: string[] = [];
  const count = wantedThreads(threads, notes);
  if (variant === 'js') return twin(count, notes);
  if (module !== undefined) return ownEngine(await compileSource(module), variant, count, notes);
  if (variant !== 'auto') {
    const reason = await refusal(variant);
    if (reason !== undefined) throw new UnsupportedError(`variant '${variant}': ${reason}`);
    return embeddedEngine(variant, count, notes);
  }
  const wanted: readonly WasmVariant[] = relaxed ? ['relaxed-simd', 'simd'] : ['simd'];
  for (const candidate of wanted) {
    let reason = await refusal(candidate);
    if (reason === undefined) {
      try {
        return await embeddedEngine(candidate, count, notes);
      } catch (error) {
        reason = error instanceof UnsupportedError ? error.message : `this host refused to compile (${(error as Error).message})`;
      }
    }
    notes.push(`not '${candidate}': ${reason}`);
  }
  return twin(count, notes);
}

/** The twin is fetched by those only who need it. */
async function twin(threads: number, notes: string[]): Promise<Engine> {
  if (threads > 1) notes.push('one thread: the JavaScript twin has no more');
  try {
    const { loadJs } = await import('./js.ts');
    return loadJs(notes);
  } catch (error) {
    const reasons = [...notes, `not 'js': ${(error as Error).message}`].join('; ');
    throw new UnsupportedError(`no variant can be had (${reasons}); loadSync and simdconv/js carry the twin with them`, { cause: error });
  }
}
