const sameBytes = (a: ArrayBufferView, b: ArrayBufferView): boolean =>
  a.byteLength === b.byteLength &&
  Buffer.compare(new Uint8Array(a.buffer, a.byteOffset, a.byteLength), new Uint8Array(b.buffer, b.byteOffset, b.byteLength)) === 0;

type Numbers = Float32Array | Uint8Array | Uint8ClampedArray;

/** Bit for bit, except that any NaN equals any NaN. */
export function expectSameBits(actual: Numbers, expected: Numbers, what: string): void {
  if (sameBytes(actual, expected)) return;
  if (actual.length !== expected.length) throw new Error(`${what}: ${actual.length} elements, expected ${expected.length}`);
  for (let i = 0; i < actual.length; i++) {
    if (!Object.is(actual[i], expected[i])) throw new Error(`${what}: element ${i} is ${actual[i]}, expected ${expected[i]}`);
  }
}

/** Bytes that must stay as they are, but for those from `begin` to `end`. */
export interface Watched {
  readonly what: string;
  readonly bytes: () => Uint8Array;
  readonly begin?: number;
  readonly end?: number;
}

/** Remembers all of them, and gives a function that throws when one has changed. */
export function watch(all: readonly Watched[]): () => void {
  const before = all.map(({ bytes }) => bytes().slice());
  return () => {
    for (const [i, { what, bytes, begin = 0, end = 0 }] of all.entries()) {
      const after = bytes();
      const kept = before[i];
      if (end > begin) kept.set(after.subarray(begin, end), begin);
      if (sameBytes(kept, after)) continue;
      const at = after.findIndex((byte, k) => byte !== kept[k]);
      throw new Error(`${what}: byte ${at} of ${after.length} was overwritten`);
    }
  };
}
