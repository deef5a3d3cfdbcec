import { milliseconds, number } from '../ui/dom.ts';
import { browser, isolated, processors, simdconv } from './host.ts';
import { jobs } from './jobs.ts';
import type { SubjectInfo, Timing } from './protocol.ts';

/** Everything as text, to be pasted anywhere. */
export function report(subjects: readonly SubjectInfo[], timings: readonly Timing[]): string {
  const there = subjects.filter(({ missing }) => missing === undefined);
  const find = (job: number, { id }: SubjectInfo) => timings.find((timing) => timing.job === job && timing.subject === id);
  const rows = jobs.map(({ name, note }, job) => {
    const base = timings.find((timing) => timing.job === job && timing.subject === 'plain');
    const cells = there.map((subject) => {
      const timing = find(job, subject);
      if (timing === undefined) return '–';
      const times = base === undefined || subject.id === 'plain' ? '' : ` (${number(base.milliseconds / timing.milliseconds, 1)}×)`;
      return `${milliseconds(timing.milliseconds)}${times}`;
    });
    return [`${name}, ${note}`, ...cells];
  });
  const table = [['', ...there.map(({ name }) => name)], ...rows];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd(),
  );
  return [
    `${simdconv}, ${browser()}, ${processors}, ${isolated ? '' : 'not '}cross-origin isolated`,
    '',
    ...lines,
    '',
    '×: how many times as fast as plain JavaScript, which sums in doubles. The fallback has the bits of simd.',
    ...subjects.flatMap(({ name, missing }) => (missing === undefined ? [] : ['', `${name}: not here, ${missing}`])),
  ].join('\n');
}
