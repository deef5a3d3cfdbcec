import type { Page } from '../page.ts';
import { button } from '../ui/controls.ts';
import { h } from '../ui/dom.ts';
import { chart } from './chart.ts';
import { browser, isolated, processors, simdconv } from './host.ts';
import { jobs } from './jobs.ts';
import type { Message, SubjectInfo, Timing } from './protocol.ts';
import { report } from './report.ts';

export function create(): Page {
  let worker: Worker | undefined;
  let subjects: readonly SubjectInfo[] = [];
  let timings: Timing[] = [];

  const bars = chart();
  const progress = h('progress', { max: 1, value: 0, 'aria-label': 'Progress' });
  const state = h('p', { class: 'small muted', role: 'status' }, 'Takes half a minute, in a worker: the page stays usable.');
  const text = h('pre', { class: 'report', tabindex: 0, 'aria-label': 'The result as text' }, 'Nothing measured yet.');
  const bits = h('p', { class: 'small' });
  const copy = button('Copy', async () => {
    try {
      await navigator.clipboard.writeText(text.textContent!);
      copy.textContent = 'Copied';
    } catch {
      // A page that may not write to the clipboard marks the text, for the reader to copy.
      getSelection()?.selectAllChildren(text);
      copy.textContent = 'Marked: copy it';
    }
    setTimeout(() => (copy.textContent = 'Copy'), 2000);
  });
  copy.disabled = true;

  const stop = () => {
    worker?.terminate();
    worker = undefined;
    run.textContent = timings.length > 0 ? 'Run again' : 'Run';
  };
  const finish = (sentence: string) => {
    stop();
    state.textContent = sentence;
    if (timings.length === 0) return;
    text.textContent = report(subjects, timings);
    copy.disabled = false;
  };
  const receive = (message: Message) => {
    switch (message.kind) {
      case 'subjects':
        subjects = message.subjects;
        bars.name(subjects);
        break;
      case 'begin': {
        const name = subjects.find(({ id }) => id === message.subject)?.name;
        progress.value = message.done / message.total;
        state.textContent = `${message.done + 1} of ${message.total}: ${jobs[message.job].name}, ${name}`;
        break;
      }
      case 'timing': {
        timings = [...timings, message.timing];
        bars.show(timings);
        const compared = timings.filter(({ subject }) => subject === 'simd' || subject === 'threads');
        const same = compared.filter((timing) => timing.same).length;
        bits.textContent =
          compared.length === 0 ? '' : `${same} of ${compared.length} results of simd are, bit for bit, those of the fallback.`;
        break;
      }
      case 'end':
        progress.value = 1;
        finish('Done. The shortest of many runs counts.');
        break;
      case 'error':
        finish(`It broke off: ${message.message}`);
    }
  };
  const start = () => {
    timings = [];
    bars.show(timings);
    bits.textContent = '';
    copy.disabled = true;
    text.textContent = 'Measuring …';
    state.textContent = 'Loading the variants …';
    progress.value = 0;
    run.textContent = 'Stop';
    worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<Message>) => receive(data);
    worker.onerror = (event) => finish(`It broke off: ${event.message || 'the worker cannot be loaded'}`);
  };
  const run = button('Run', () => (worker === undefined ? start() : finish('Stopped.')), 'primary');

  return {
    element: h(
      'div',
      { class: 'benchmark' },
      h(
        'div',
        { class: 'page-head' },
        h('h1', {}, 'Benchmark'),
        h(
          'p',
          { class: 'lede' },
          'Plain JavaScript, WebAssembly with SIMD, and the fallback that has its bits without WebAssembly. On your machine, in this browser.',
        ),
      ),
      h(
        'div',
        { class: 'panel start' },
        h('div', { class: 'go' }, run, h('div', {}, progress, state)),
        h(
          'dl',
          { class: 'facts' },
          ...[
            ['Package', simdconv],
            ['Browser', browser()],
            ['Machine', processors],
            [
              'Threads',
              isolated
                ? 'available: the page is cross-origin isolated'
                : 'not here: the page is not cross-origin isolated (headers COOP and COEP), so memory cannot be shared with workers',
            ],
          ].map(([name, value]) => h('div', { 'data-fact': name }, h('dt', {}, name), h('dd', {}, value))),
        ),
      ),
      h(
        'section',
        { class: 'panel', 'aria-labelledby': 'chart-title' },
        h('div', { class: 'row spread' }, h('h2', { id: 'chart-title' }, 'Times as fast as plain JavaScript'), bits),
        bars.element,
      ),
      h(
        'section',
        { class: 'panel stack', 'aria-labelledby': 'report-title' },
        h('div', { class: 'row spread' }, h('h2', { id: 'report-title' }, 'To copy'), copy),
        text,
      ),
    ),
    dispose: stop,
  };
}
