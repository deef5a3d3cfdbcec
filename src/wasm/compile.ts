import type { Variant } from '../backend.ts';
import { OptionError, UnsupportedError } from '../errors.ts';

export type WasmVariant = Exclude<Variant, 'js'>;
/** Where a caller's own module may come from. A string is an address, or in Node a path. */
export type ModuleSource = WebAssembly.Module | BufferSource | Response | URL | string;

const compiled = new Map<WasmVariant, Promise<WebAssembly.Module>>();

/** The embedded module of a variant, compiled once a process. A failure is not kept: the next call tries again. */
export function compileEmbedded(variant: WasmVariant): Promise<WebAssembly.Module> {
  let module = compiled.get(variant);
  if (module === undefined) {
    module = decode(variant).then((bytes) => WebAssembly.compile(bytes));
    module.catch(() => compiled.delete(variant));
    compiled.set(variant, module);
  }
  return module;
}

async function decode(variant: WasmVariant): Promise<BufferSource> {
  const { default: base64 } = await (variant === 'simd' ? import('./embedded/simd.ts') : import('./embedded/relaxed-simd.ts'));
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
  if (!isFile || typeof process === 'undefined' || !process.versions?.node) return readResponse(await fetch(source));
  const { readFile } = await nodeFiles();
  try {
    return await readFile(source);
  } catch (error) {
    throw new UnsupportedError(`module: ${source} cannot be read (${(error as Error).message})`, { cause: error });
  }
}

/** By a name that bundlers do not follow: a page never gets here. */
function nodeFiles(): Promise<typeof import('node:fs/promises')> {
  const name = 'node:fs/promises';
  return import(/* @vite-ignore */ /* webpackIgnore: true */ name);
}
