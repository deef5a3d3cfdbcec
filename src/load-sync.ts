import { Engine } from './engine.ts';
import { loadJs } from './js.ts';
import { type LoadSyncOptions, loadSyncOptions } from './load-options.ts';
import { WasmBackend } from './wasm/backend.ts';
import { ownInstance } from './wasm/instance.ts';

/**
 * An engine at once: the JavaScript twin, or a module that is compiled already. Never a network.
 *
 * @throws OptionError; UnsupportedError for a variant without its module, or a module that is not one of this version's
 */
export function loadSync(options?: LoadSyncOptions): Engine {
  const { variant, module } = loadSyncOptions(options);
  if (module === undefined) return loadJs();
  return new Engine(new WasmBackend(ownInstance(module, variant)), []);
}
