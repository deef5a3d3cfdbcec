import { h, milliseconds, number } from '../ui/dom.ts';
import { jobs } from './jobs.ts';
import type { Subject, SubjectInfo, Timing } from './protocol.ts';

export interface Chart {
  readonly element: HTMLElement;
  name(subjects: readonly SubjectInfo[]): void;
  show(timings: readonly Timing[]): void;
}

const SUBJECTS: readonly { readonly id: Subject; readonly short: string }[] = [
  { id: 'plain', short: 'plain JS' },
  { id: 'js', short: 'fallback' },
  { id: 'simd', short: 'simd' },
  { id: 'relaxed-simd', short: 'relaxed' },
  { id: 'threads', short: 'threads' },
];

/** How many times as fast as plain JavaScript: a group of bars for each job, all on one scale. */
export function chart(): Chart {
  const rows = jobs.map(({ name, note }) => {
    const bars = SUBJECTS.map(({ id, short }) => {
      const bar = h('i');
      const label = h('span', { class: 'name' }, short);
      const value = h('span', { class: 'value' }, '–');
      const time = h('span', { class: 'rate' });
      return {
        id,
        bar,
        label,
        value,
        time,
        element: h('div', { class: `bar ${id}` }, label, h('span', { class: 'track' }, bar), value, time),
      };
    });
    return {
      bars,
      element: h(
        'div',
        { class: 'job' },
        h('div', {}, h('h3', {}, name), h('p', { class: 'muted small' }, note)),
        h('div', {}, ...bars.map(({ element }) => element)),
      ),
    };
  });
  return {
    element: h('div', { class: 'chart' }, ...rows.map(({ element }) => element)),
    name(subjects) {
      for (const { bars } of rows) {
        for (const { id, label, value } of bars) {
          const info = subjects.find((subject) => subject.id === id);
          const threads = /\d+ threads/.exec(info?.name ?? '');
          if (id === 'threads' && threads !== null) label.textContent = threads[0];
          value.textContent = info?.missing === undefined ? '–' : 'not here';
        }
      }
    },
    show(timings) {
      const speedOf = (timing: Timing) => {
        const base = timings.find(({ job, subject }) => job === timing.job && subject === 'plain');
        return base === undefined ? 0 : base.milliseconds / timing.milliseconds;
      };
      const most = Math.max(1, ...timings.map(speedOf));
      rows.forEach(({ bars }, job) => {
        for (const { id, bar, value, time, element } of bars) {
          const timing = timings.find((each) => each.job === job && each.subject === id);
          element.classList.toggle('measured', timing !== undefined);
          bar.style.width = timing === undefined ? '0' : `${Math.max(0.5, (speedOf(timing) / most) * 100)}%`;
          time.textContent = timing === undefined ? '' : milliseconds(timing.milliseconds);
          if (timing !== undefined) value.textContent = `${number(speedOf(timing), speedOf(timing) < 10 ? 1 : 0)}×`;
        }
      });
    },
  };
}
