import { OptionError, UnsupportedError } from '../errors.ts';
import type { Variant } from '../runtime/backend.ts';
import { show } from '../spec/check.ts';
import { node } from './host.ts';

export type WasmVariant = Exclude<Variant, 'js'>;
/** Where a caller's own module may come from. A string is an address, or in Node a path. */
export type ModuleSource = WebAssembly.Module | BufferSource | Response | URL | string;

const embedded = {
  simd: () => import('./embedded/simd.ts'),
  'relaxed-simd': () => import('./embedded/relaxed-simd.ts'),
  'simd-threads': () => import('./embedded/simd-threads.ts'),
  'relaxed-simd-threads': () => import('./embedded/relaxed-simd-threads.ts'),
};

type Target = keyof typeof embedded;

const compiled = new Map<Target, Promise<WebAssembly.Module>>();

/** The embedded module of a variant, compiled once a process. A failure is not kept: the next call tries again. */
export function compileEmbedded(variant: WasmVariant, threads = false): Promise<WebAssembly.Module> {
  const target: Target = threads ? `${variant}-threads` : variant;
  let module = compiled.get(target);
  if (module === undefined) {
    module = decode(target).then((bytes) => WebAssembly.compile(bytes));
    module.catch(() => compiled.delete(target));
    compiled.set(target, module);
  }
  return module;
}

async function decode(target: Target): Promise<BufferSource> {
  let base64: string;
  try {
    ({ default: base64 } = await embedded[target]());
  } catch (error) {
    // A service worker imports nothing at run time. If it is not bundled, the same module lies beside as a file.
    if ('ServiceWorkerGlobalScope' in globalThis) return readAddress(import.meta.resolve(`./${target}.wasm`));
    throw new UnsupportedError(`the module '${target}' cannot be fetched (${(error as Error).message})`, { cause: error });
  }
  const deflated = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  // A host of Node's kind may lack the web's streams, and has its own way.
  if (typeof DecompressionStream === 'undefined' && node) {
    return node.getBuiltinModule('node:zlib').inflateRawSync(deflated);
  }
  return new Response(new Blob([deflated]).stream().pipeThrough(new DecompressionStream('deflate-raw'))).arrayBuffer();
}

/** A caller's own module, compiled. Bytes that are no module, or only a part of one, are refused with a reason. */
export async function compileSource(source: ModuleSource): Promise<WebAssembly.Module> {
  if (typeof WebAssembly === 'undefined') throw new UnsupportedError('module: this host has no WebAssembly');
  if (source instanceof WebAssembly.Module) return source;
  const bytes = await readSource(source as BufferSource | Response | URL | string);
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw new UnsupportedError(`module: this host cannot compile it (${(error as Error).message})`, { cause: error });
  }
}

async function readSource(source: BufferSource | Response | URL | string): Promise<BufferSource> {
  try {
    return await read(source);
  } catch (error) {
    if (error instanceof UnsupportedError || error instanceof OptionError) throw error;
    throw new UnsupportedError(`module: it cannot be read (${(error as Error).message})`, { cause: error });
  }
}

async function read(source: BufferSource | Response | URL | string): Promise<BufferSource> {
  if (typeof source === 'string' || source instanceof URL) return readAddress(source);
  if (typeof Response !== 'undefined' && source instanceof Response) return readResponse(source);
  if (source instanceof ArrayBuffer) return source;
  // A copy: V8 takes neither a DataView nor shared memory.
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice();
  throw new OptionError('options.module', show(source), 'a WebAssembly.Module, bytes, a Response, a URL or a string');
}

async function readResponse(response: Response): Promise<BufferSource> {
  if (!response.ok) throw new UnsupportedError(`module: ${response.url} answered ${response.status} ${response.statusText}`);
  try {
    return await response.arrayBuffer();
  } catch (error) {
    throw new UnsupportedError(`module: the answer of ${response.url} cannot be read (${(error as Error).message})`, { cause: error });
  }
}

async function readAddress(source: string | URL): Promise<BufferSource> {
  // One letter before a colon is a drive.
  const address = typeof source === 'string' && /^[a-z][a-z0-9+.-]+:/i.test(source) && URL.canParse(source) ? new URL(source) : source;
  const isFile = typeof address === 'string' || address.protocol === 'file:';
  try {
    if (!isFile || !node) return await readResponse(await fetch(address));
    return await node.getBuiltinModule('node:fs/promises').readFile(address);
  } catch (error) {
    if (error instanceof UnsupportedError) throw error;
    throw new UnsupportedError(`module: ${source} cannot be read (${(error as Error).message})`, { cause: error });
  }
}
