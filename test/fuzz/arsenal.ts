/** What a caller may give by mistake, or on purpose. */
import type { Tensor } from '../../src/index.ts';
import type { Platform } from './engines.ts';
import { isPicture, isTensor, type Operand, type Picture } from './generators/values.ts';
import type { Source } from './source.ts';

/**
 * What a call has to come to: the result that the honest argument gives; that, or a refusal, where an argument changes while it is
 * read; a refusal; or either, as long as every engine agrees.
 */
export type Verdict = 'right' | 'right or refused' | 'refused' | 'any';

export interface Strike {
  readonly value: unknown;
  readonly verdict: Verdict;
  readonly what: string;
}

/** What a caller's own getter throws: it may come through. */
export class CallersOwn extends Error {}

/** No sizes of gigabytes: they would be had, and take their time. */
const NUMBERS = [
  0,
  1,
  2,
  3,
  5,
  17,
  -1,
  -0,
  0.5,
  1e-30,
  Number.NaN,
  Infinity,
  -Infinity,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e30,
  -(2 ** 31),
  2 ** 32 + 1,
];
const WORDS = [
  '',
  'same',
  'valid',
  'relu',
  'nchw',
  'nhwc',
  '1',
  'constructor',
  '__proto__',
  'toString',
  'length',
  'shape',
  'none',
  'x'.repeat(200),
];
const LENGTHS = [2 ** 32, 2 ** 32 - 1, 3e8, 2 ** 53, -1, 1.5, Number.NaN, Infinity, '3', 1n, null];

const OBJECTS: readonly (() => unknown)[] = [
  () => ({}),
  () => [],
  () => [[]],
  () => new Array(3),
  () => Object.assign(new Array(4), { 2: 1 }),
  () => Object.create(null),
  () => new Date(Number.NaN),
  () => /x/,
  () => new Map([[1, 2]]),
  () => new Set([1]),
  () => new WeakMap(),
  () => Promise.resolve(1),
  () => new Number(3),
  () => new String('same'),
  () => new Float64Array([1, 2]),
  () => new BigInt64Array(2),
  () => new Uint8Array(4),
  () => new Float32Array(0),
  () => new ArrayBuffer(8),
  () => new SharedArrayBuffer(8),
  () => new DataView(new ArrayBuffer(8)),
  () => Symbol('junk'),
  () => Symbol.iterator,
  () => 1n,
  () => 2n ** 64n,
  () => () => 1,
  () => async () => 1,
  () => class {},
  () => new Proxy({}, {}),
  () => new Proxy([], {}),
  () => ({ valueOf: () => 3, toString: () => '3' }),
  () => ({ [Symbol.toPrimitive]: () => 3 }),
  // biome-ignore lint/suspicious/noThenProperty: a thenable is what a caller may give
  () => ({ then: (resolve: (value: unknown) => void) => resolve(1) }),
  () => Object.freeze({ shape: [1], data: [1] }),
  () => ({ shape: [2], data: new Float32Array(2) }),
  () => ({ constructor: null }),
  () => ({ constructor: { name: Symbol('junk') } }),
  () => JSON.parse('{"__proto__": {"strides": 2}}'),
];

export function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** A proxy each of whose traps throws. */
function throwing(target: object): unknown {
  const refuse = () => {
    throw new CallersOwn('a trap that throws');
  };
  return new Proxy(target, { get: refuse, has: refuse, ownKeys: refuse, getOwnPropertyDescriptor: refuse, getPrototypeOf: refuse });
}

/** The properties of an object as getters: `read` says what each of them gives, and how often it has been asked. */
function accessors<T extends object>(target: T, read: (name: string, times: number) => unknown): T {
  const made = {};
  for (const name of Object.keys(target)) {
    let times = 0;
    Object.defineProperty(made, name, { enumerable: true, get: () => read(name, times++) });
  }
  return made as T;
}

function detached(data: Picture['data']): Picture['data'] {
  const copy = data.slice();
  structuredClone(copy.buffer, { transfer: [copy.buffer] });
  return copy;
}

/** The same elements in memory of another kind. */
function inBuffer(data: Picture['data'], buffer: ArrayBufferLike, length?: number): Picture['data'] {
  const Kind = data.constructor as new (buffer: ArrayBufferLike, at: number, length?: number) => Picture['data'];
  const view = new Kind(buffer, 0, length);
  view.set(data);
  return view;
}

type ResizableOptions = { maxByteLength: number };
const Resizable = ArrayBuffer as unknown as new (bytes: number, options: ResizableOptions) => ArrayBuffer & { resize(bytes: number): void };

export class Arsenal {
  /** What has to be done last, before the call. */
  readonly before: (() => void)[] = [];
  readonly #source: Source;
  readonly #platform: Platform;
  readonly #other: Platform;
  readonly #held: { dispose(): void }[] = [];

  constructor(source: Source, platform: Platform, other: Platform) {
    this.#source = source;
    this.#platform = platform;
    this.#other = other;
  }

  dispose(): void {
    for (const each of this.#held) each.dispose();
  }

  /** Anything at all. */
  junk(depth = 2): unknown {
    const source = this.#source;
    switch (source.int(0, depth > 0 ? 8 : 3)) {
      case 0:
        return source.pick(...NUMBERS);
      case 1:
        return source.pick(null, undefined, true, false);
      case 2:
        return source.pick(...WORDS);
      case 3:
      case 4:
        return source.pick(...OBJECTS)();
      case 5:
        return Array.from({ length: source.int(0, 4) }, () => this.junk(depth - 1));
      case 6:
        return { length: source.pick(...LENGTHS) };
      case 7:
        return { shape: this.junk(depth - 1), data: this.junk(depth - 1) };
      default:
        return source.oneIn(2) ? revoked(source.oneIn(2) ? {} : []) : throwing(source.oneIn(2) ? {} : []);
    }
  }

  /** Another value in the place of `honest`. */
  strike(honest: unknown): Strike {
    const source = this.#source;
    if (!source.oneIn(5)) {
      if (isTensor(honest) || isPicture(honest)) return this.operand(honest);
      if (Array.isArray(honest)) return this.#array(honest);
      if (typeof honest === 'object' && honest !== null && Object.getPrototypeOf(honest) === Object.prototype) return this.#object(honest);
    }
    return { value: source.oneIn(20) ? Promise.resolve(honest) : this.junk(), verdict: 'any', what: 'junk' };
  }

  #array(honest: readonly unknown[]): Strike {
    const source = this.#source;
    const copy = [...honest];
    switch (source.int(0, 7)) {
      case 0:
        copy[source.int(0, Math.max(0, honest.length - 1))] = this.junk(0);
        return { value: copy, verdict: 'any', what: 'an element that is junk' };
      case 1:
        return { value: [...copy, this.junk(0)], verdict: 'any', what: 'an element too many' };
      case 2:
        return { value: copy.slice(1), verdict: 'any', what: 'an element too few' };
      case 3:
        if (copy.length > 0) delete copy[source.int(0, copy.length - 1)];
        return { value: copy, verdict: 'any', what: 'a hole' };
      case 4: {
        let reads = 0;
        const get = (target: unknown[], name: string | symbol, self: unknown) => {
          if (name === 'length') return reads++ === 0 ? target.length : target.length + 3;
          return Reflect.get(target, name, self);
        };
        return { value: new Proxy(copy, { get }), verdict: 'any', what: 'an array whose length changes' };
      }
      case 5: {
        const asked = new Set<string | symbol>();
        const get = (target: unknown[], name: string | symbol, self: unknown) => {
          const value = Reflect.get(target, name, self);
          if (typeof name !== 'string' || !/^\d+$/.test(name)) return value;
          if (!asked.has(name)) {
            asked.add(name);
            return value;
          }
          return typeof value === 'number' ? value + 7 : value;
        };
        return { value: new Proxy(copy, { get }), verdict: 'right or refused', what: 'an array whose elements change' };
      }
      case 6:
        return { value: source.oneIn(2) ? revoked(copy) : throwing(copy), verdict: 'any', what: 'an array that is a broken proxy' };
      default:
        return { value: { length: source.pick(...LENGTHS), 0: copy[0] }, verdict: 'any', what: 'an array-like' };
    }
  }

  #object(honest: object): Strike {
    const source = this.#source;
    switch (source.int(0, 6)) {
      case 0:
        return { value: Object.assign(Object.create(null), honest), verdict: 'right', what: 'an object without a prototype' };
      case 1:
        return { value: new Proxy(honest, {}), verdict: 'right', what: 'a proxy' };
      case 2:
        return { value: accessors(honest, (name) => honest[name as never]), verdict: 'right', what: 'an object of getters' };
      case 3: {
        const later = this.junk();
        const value = accessors(honest, (name, times) => (times === 0 ? honest[name as never] : later));
        return { value, verdict: 'right or refused', what: 'getters that change their answer' };
      }
      case 4:
        return {
          value: accessors(honest, (name) => this.#reenter(honest[name as never])),
          verdict: 'right or refused',
          what: 'getters that call the engine',
        };
      case 5:
        return { value: revoked(honest), verdict: 'refused', what: 'a revoked proxy' };
      default:
        return { value: throwing(honest), verdict: 'any', what: 'a proxy that throws' };
    }
  }

  /** What a getter does besides its answer: it calls the engine. */
  #reenter<T>(answer: T): T {
    const { methods, engine } = this.#platform;
    const x = { shape: [5], data: Float32Array.of(-1, 2, -3, 4, -5) };
    const y = methods.relu(x) as Tensor;
    if (y.data[1] !== 2 || y.data[2] !== 0) throw new Error('a call from a getter gives other bits');
    engine.tensor([1000]).dispose();
    return answer;
  }

  /** A tensor or an image with something about it. */
  operand(honest: Operand): Strike {
    const source = this.#source;
    // Not a view, which is empty once memory has grown.
    const data = honest.data.slice();
    const own = isTensor(honest)
      ? { shape: honest.shape, data }
      : { data, width: honest.width, height: honest.height, channels: honest.channels };
    const withData = (data: unknown) => ({ ...own, data });
    switch (source.int(0, 24)) {
      case 0:
        return { value: accessors(own, (name) => own[name as never]), verdict: 'right', what: 'a tensor of getters' };
      case 1: {
        const later = source.oneIn(2)
          ? new (data.constructor as typeof Float32Array)(data.length + 64)
          : data.subarray(0, Math.floor(data.length / 2));
        const value = accessors(own, (name, times) => (name === 'data' && times > 0 ? later : own[name as never]));
        return { value, verdict: 'right or refused', what: 'a data getter that changes its answer' };
      }
      case 2: {
        const later = isTensor(honest) ? honest.shape.map((extent) => extent + 1) : undefined;
        const change = (name: string, times: number) => {
          const answer = own[name as never] as unknown;
          if (times === 0 || name === 'data') return answer;
          return typeof answer === 'number' ? answer + 16 : later;
        };
        return { value: accessors(own, change), verdict: 'right or refused', what: 'a shape getter that changes its answer' };
      }
      case 3: {
        const later = this.junk(1);
        const value = accessors(own, (name, times) => (times > 0 ? later : own[name as never]));
        return { value, verdict: 'right or refused', what: 'getters that give junk later' };
      }
      case 4:
        return {
          value: accessors(own, (name) => this.#reenter(own[name as never])),
          verdict: 'right or refused',
          what: 'getters that call the engine',
        };
      case 5: {
        const at = source.int(0, 3);
        let reads = 0;
        const fail = (name: string) => {
          if (reads++ === at) throw new CallersOwn('a getter that throws');
          return own[name as never];
        };
        return { value: accessors(own, fail), verdict: 'any', what: 'a getter that throws' };
      }
      case 6:
        return { value: new Proxy(own, {}), verdict: 'right', what: 'a proxy of a tensor' };
      case 7:
        return { value: revoked(own), verdict: 'refused', what: 'a revoked tensor' };
      case 8:
        return { value: Object.assign(Object.create(null), own), verdict: 'right', what: 'a tensor without a prototype' };
      case 9:
        return { value: withData(detached(data)), verdict: data.length > 0 ? 'refused' : 'any', what: 'detached data' };
      case 10:
        return { value: withData(inBuffer(data, new SharedArrayBuffer(data.byteLength))), verdict: 'right', what: 'data in shared memory' };
      case 11: {
        const buffer = new Resizable(data.byteLength, { maxByteLength: 2 * data.byteLength + 64 });
        const tracking = source.oneIn(2);
        const view = inBuffer(data, buffer, tracking ? undefined : data.length);
        if (source.oneIn(2)) return { value: withData(view), verdict: 'right', what: 'data in a resizable buffer' };
        this.before.push(() => buffer.resize(Math.floor(data.byteLength / 8) * 4));
        return { value: withData(view), verdict: data.length > 1 ? 'refused' : 'any', what: 'data in a buffer that has shrunk' };
      }
      case 12:
        return {
          value: withData(source.pick(Array.from(data), new Float64Array(data.length), data.buffer, this.junk())),
          verdict: 'any',
          what: 'data of another type',
        };
      case 13:
        return { value: withData(data.subarray(1)), verdict: data.length > 0 ? 'refused' : 'any', what: 'an element too few' };
      case 14:
        return { value: withData(new Proxy(data.slice(), {})), verdict: 'any', what: 'data that is a proxy' };
      case 15:
        return isTensor(honest)
          ? { value: { ...own, shape: this.#array(honest.shape).value }, verdict: 'any', what: 'a shape that is wrong' }
          : { value: { ...own, [source.pick('width', 'height', 'channels')]: this.junk(0) }, verdict: 'any', what: 'a side that is wrong' };
      case 16:
        return { value: { ...own, [source.pick(...Object.keys(own))]: this.junk() }, verdict: 'any', what: 'a property that is junk' };
      case 17:
        return { value: this.#copy(honest, this.#other), verdict: 'right', what: 'a tensor of another engine' };
      case 18: {
        const copy = this.#copy(honest, this.#platform);
        this.before.push(() => copy.dispose());
        return { value: copy, verdict: 'refused', what: 'a disposed tensor' };
      }
      case 19: {
        const copy = this.#copy(honest, this.#platform);
        const value = withData(undefined);
        // Not before: memory that grows leaves views empty.
        this.before.push(() => Object.assign(value, { data: copy.data }));
        return { value, verdict: 'right', what: 'a view of a live tensor' };
      }
      case 20: {
        const copy = this.#copy(honest, this.#platform);
        const value = withData(undefined);
        this.before.push(() => {
          Object.assign(value, { data: copy.data });
          copy.dispose();
        });
        // A view of nothing is a view of no memory in particular.
        return { value, verdict: data.length > 0 ? 'refused' : 'any', what: 'a view of a disposed tensor' };
      }
      case 21: {
        const copy = this.#copy(honest, this.#platform);
        const change = isTensor(honest) ? { shape: [...honest.shape.slice(0, -1), 64] } : { width: honest.width + 16 };
        try {
          Object.assign(copy, change);
        } catch {}
        return { value: copy, verdict: 'right or refused', what: 'a tensor whose shape was assigned' };
      }
      case 22: {
        const prototype = Object.getPrototypeOf(this.#copy(honest, this.#platform)) as object;
        return { value: Object.create(prototype), verdict: 'refused', what: 'a tensor that no engine has made' };
      }
      case 23:
        return {
          value: new Proxy(this.#copy(honest, this.#platform), {}),
          verdict: 'right or refused',
          what: 'a proxy of a tensor of the engine',
        };
      default:
        return { value: Promise.resolve(own), verdict: 'refused', what: 'a promise of a tensor' };
    }
  }

  #copy(honest: Operand, { engine, filters }: Platform): Operand & { dispose(): void } {
    if (isTensor(honest)) {
      const copy = engine.tensor(honest.shape, honest.data);
      this.#held.push(copy);
      return copy as unknown as Tensor & { dispose(): void };
    }
    const { width, height, channels, data } = honest;
    const copy = filters.image(width, height, channels, data instanceof Float32Array ? 'f32' : 'u8') as Picture & { dispose(): void };
    this.#held.push(copy);
    copy.data.set(data);
    return copy;
  }
}
