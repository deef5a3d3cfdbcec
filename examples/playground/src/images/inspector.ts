import { segmented } from '../ui/controls.ts';
import { h, short } from '../ui/dom.ts';
import { type Grid, grid, tone } from '../ui/grid.ts';
import type { Pixels } from './image-filter.ts';
import type { PictureKernel } from './kernels.ts';

export interface Inspector {
  readonly element: HTMLElement;
  show(source: Pixels, result: Pixels, kernel: PictureKernel, x: number, y: number): void;
}

const COLOURS = ['Red', 'Green', 'Blue'] as const;

/** One pixel as the textbook draws it: the window, the kernel, the products, their sum. */
export function inspector(): Inspector {
  let colour = 1;
  let last: Parameters<Inspector['show']> | undefined;
  const grids = h('div', { class: 'products' });
  const sum = h('p', { class: 'formula', 'aria-live': 'polite' });
  const place = h('p', { class: 'muted small' });
  const swatches = h('div', { class: 'swatches', 'aria-hidden': 'true' }, h('i'), '→', h('i'));
  let side = 0;
  let parts: Grid[] = [];

  const build = (to: number) => {
    side = to;
    parts = ['Pixels under the kernel', 'Kernel', 'Products'].map((label) => grid(side, side, label, `side-${side}`));
    const [pixels, kernel, products] = parts.map((part, i) =>
      h('figure', {}, part.element, h('figcaption', {}, ['Window', 'Kernel', 'Products'][i])),
    );
    const sign = (text: string) => h('span', { class: 'sign', 'aria-hidden': 'true' }, text);
    grids.replaceChildren(pixels, sign('×'), kernel, sign('='), products);
  };

  const show: Inspector['show'] = (source, result, kernel, x, y) => {
    last = [source, result, kernel, x, y];
    if (kernel.side !== side) build(kernel.side);
    const radius = (side - 1) / 2;
    const most = Math.max(...kernel.weights.map(Math.abs)) || 1;
    let total = 0;
    const read: string[] = [];
    for (let i = 0; i < side * side; i++) {
      const fromX = Math.min(Math.max(x + (i % side) - radius, 0), source.width - 1);
      const fromY = Math.min(Math.max(y + Math.floor(i / side) - radius, 0), source.height - 1);
      const value = source.data[4 * (fromY * source.width + fromX) + colour];
      const weight = kernel.weights[i];
      total += value * weight;
      const [pixels, weights, products] = parts;
      pixels.set(i, 0, String(value));
      pixels.cells[i].style.background = `rgb(${value} ${value} ${value})`;
      pixels.cells[i].style.color = value < 140 ? '#fff' : '#14171d';
      weights.set(i, tone(weight / most), short(weight));
      products.set(i, tone((value * weight) / (most * 255)), short(value * weight));
      read.push(String(value));
    }
    parts[0].label(`Pixels under the kernel: ${read.join(', ')}`);
    const at = 4 * (y * source.width + x);
    const byte = result.data[at + colour];
    const rest: string[] = [];
    if (kernel.divisor !== 1) rest.push(`÷ ${short(kernel.divisor)}`);
    if (kernel.bias !== 0) rest.push(kernel.bias < 0 ? `− ${short(-kernel.bias)}` : `+ ${short(kernel.bias)}`);
    const value = total / kernel.divisor + kernel.bias;
    const steps = [`Σ = ${short(total)}`];
    if (rest.length > 0) steps.push(`${short(total)} ${rest.join(' ')} = ${short(value)}`);
    const why = value < 0 ? 'below 0' : value > 255 ? 'above 255' : Number.isInteger(value) ? '' : 'rounded';
    sum.replaceChildren(`${steps.join(',  ')} → `, h('b', {}, String(byte)), why === '' ? '' : ` (${why})`);
    place.textContent = `${COLOURS[colour]} of the pixel at column ${x}, row ${y}`;
    const [before, after] = swatches.querySelectorAll('i');
    for (const [swatch, { data }] of [
      [before, source],
      [after, result],
    ] as const)
      swatch.style.background = `rgb(${data[at]} ${data[at + 1]} ${data[at + 2]})`;
  };

  const choice = segmented(
    'Colour to look at',
    COLOURS.map((label, value) => ({ value, label })),
    colour,
    (value) => {
      colour = value;
      if (last !== undefined) show(...last);
    },
  );
  return {
    element: h(
      'section',
      { class: 'panel inspector', 'aria-labelledby': 'inspector-title' },
      h('div', { class: 'row spread' }, h('div', {}, h('h2', { id: 'inspector-title' }, 'One pixel'), place), choice.element),
      grids,
      h('div', { class: 'row sum' }, sum, swatches),
    ),
    show,
  };
}
