import type { Engine } from '../src/engine.ts';
import { descriptorOf } from './kernels.ts';
import { bufferOf, type MeasuredMemory, ownEngine } from './own-engine.ts';

const FILL = 0xa5;

let snapshot = new Uint8Array(0);

/**
 * An engine whose whole linear memory is a guard zone: around every kernel call it is compared byte by byte, but for the
 * kernel's output and scratch, which end where the host asked them to, slack not included. A stray write is an error.
 *
 * The scratch is as large as the largest call asked for: an engine of its own for every call measures it.
 */
export async function guardedEngine(called?: (name: string) => void): Promise<Engine> {
  const { engine, memory } = await ownEngine({
    initial: 4,
    around: (name, kernel, memory) => (block, begin, end) => {
      const { block: layout, writes } = descriptorOf(name);
      const fields = 'scratch' in layout ? [...writes, 'scratch'] : writes;
      const written = fields.map((field) => bufferOf(name, field, block, memory));
      if (snapshot.length !== memory.memory.buffer.byteLength) snapshot = new Uint8Array(memory.memory.buffer.byteLength);
      const before = snapshot;
      before.set(bytesOf(memory));
      kernel(block, begin, end);
      const after = bytesOf(memory);
      for (const { begin, end } of written) before.set(after.subarray(begin, end), begin);
      if (Buffer.compare(before, after) !== 0) throw new Error(strayWrite(name, before, after, memory));
      called?.(name);
    },
  });
  bytesOf(memory).fill(FILL);
  return engine;
}

function bytesOf({ memory }: MeasuredMemory): Uint8Array {
  return new Uint8Array(memory.buffer);
}

function strayWrite(name: string, before: Uint8Array, after: Uint8Array, memory: MeasuredMemory): string {
  const at = after.findIndex((byte, i) => byte !== before[i]);
  const owner = [...memory.byteLengths].find(([begin, byteLength]) => begin <= at && at < begin + byteLength + 64);
  const place = owner ? `byte ${at - owner[0]} of a buffer of ${owner[1]} bytes` : 'no buffer';
  return `${name} wrote to address ${at}, ${place}`;
}
