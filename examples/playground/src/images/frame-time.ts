import { h, milliseconds, number } from '../ui/dom.ts';

/** Plain JavaScript sums in doubles; the fallback is the engine without WebAssembly, to the same bits. */
export type Runner = 'wasm' | 'plain' | 'js';

export const RUNNERS: Readonly<Record<Runner, string>> = { wasm: 'Wasm', plain: 'Plain JavaScript', js: 'Bit-exact fallback' };
/** Frames that a time is the median of: the last ones, since JavaScript becomes fast only while it runs. */
const WINDOW = 9;

export interface FrameTime {
  readonly element: HTMLElement;
  add(kind: Runner, time: number): void;
  /** Of a kernel or a picture that is no more. */
  clear(): void;
  /** Frames measured so far. */
  count(kind: Runner): number;
}

/** How long a frame takes on each of them, and how they compare. */
export function frameTime(): FrameTime {
  const kinds: readonly Runner[] = ['wasm', 'plain', 'js'];
  const times: Record<Runner, number[]> = { wasm: [], plain: [], js: [] };
  const parts = Object.fromEntries(
    kinds.map((kind) => [
      kind,
      { value: h('span', { class: 'value', 'data-time': kind }, '–'), rate: h('span', { class: 'rate' }), bar: h('i') },
    ]),
  ) as Record<Runner, { value: HTMLElement; rate: HTMLElement; bar: HTMLElement }>;
  const verdict = h('p', { class: 'verdict small muted' });
  const median = (kind: Runner) => {
    const sorted = [...times[kind]].sort((a, b) => a - b);
    return sorted.length === 0 ? undefined : sorted[sorted.length >> 1];
  };
  const show = () => {
    const medians = { wasm: median('wasm'), plain: median('plain'), js: median('js') };
    const most = Math.max(medians.wasm ?? 0, medians.plain ?? 0, medians.js ?? 0);
    for (const kind of kinds) {
      const time = medians[kind];
      const { value, rate, bar } = parts[kind];
      value.textContent = time === undefined ? '–' : milliseconds(time);
      rate.textContent = time === undefined ? '' : `${Math.round(1000 / Math.max(time, 0.001)).toLocaleString('en')} frames/s`;
      bar.style.width = time === undefined ? '0' : `${Math.max(1, (time / most) * 100)}%`;
    }
    verdict.textContent =
      medians.wasm === undefined || medians.plain === undefined
        ? 'A frame: into the engine’s memory, through the filter, and back.'
        : medians.plain >= medians.wasm
          ? `Wasm is ${number(medians.plain / medians.wasm, 1)}× as fast as plain JavaScript.`
          : `Plain JavaScript is ${number(medians.wasm / medians.plain, 1)}× as fast as Wasm.`;
  };
  show();
  return {
    element: h(
      'div',
      { class: 'frame-time' },
      ...kinds.map((kind) =>
        h(
          'div',
          { class: `time ${kind}` },
          h('span', { class: 'name' }, RUNNERS[kind]),
          parts[kind].value,
          parts[kind].rate,
          h('span', { class: 'track' }, parts[kind].bar),
        ),
      ),
      verdict,
    ),
    add(kind, time) {
      times[kind].push(time);
      if (times[kind].length > WINDOW) times[kind].shift();
      show();
    },
    clear() {
      // What is shown stays until the next frame: it would only flicker.
      for (const kind of kinds) times[kind].length = 0;
    },
    count: (kind) => times[kind].length,
  };
}
