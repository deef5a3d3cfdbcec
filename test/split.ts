import { random } from './random.ts';

/** `[begin, end)` cut at random places, empty pieces among them, in any order: what threads may make of it. */
export function pieces(begin: number, end: number, next: () => number): [number, number][] {
  const cuts = Array.from({ length: Math.floor(next() * 6) }, () => begin + Math.floor(next() * (end - begin + 1)));
  const bounds = [begin, ...cuts.sort((a, b) => a - b), end];
  const ranges = bounds.slice(1).map((bound, i): [number, number] => [bounds[i], bound]);
  for (let i = ranges.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [ranges[i], ranges[j]] = [ranges[j], ranges[i]];
  }
  return ranges;
}

type Range = (params: never, taskBegin: number, taskEnd: number) => void;

/** Twins that do their tasks in pieces, with other people's scratch each time. */
export function inPieces<T extends Readonly<Record<string, Range>>>(twins: T): T {
  const next = random(1);
  const entries = Object.entries(twins).map(([name, twin]) => [
    name,
    (params: { scratch?: Float32Array }, taskBegin: number, taskEnd: number) => {
      for (const [begin, end] of pieces(taskBegin, taskEnd, next)) {
        params.scratch?.fill(Number.NaN);
        twin(params as never, begin, end);
      }
    },
  ]);
  return Object.fromEntries(entries);
}
