/** WebAssembly modules made byte by byte: for what no build of ours makes. */
export interface Exported {
  readonly name: string;
  readonly kind: 'function' | 'global';
  /** Of a global. */
  readonly value?: number;
}

/** A module of one empty function and constant globals under the names given; it may ask for one function. */
export function moduleBytes(exports: readonly Exported[], imported?: readonly [module: string, name: string]): Uint8Array<ArrayBuffer> {
  const text = (value: string) => vector([...new TextEncoder().encode(value)].map((byte) => [byte]));
  const globals = exports.filter(({ kind }) => kind === 'global');
  const ownFunction = imported ? 1 : 0;
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector([[0x60, 0, 0]])),
    ...(imported ? section(2, vector([[...text(imported[0]), ...text(imported[1]), 0x00, 0]])) : []),
    ...section(3, vector([[0]])),
    ...section(6, vector(globals.map(({ value = 0 }) => [0x7f, 0, 0x41, ...signed(value), 0x0b]))),
    ...section(
      7,
      vector(
        exports.map((entry) => [
          ...text(entry.name),
          ...(entry.kind === 'function' ? [0x00, ownFunction] : [0x03, ...unsigned(globals.indexOf(entry))]),
        ]),
      ),
    ),
    ...section(10, vector([[2, 0, 0x0b]])),
  ]);
}

const section = (id: number, content: number[]) => [id, ...unsigned(content.length), ...content];
const vector = (items: readonly number[][]) => [...unsigned(items.length), ...items.flat()];

/** LEB128: seven bits a byte, the lowest first. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  return value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)];
}
