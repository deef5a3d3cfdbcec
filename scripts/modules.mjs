/** Modules that are made from other modules. */
import binaryen from 'binaryen';

/** A module with these of its functions exported, and without what they do not use. */
export function withExports(bytes, names) {
  const module = binaryen.readBinary(bytes);
  module.setFeatures(binaryen.Features.All);
  const kept = new Set(names);
  const exported = Array.from({ length: module.getNumExports() }, (_, i) => binaryen.getExportInfo(module.getExportByIndex(i)));
  for (const { kind, name } of exported) if (kind === binaryen.ExternalFunction && !kept.has(name)) module.removeExport(name);
  module.runPasses(['remove-unused-module-elements']);
  const made = module.emitBinary();
  module.dispose();
  return made;
}

/** The import of a memory of no pages at least: not shared, and shared with up to 65536. */
const OWN = [...Buffer.from('\x03env\x06memory'), 0x02, 0x00, 0x00];
const SHARED = [...Buffer.from('\x03env\x06memory'), 0x02, 0x03, 0x00, 0x80, 0x80, 0x04];

/** The module with a shared memory that belongs to one without. They differ in nothing but the import. */
export function sharedForm(bytes) {
  const at = Buffer.from(bytes).indexOf(Buffer.from(OWN));
  // Before it: the section's number, its length in bytes, and the number of imports.
  const [section, length, count] = bytes.subarray(at - 3, at);
  if (at < 0 || section !== 2 || length !== 1 + OWN.length || count !== 1) throw new Error('a module of another form');
  return Uint8Array.from([...bytes.subarray(0, at - 2), 1 + SHARED.length, 1, ...SHARED, ...bytes.subarray(at + OWN.length)]);
}

/** Splits two modules into their common beginning, what each has between, and their common end. */
export function differing(own, shared) {
  let begin = 0;
  while (own[begin] === shared[begin]) begin++;
  let end = 0;
  while (own.at(-1 - end) === shared.at(-1 - end)) end++;
  return {
    head: own.subarray(0, begin),
    own: own.subarray(begin, own.length - end),
    shared: shared.subarray(begin, shared.length - end),
    tail: own.subarray(own.length - end),
  };
}
