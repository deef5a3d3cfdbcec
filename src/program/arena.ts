import { isHostStep, type Lifetime, type Plan, type Step, type Value } from '../plan/plan.ts';

/** Where the temporary values of a plan lie in one run of memory, in bytes. */
export interface Arena {
  readonly byteLength: number;
  readonly offsets: ReadonlyMap<Value, number>;
}

/** Buffers begin on a cache line, and kernels may read so far behind their end. */
const LINE_BYTES = 64;

/** Values that lie in one place: a result over its own input. */
interface Block {
  readonly values: Value[];
  readonly byteLength: number;
  readonly first: number;
  last: number;
}

/**
 * Offsets by liveness, the largest block first, each at the lowest place that no block needed at the same time takes: "greedy by size" of
 * Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020.
 *
 * @param allowsInPlace whether the result of a step may take the place of its input, where its kernel allows
 */
export function layArena(plan: Plan, allowsInPlace: (step: Step) => boolean): Arena {
  const blocks = blocksOf(plan, allowsInPlace).sort((a, b) => b.byteLength - a.byteLength || a.first - b.first);
  const placed: { block: Block; offset: number }[] = [];
  const offsets = new Map<Value, number>();
  let byteLength = 0;
  for (const block of blocks) {
    let offset = 0;
    for (const other of placed) {
      if (other.block.last < block.first || block.last < other.block.first) continue;
      if (offset + paddedBytes(block) <= other.offset) break;
      offset = Math.max(offset, other.offset + paddedBytes(other.block));
    }
    placed.push({ block, offset });
    placed.sort((a, b) => a.offset - b.offset);
    for (const value of block.values) offsets.set(value, offset);
    byteLength = Math.max(byteLength, offset + paddedBytes(block));
  }
  return { byteLength, offsets };
}

const paddedBytes = ({ byteLength }: Block): number => (Math.ceil(byteLength / LINE_BYTES) + 1) * LINE_BYTES;

function blocksOf(plan: Plan, allowsInPlace: (step: Step) => boolean): Block[] {
  const lifetimes = new Map(plan.lifetimes.map((lifetime) => [lifetime.value, lifetime]));
  const blocks = new Map<Value, Block>();
  for (const lifetime of lifetimes.values()) {
    const { value, byteLength, first, last } = lifetime;
    const step = plan.steps[first];
    const input = isHostStep(step) || !allowsInPlace(step) ? undefined : inputToReplace(step, lifetime, lifetimes);
    const block = input === undefined ? undefined : blocks.get(input);
    if (block === undefined) blocks.set(value, { values: [value], byteLength, first, last });
    else {
      block.values.push(value);
      block.last = last;
      blocks.set(value, block);
    }
  }
  return [...new Set(blocks.values())];
}

/** A temporary input of the step that nobody needs afterwards, whose place its result may take. */
function inputToReplace(step: Step, result: Lifetime, lifetimes: ReadonlyMap<Value, Lifetime>): Value | undefined {
  const { writes, inPlace } = step.descriptor;
  if (!writes.some((field) => step.buffers[field] === result.value)) return undefined;
  for (const field of inPlace) {
    const value = step.buffers[field];
    if (value === null || value === undefined || value === result.value) continue;
    const lifetime = lifetimes.get(value);
    if (lifetime === undefined || lifetime.last !== result.first || lifetime.byteLength !== result.byteLength) continue;
    const elsewhere = Object.keys(step.buffers).some((other) => step.buffers[other] === value && !inPlace.includes(other));
    if (!elsewhere) return value;
  }
  return undefined;
}
