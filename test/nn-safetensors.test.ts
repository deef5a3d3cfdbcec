import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OptionError } from '../src/index.ts';
import { decodeSafetensors, encodeSafetensors, linear, loadState, SafetensorsError, sequential } from '../src/nn/index.ts';
import { js } from './platforms.ts';
import { specialTensor } from './random.ts';

/** A file from its header as text and its floats. */
function file(header: unknown, floats: readonly number[] = [], headerBytes?: number | bigint): Uint8Array {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  const bytes = new TextEncoder().encode(text);
  const whole = new Uint8Array(8 + bytes.length + 4 * floats.length);
  const view = new DataView(whole.buffer);
  view.setBigUint64(0, BigInt(headerBytes ?? bytes.length), true);
  whole.set(bytes, 8);
  for (const [i, float] of floats.entries()) view.setFloat32(8 + bytes.length + 4 * i, float, true);
  return whole;
}
const f32 = (shape: number[], begin: number, end: number) => ({ dtype: 'F32', shape, data_offsets: [begin, end] });

/** Two tensors and a note, byte for byte as the format's description has it. */
const BY_HAND = Uint8Array.of(
  ...[0x98, 0, 0, 0, 0, 0, 0, 0],
  ...new TextEncoder().encode(
    '{"__metadata__":{"epoch":"3"},"0.bias":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},' +
      '"1.weight":{"dtype":"F32","shape":[1,1],"data_offsets":[8,12]}} ',
  ),
  ...[0x00, 0x00, 0x80, 0x3f], // 1
  ...[0x00, 0x00, 0x20, 0xc0], // −2.5
  ...[0x01, 0x00, 0x00, 0x00], // the least denormal
);

describe('the safetensors format', () => {
  it('is written as a file made by hand, byte for byte, and read from it', () => {
    const tensors = {
      '0.bias': { shape: [2], data: Float32Array.of(1, -2.5) },
      '1.weight': { shape: [1, 1], data: Float32Array.of(1.401298464324817e-45) },
    };
    expect(encodeSafetensors(tensors, { epoch: '3' })).toEqual(BY_HAND);
    const { tensors: read, metadata } = decodeSafetensors(BY_HAND);
    expect(Object.fromEntries(read)).toEqual(tensors);
    expect(metadata).toEqual({ epoch: '3' });
  });

  it('comes back from a file with every bit, at any place in memory', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ minLength: 1 }), fc.tuple(fc.array(fc.nat(4), { maxLength: 9 }), fc.integer()), { maxKeys: 5 }),
        fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
        fc.nat(9),
        (described, metadata, before) => {
          const tensors = Object.fromEntries(Object.entries(described).map(([name, [shape, seed]]) => [name, specialTensor(shape, seed)]));
          const bytes = encodeSafetensors(tensors, metadata);
          expect((bytes.length - Object.values(tensors).reduce((sum, { data }) => sum + 4 * data.length, 0)) % 8).toBe(0);
          const elsewhere = new Uint8Array(bytes.length + before + 3);
          elsewhere.set(bytes, before);
          const read = decodeSafetensors(elsewhere.subarray(before, before + bytes.length));
          expect(read.metadata).toEqual(metadata);
          expect([...read.tensors.keys()]).toEqual(Object.keys(tensors));
          for (const [name, { shape, data }] of read.tensors) {
            expect(shape).toEqual(tensors[name].shape);
            expect(new Uint32Array(data.buffer)).toEqual(new Uint32Array(tensors[name].data.buffer));
          }
        },
      ),
    );
  });

  it('takes tensors in any order of their bytes, and none at all', () => {
    const { tensors } = decodeSafetensors(file({ b: f32([1], 4, 8), a: f32([], 0, 4), e: f32([0, 3], 4, 4) }, [1, 2]));
    expect([...tensors].map(([name, { data }]) => [name, [...data]])).toEqual([
      ['b', [2]],
      ['a', [1]],
      ['e', []],
    ]);
    expect(decodeSafetensors(file({})).tensors.size).toBe(0);
  });

  const one = f32([1], 0, 4);
  it.each<[string, unknown, RegExp]>([
    ['no bytes', [1, 2, 3], /^bytes: expected a Uint8Array/],
    ['an empty file', new Uint8Array(), /^bytes: .* got 0 bytes/],
    ['a header beyond the file', file({ a: one }, [1], 1000), /^header: expected at most \d+, got a length of 1000 bytes/],
    ['a giant header', file({ a: one }, [1], 2n ** 63n), /^header: .* got a length of 9223372036854776000 bytes/],
    ['a header of more than 100 MB', file('{}', [], 100_000_001), /^header: expected at most/],
    ['no JSON', file('{"a":'), /^header: expected JSON/],
    ['no UTF-8', BY_HAND.with(12, 0xff), /^header: expected JSON/],
    ['JSON that is no object', file('[]'), /^header: expected an object/],
    ['null', file('null'), /^header: expected an object, got null/],
    ['a name twice', file(`{"a":${JSON.stringify(one)},"\\u0061":${JSON.stringify(one)}}`, [1]), /^header: .* got the name 'a' twice/],
    ['a key twice', file('{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}', [1]), /'shape' twice/],
    ['notes that are no strings', file({ __metadata__: { epoch: 3 } }), /^header\.__metadata__: expected strings/],
    ['notes that are a list', file({ __metadata__: [] }), /^header\.__metadata__/],
    ['an entry that is none', file({ a: 1 }), /^header\.'a': expected an object/],
    ['another type', file({ a: { ...one, dtype: 'F16', data_offsets: [0, 2] } }, [1]), /^header\.'a'\.dtype: expected 'F32', got 'F16'/],
    ['no type', file({ a: { shape: [1], data_offsets: [0, 4] } }, [1]), /^header\.'a'\.dtype/],
    ['a shape with a hole', file({ a: { ...one, shape: [1.5] } }, [1]), /^header\.'a'\.shape/],
    ['a negative extent', file({ a: { ...one, shape: [-1] } }, [1]), /^header\.'a'\.shape/],
    ['offsets that are none', file({ a: { ...one, data_offsets: [0] } }, [1]), /^header\.'a'\.data_offsets: expected two/],
    ['negative offsets', file({ a: { ...one, data_offsets: [-4, 0] } }, [1]), /^header\.'a'\.data_offsets/],
    ['offsets beyond the file', file({ a: f32([2], 0, 8) }, [1]), /^header\.'a'\.data_offsets: .* within the 4 bytes/],
    ['offsets the wrong way round', file({ a: f32([1], 4, 0) }, [1]), /^header\.'a'\.data_offsets/],
    ['offsets of another length', file({ a: f32([2], 0, 4) }, [1]), /^header\.'a'\.data_offsets: expected the 8 of the shape \[2\]/],
    ['a shape of more than there is', file({ a: f32([2 ** 31, 2 ** 31], 0, 4) }, [1]), /^header\.'a'\.data_offsets/],
    ['tensors that overlap', file({ a: f32([2], 0, 8), b: f32([1], 4, 8) }, [1, 2]), /^header\.'b'\.data_offsets: expected a? ?8/],
    ['a tensor over another', file({ a: one, b: one }, [1]), /^header\.'b'\.data_offsets/],
    ['a gap', file({ a: one, b: f32([1], 8, 12) }, [1, 2, 3]), /^header\.'b'\.data_offsets/],
    ['bytes that nobody speaks of', file({ a: one }, [1, 2]), /^bytes: expected the 4 that it speaks of, got 8/],
  ])('refuses %s', (_, bytes, message) => {
    const decode = () => decodeSafetensors(bytes as Uint8Array);
    expect(decode).toThrow(SafetensorsError);
    expect(decode).toThrow(message);
  });

  it('refuses every file that is cut off, and any single bit that is wrong in a header, or reads it as something', () => {
    for (let length = 0; length < BY_HAND.length; length++) {
      expect(() => decodeSafetensors(BY_HAND.subarray(0, length))).toThrow(SafetensorsError);
    }
    for (let at = 0; at < 8 + BY_HAND[0]; at++)
      for (let bit = 0; bit < 8; bit++) {
        try {
          decodeSafetensors(BY_HAND.with(at, BY_HAND[at] ^ (1 << bit)));
        } catch (error) {
          if (!(error instanceof SafetensorsError)) throw error;
        }
      }
  });

  it('refuses to write what it could not read', () => {
    expect(() => encodeSafetensors({}, { epoch: 3 } as never)).toThrow(/^metadata\.epoch: expected a string, got 3/);
    expect(() => encodeSafetensors({ __metadata__: { shape: [0], data: new Float32Array() } })).toThrow(SafetensorsError);
    expect(() => encodeSafetensors({}, { long: 'x'.repeat(100_000_001) })).toThrow(/^header: expected names, .* got 100000029 bytes/);
    // A string of 2²⁹ − 24 characters is the longest that V8 has.
    const half = '\n'.repeat(2 ** 28);
    expect(() => encodeSafetensors({}, { half })).toThrow(/^header: .* got more than a string can hold/);
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['a number', 5],
    ['a Map, as a file is decoded to', new Map([['a', { shape: [0], data: new Float32Array() }]])],
    ['an array', [{ shape: [0], data: new Float32Array() }]],
  ])('refuses %s as tensors, notes or state', (_, given) => {
    expect(() => encodeSafetensors(given as never)).toThrow(/^tensors: expected tensors by name/);
    expect(() => encodeSafetensors({}, given as never)).toThrow(/^metadata: expected strings by name/);
    expect(() => loadState(given as never, BY_HAND)).toThrow(/^state: expected tensors by name/);
    for (const call of [() => encodeSafetensors(given as never), () => loadState(given as never, BY_HAND)])
      expect(call).toThrow(OptionError);
  });

  it('comes back with notes of any length, whatever they are made of', () => {
    for (const piece of ['x', '"', '\\', '\n', '{":[', 'é', '\ud800']) {
      const metadata = { long: piece.repeat(9_000_000 / piece.length), [piece.repeat(100_000)]: 'name' };
      const { metadata: read } = decodeSafetensors(encodeSafetensors({}, metadata));
      // Without the megabytes of a message.
      expect(Object.entries(read).every(([name, value]) => (metadata as Record<string, string>)[name] === value)).toBe(true);
      expect(Object.keys(read).length).toBe(2);
    }
  });

  it('is refused, not followed, where it nests deep, and read past white space without end', () => {
    const deep = 200_000;
    expect(() => decodeSafetensors(file(`{"a":${'['.repeat(deep)}${']'.repeat(deep)}}`))).toThrow(SafetensorsError);
    expect(() => decodeSafetensors(file(`{"a":${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}}`))).toThrow(SafetensorsError);
    const space = ' \t\r\n'.repeat(500_000);
    const spaced = `${space}{${space}"a"${space}:${JSON.stringify(one)}${space},${space}"a"${space}:${JSON.stringify(one)}}`;
    expect(() => decodeSafetensors(file(spaced, [1]))).toThrow(/got the name 'a' twice/);
  });

  it('is read from shared memory, and not from what only seems to be bytes', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(BY_HAND.length));
    shared.set(BY_HAND);
    expect([...decodeSafetensors(shared).tensors.keys()]).toEqual(['0.bias', '1.weight']);
    for (const bytes of [new Proxy(BY_HAND, {}), Object.create(Uint8Array.prototype), new DataView(BY_HAND.buffer), [...BY_HAND]])
      expect(() => decodeSafetensors(bytes)).toThrow(/^bytes: expected a Uint8Array/);
  });

  it('is written from what was read of each tensor once', () => {
    let reads = 0;
    const tensor = {
      get shape() {
        return reads++ === 0 ? [2] : [1 << 20];
      },
      get data() {
        return reads++ < 2 ? Float32Array.of(1, 2) : new Float32Array(1 << 20);
      },
    };
    expect(encodeSafetensors({ tensor })).toEqual(encodeSafetensors({ tensor: { shape: [2], data: Float32Array.of(1, 2) } }));
    expect(reads).toBe(2);
  });

  it('is read, or refused by name, with any bytes or numbers of it changed', () => {
    const tensors = { w: specialTensor([3, 4], 1), b: specialTensor([4], 2), e: specialTensor([0, 3], 3) };
    const good = encodeSafetensors(tensors, { epoch: '3', 'a"b': '\\"{}[]' });
    const headerBytes = Number(new DataView(good.buffer).getBigUint64(0, true));
    const edit = fc.oneof(
      fc.record({ at: fc.nat(good.length - 1), bit: fc.nat(7) }).map(
        ({ at, bit }) =>
          (bytes: Uint8Array) =>
            bytes.with(at % bytes.length, bytes[at % bytes.length] ^ (1 << bit)),
      ),
      fc.nat(good.length).map((length) => (bytes: Uint8Array) => bytes.slice(0, Math.max(1, length % (bytes.length + 1)))),
      fc.bigInt(0n, 2n ** 64n - 1n).map((length) => (bytes: Uint8Array) => {
        const made = new Uint8Array(Math.max(8, bytes.length));
        made.set(bytes);
        new DataView(made.buffer).setBigUint64(0, length, true);
        return made;
      }),
      fc.tuple(fc.nat(headerBytes), fc.constantFrom(...'{}[]":,\\0-9eE. \n')).map(
        ([at, char]) =>
          (bytes: Uint8Array) =>
            bytes.with((8 + at) % bytes.length, char.charCodeAt(0)),
      ),
    );
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const bytes = edits.reduce((all, change) => change(all), good);
        try {
          const { tensors, metadata } = decodeSafetensors(bytes);
          // What was taken is a file.
          expect(decodeSafetensors(encodeSafetensors(Object.fromEntries(tensors), metadata)).metadata).toEqual(metadata);
        } catch (error) {
          if (!(error instanceof SafetensorsError)) throw error;
        }
      }),
      { numRuns: 3000 },
    );
    expect([...decodeSafetensors(good).tensors.keys()]).toEqual(Object.keys(tensors));
  });
});

describe('weights', () => {
  const make = (seed: number, outs = 3) => sequential(js.engine, [linear(2, 4), linear(4, outs)], { seed });

  it('come back from a file, with their notes', () => {
    const [from, to] = [make(1), make(2)];
    expect(Object.keys(from.state())).toEqual(['0.weight', '0.bias', '1.weight', '1.bias']);
    expect(to.load(from.save({ accuracy: '99 %' }))).toEqual({ accuracy: '99 %' });
    expect(to.save()).toEqual(from.save());
    expect(from.save()).not.toEqual(make(2).save());
  });

  it('of another network are refused whole', () => {
    const network = make(1);
    const before = network.save();
    const { '0.weight': weight, '0.bias': bias, ...rest } = network.state();
    const other = { shape: [4, 2], data: new Float32Array(8).fill(7) };
    for (const [bytes, message] of [
      [make(2, 4).save(), /^'1\.weight'\.shape: expected \[3, 4\], got \[4, 4\]/],
      [encodeSafetensors({ '0.weight': other, ...rest }), /^bytes: expected one of the shape \[4\], got no tensor '0\.bias'/],
      [encodeSafetensors({ '0.weight': other, '0.bias': bias, ...rest, '2.bias': bias }), /^bytes: .* got a tensor '2\.bias'/],
      [encodeSafetensors({ '0.weight': { shape: [8], data: weight.data }, '0.bias': bias, ...rest }), /0\.weight/],
      [before.subarray(0, before.length - 4), /data_offsets/],
    ] as const) {
      expect(() => network.load(bytes)).toThrow(SafetensorsError);
      expect(() => network.load(bytes)).toThrow(message);
      expect(network.save()).toEqual(before);
    }
  });
});
