import type { Variant } from '../backend.ts';
import { OptionError, UnsupportedError } from '../errors.ts';
import { inNode, nodeModule } from './host.ts';

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
  const { default: base64 } = await embedded[target]();
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** A caller's own module, compiled. Bytes that are no module, or only a part of one, are refused with a reason. */
export async function compileSource(source: ModuleSource): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  const bytes = await read(source as BufferSource | Response | URL | string);
  try {
    return await WebAssembly.compile(bytes);
  } catch (error) {
    throw new UnsupportedError(`module: this host cannot compile it (${(error as Error).message})`, { cause: error });
  }
}

async function read(source: BufferSource | Response | URL | string): Promise<BufferSource> {
  if (typeof source === 'string' || source instanceof URL) return readAddress(source);
  if (typeof Response !== 'undefined' && source instanceof Response) return readResponse(source);
  if (ArrayBuffer.isView(source) || source instanceof ArrayBuffer) return source;
  throw new OptionError('options.module', String(source), 'a WebAssembly.Module, bytes, a Response, a URL or a string');
}

async function readResponse(response: Response): Promise<BufferSource> {
  if (!response.ok) throw new UnsupportedError(`module: ${response.url} answered ${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}

async function readAddress(source: string | URL): Promise<BufferSource> {
  const isFile = source instanceof URL ? source.protocol === 'file:' : !/^[a-z][a-z0-9+.-]+:/i.test(source);
  if (!isFile || !inNode) return readResponse(await fetch(source));
  const { readFile } = await nodeModule<typeof import('node:fs/promises')>('node:fs/promises');
  try {
    return await readFile(source);
  } catch (error) {
    throw new UnsupportedError(`module: ${source} cannot be read (${(error as Error).message})`, { cause: error });
  }
}
