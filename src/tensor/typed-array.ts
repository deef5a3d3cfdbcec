/**
 * What a typed array really is. A subclass, or a property put on an array, can make `length`, `buffer` and `set` say and do anything;
 * these read the array itself. They know arrays of other realms too (an iframe, `node:vm`), which `instanceof` does not.
 */

const prototype = Object.getPrototypeOf(Float32Array.prototype);

function getter<T>(name: string | symbol): (array: unknown) => T {
  const { get } = Object.getOwnPropertyDescriptor(prototype, name)!;
  return (array) => get!.call(array);
}

/** The name of its class, such as `'Float32Array'`; undefined for anything but a typed array. Never throws. */
export const kindOf = getter<string | undefined>(Symbol.toStringTag);

/** In elements; 0 once its buffer is detached. */
export const lengthOfArray = getter<number>('length');
export const bufferOf = getter<ArrayBufferLike>('buffer');
export const byteOffsetOf = getter<number>('byteOffset');
export const byteLengthOf = getter<number>('byteLength');

/** Does anything still hold the array's memory? A transferred or shrunken buffer leaves an array of no elements. */
export function isDetached(array: unknown): boolean {
  if (byteLengthOf(array) > 0) return false;
  try {
    new Uint8Array(bufferOf(array));
    return false;
  } catch {
    return true;
  }
}

const { set } = prototype as Uint8Array;

/** `to.set(from)` of two typed arrays. Throws a RangeError if `from` is the longer one, and a TypeError if either is detached. */
export function copyArray(to: unknown, from: unknown): void {
  set.call(to as Uint8Array, from as ArrayLike<number>);
}
