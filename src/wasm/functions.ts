/** The names of the functions that a module exports, in its order. Both the caller's thread and its workers number kernels by it. */
export function functionsOf(module: WebAssembly.Module): string[] {
  return WebAssembly.Module.exports(module)
    .filter(({ kind }) => kind === 'function')
    .map(({ name }) => name);
}
