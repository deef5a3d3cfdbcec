/** The functions that a module exports, in the order in which it does: workers, who have the same modules, know each by its place. */
export function functionsOf(module: WebAssembly.Module): string[] {
  return WebAssembly.Module.exports(module)
    .filter(({ kind }) => kind === 'function')
    .map(({ name }) => name);
}
