import type { Engine } from 'simdconv';
import { slider } from '../ui/controls.ts';
import { h } from '../ui/dom.ts';
import { player } from '../ui/player.ts';
import { type Section, section } from './section.ts';

/** Stride, padding and dilation: where the windows stand, and how many there are. */
export function windows(engine: Engine): Section {
  const values = { input: 7, kernel: 3, stride: 2, padding: 1, dilation: 1 };
  let at = 0;
  const input = h('div', { class: 'lattice', role: 'img' });
  const output = h('div', { class: 'lattice out', role: 'img' });
  const formula = h('p', { class: 'formula' });
  const check = h('p', { class: 'muted small', 'aria-live': 'polite' });

  const reach = () => values.dilation * (values.kernel - 1) + 1;
  const extent = () => Math.floor((values.input + 2 * values.padding - reach()) / values.stride) + 1;

  const show = () => {
    const count = extent();
    at = Math.min(at, count * count - 1);
    const row = Math.floor(at / count);
    const column = at % count;
    Array.from(output.children).forEach((cell, i) => {
      cell.classList.toggle('seen', i < at);
      cell.classList.toggle('current', i === at);
    });
    const side = values.input + 2 * values.padding;
    Array.from(input.children).forEach((cell, i) => {
      const y = Math.floor(i / side) - row * values.stride;
      const x = (i % side) - column * values.stride;
      const inside = y >= 0 && x >= 0 && y < reach() && x < reach();
      cell.classList.toggle('reached', inside);
      cell.classList.toggle('read', inside && y % values.dilation === 0 && x % values.dilation === 0);
    });
  };
  const build = () => {
    const { input: size, kernel, stride, padding, dilation } = values;
    const side = size + 2 * padding;
    const count = extent();
    at = 0;
    input.style.setProperty('--columns', String(side));
    input.replaceChildren(
      ...Array.from({ length: side * side }, (_, i) => {
        const y = Math.floor(i / side) - padding;
        const x = (i % side) - padding;
        return h('i', { class: y < 0 || x < 0 || y >= size || x >= size ? 'pad' : '' });
      }),
    );
    input.setAttribute('aria-label', `Input of ${size} by ${size}, padded by ${padding}`);
    const fits = reach() <= side;
    output.style.setProperty('--columns', String(Math.max(1, count)));
    output.style.setProperty('--side', String(side));
    output.replaceChildren(...Array.from({ length: fits ? count * count : 0 }, () => h('i')));
    output.setAttribute('aria-label', fits ? `Result of ${count} by ${count}` : 'No result');
    const top = `${size} + 2·${padding} − ${dilation}·(${kernel} − 1) − 1`;
    formula.replaceChildren(
      'O = ⌊(I + 2P − D·(K − 1) − 1) ÷ S⌋ + 1 = ',
      h('span', { class: 'nowrap' }, `⌊(${top}) ÷ ${stride}⌋ + 1 = `),
      h('b', {}, fits ? String(count) : '–'),
    );
    try {
      const { shape } = engine.conv2d(
        { shape: [1, 1, size, size], data: new Float32Array(size * size) },
        { shape: [1, 1, kernel, kernel], data: new Float32Array(kernel * kernel) },
        { strides: stride, padding, dilations: dilation },
      );
      check.textContent = `engine.conv2d gives the shape [${shape.join(', ')}].`;
    } catch (error) {
      check.textContent = `engine.conv2d refuses: ${(error as Error).message}`;
    }
    if (fits) show();
  };
  const steps = player('the windows', 450, (by) => {
    const count = extent();
    if (reach() > values.input + 2 * values.padding) return false;
    at = (at + by + count * count) % (count * count);
    show();
    return true;
  });
  const control = (label: string, key: keyof typeof values, min: number, max: number) =>
    slider(label, { min, max, value: values[key] }, (value) => {
      values[key] = value;
      build();
    }).element;
  build();
  return {
    element: section(
      'windows',
      'Stride, padding, dilation',
      'How far a window moves, what lies around the input, and how far apart its taps are: together they decide how large the result is.',
      h(
        'div',
        { class: 'panel windows' },
        h(
          'div',
          { class: 'stack' },
          control('Input I', 'input', 3, 12),
          control('Kernel K', 'kernel', 1, 5),
          control('Stride S', 'stride', 1, 4),
          control('Padding P', 'padding', 0, 3),
          control('Dilation D', 'dilation', 1, 3),
          steps.element,
        ),
        h(
          'div',
          { class: 'lattices' },
          h('figure', {}, input, h('figcaption', {}, 'Input, with its padding')),
          h('figure', {}, output, h('figcaption', {}, 'Result')),
        ),
        h('div', { class: 'formula-row' }, formula, check),
      ),
    ),
    dispose: () => steps.pause(),
  };
}
