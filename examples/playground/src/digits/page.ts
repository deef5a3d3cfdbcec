import { engineOf } from '../engines.ts';
import type { Page } from '../page.ts';
import { button } from '../ui/controls.ts';
import { h, milliseconds, number } from '../ui/dom.ts';
import { paintMap } from '../ui/map.ts';
import { network } from './network.ts';
import { normalise, SIDE } from './normalise.ts';
import { PAD_SIDE, pad } from './pad.ts';
import { samples } from './samples.ts';

export async function create(): Promise<Page> {
  const engine = await engineOf('wasm');
  const reader = await network(engine);
  let scheduled = 0;

  const seen = h('canvas', { width: SIDE, height: SIDE, role: 'img', 'aria-label': 'The drawing as the network gets it, 28 by 28 pixels' });
  const verdict = h('p', { class: 'answer', 'aria-live': 'polite' });
  const bars = Array.from({ length: 10 }, (_, digit) => {
    const bar = h('i');
    const value = h('span', { class: 'value' }, '–');
    return { bar, value, element: h('li', {}, h('span', { class: 'digit' }, digit), h('span', { class: 'track' }, bar), value) };
  });
  const layers = h('div', { class: 'layers' });
  const shown: { canvases: readonly HTMLCanvasElement[] }[] = [];

  const blank = new Float32Array(SIDE * SIDE);
  const look = () => {
    scheduled = 0;
    const digit = normalise(drawing.ink(), PAD_SIDE);
    paintMap(seen, digit ?? blank, SIDE, 1, 'grey');
    if (reader === undefined) return;
    const begin = performance.now();
    const { layers: results, probabilities } = reader.answer(digit ?? blank);
    const time = performance.now() - begin;
    if (shown.length === 0) {
      for (const { name, note, maps, width, data } of results) {
        const canvases = Array.from({ length: maps }, (_, map) =>
          h('canvas', {
            width,
            height: data.length / maps / width,
            role: 'img',
            'aria-label': maps > 1 ? `${name}, map ${map + 1} of ${maps}` : name,
          }),
        );
        shown.push({ canvases });
        layers.append(
          h(
            'div',
            { class: 'layer', 'data-name': name, style: `--maps:${maps}` },
            h('div', {}, h('h3', {}, name), h('p', { class: 'muted small' }, note)),
            h('div', { class: 'layer-maps' }, ...canvases),
          ),
        );
      }
    }
    results.forEach(({ maps, width, data }, index) => {
      const length = data.length / maps;
      const most = data.reduce((least, value) => Math.max(least, Math.abs(value)), 0);
      shown[index].canvases.forEach((canvas, map) => {
        paintMap(canvas, data.subarray(map * length, (map + 1) * length), width, most * 0.8, index === 0 ? 'grey' : 'signed');
      });
    });
    const best = probabilities.indexOf(Math.max(...probabilities));
    bars.forEach(({ bar, value, element }, i) => {
      const probability = digit === undefined ? 0 : probabilities[i];
      bar.style.width = `${probability * 100}%`;
      value.textContent = digit === undefined ? '–' : `${number(probability * 100, 1)} %`;
      element.classList.toggle('best', digit !== undefined && i === best);
    });
    verdict.replaceChildren(
      ...(digit === undefined
        ? ['Draw a digit.']
        : [h('b', {}, String(best)), h('span', { class: 'muted small' }, `${milliseconds(time)} for all layers`)]),
    );
  };
  const schedule = () => {
    if (scheduled === 0) scheduled = requestAnimationFrame(look);
  };
  const drawing = pad(schedule);
  const choices = samples.map((sample, digit) => {
    const canvas = h('canvas', { width: SIDE, height: SIDE, 'aria-hidden': 'true' });
    paintMap(canvas, sample, SIDE, 1, 'grey');
    const choice = button('', () => drawing.put(sample));
    choice.setAttribute('aria-label', `Take a sample of ${digit}`);
    choice.append(canvas);
    return choice;
  });
  // The first call packs and compiles: its time is not the network's.
  reader?.answer(blank);
  drawing.put(samples[5]);

  return {
    element: h(
      'div',
      { class: 'digits' },
      h(
        'div',
        { class: 'page-head' },
        h('h1', {}, 'Digits'),
        h('p', { class: 'lede' }, 'LeNet-5 read cheques in 1998. Draw a digit, and watch every layer of it look.'),
      ),
      reader === undefined &&
        h(
          'p',
          { class: 'notice', role: 'status' },
          'There are no trained weights beside this page, so nothing answers. They are looked for in examples/lenet5/modern.safetensors.',
        ),
      h(
        'div',
        { class: 'desk' },
        h(
          'div',
          { class: 'panel stack' },
          h(
            'div',
            { class: 'row spread' },
            h('h2', {}, 'Draw'),
            button('Clear', () => drawing.clear()),
          ),
          drawing.element,
          h('p', { class: 'muted small' }, 'Keys: arrows move the pen, space lowers and lifts it, Delete clears.'),
        ),
        h(
          'div',
          { class: 'stack aside' },
          h(
            'div',
            { class: 'panel stack' },
            h('h3', {}, 'Or take one that no training has seen'),
            h('div', { class: 'samples', role: 'group', 'aria-label': 'Samples' }, ...choices),
          ),
          h(
            'div',
            { class: 'panel stack' },
            h('h3', {}, 'As the network gets it'),
            seen,
            h(
              'p',
              { class: 'muted small' },
              'Fitted into 20 × 20 pixels, its centre of mass in the middle of 28 × 28: so MNIST’s digits were made.',
            ),
          ),
        ),
        h(
          'div',
          { class: 'panel stack' },
          h('div', { class: 'row spread' }, h('h2', {}, 'Answer')),
          verdict,
          h('ol', { class: 'bars' }, ...bars.map(({ element }) => element)),
        ),
      ),
      reader !== undefined &&
        h(
          'section',
          { class: 'panel stack', 'aria-labelledby': 'layers-title' },
          h('h2', { id: 'layers-title' }, 'Layer by layer'),
          layers,
        ),
    ),
    dispose: () => cancelAnimationFrame(scheduled),
  };
}
