import type { Engine, Tensor } from 'simdconv';
import { segmented } from '../ui/controls.ts';
import { h, number, short, svg } from '../ui/dom.ts';
import { type Grid, grid } from '../ui/grid.ts';
import { player } from '../ui/player.ts';
import { parts, pictures, SIDE } from './pictures.ts';
import { type Section, section } from './section.ts';

const KERNEL = 3;
const OUT = SIDE - KERNEL + 1;
const PLANE = OUT * OUT;

/** Two places, cut off and not rounded, as the textbook prints them. */
const cut = (value: number) => number(Math.trunc(value * 100) / 100);

function thumbnail({ shape: [, , side], data }: Tensor): SVGSVGElement {
  const ink = Array.from(data).flatMap((value, i) => (value > 0 ? [`M${i % side} ${Math.floor(i / side)}h1v1h-1z`] : []));
  return svg(
    'svg',
    { viewBox: `0 0 ${side} ${side}`, width: 36, height: 36, 'aria-hidden': 'true', class: 'thumbnail' },
    svg('path', { d: ink.join('') }),
  );
}

/** An X of nine by nine pixels under a filter of three by three. */
export function matching(engine: Engine): Section {
  const names = Object.keys(parts);
  const filters = { shape: [3, 1, KERNEL, KERNEL], data: Float32Array.from(Object.values(parts).flatMap(({ data }) => [...data])) };
  const reference = pictures['An X'];
  let image: Tensor = { shape: reference.shape, data: reference.data.slice() };
  let filter = 0;
  let at = OUT + 1;
  let maps = engine.conv2d(image, filters, { normalize: 'mean' }).data;

  const imageGrid = grid(SIDE, SIDE, 'The picture', 'picture');
  const windowBox = h('span', { class: 'window-box' });
  imageGrid.element.append(windowBox);
  imageGrid.element.setAttribute('role', 'application');
  imageGrid.element.setAttribute('tabindex', '0');
  const three: Grid[] = ['Window', 'Filter', 'Products'].map((label) => grid(KERNEL, KERNEL, label));
  const result = grid(OUT, OUT, 'Result', 'result');
  const sum = h('p', { class: 'formula', 'aria-live': 'polite' });

  const maps3 = names.map((name) => ({ name, grid: grid(OUT, OUT, `Feature map of ${name}`, 'result'), best: h('b') }));
  const rows = h('tbody');

  const show = () => {
    const row = Math.floor(at / OUT);
    const column = at % OUT;
    image.data.forEach((value, i) => {
      imageGrid.cells[i].classList.toggle('ink', value > 0);
      if (imageGrid.cells[i].textContent === '' || imageGrid.cells[i].dataset.value !== String(value)) {
        imageGrid.cells[i].dataset.value = String(value);
        imageGrid.cells[i].textContent = short(value);
      }
    });
    imageGrid.label(
      `The picture: the window stands at row ${row + 1}, column ${column + 1}. Arrow keys move it, space turns the pixel in its middle.`,
    );
    windowBox.style.setProperty('--row', String(row));
    windowBox.style.setProperty('--column', String(column));
    let total = 0;
    for (let i = 0; i < KERNEL * KERNEL; i++) {
      const pixel = image.data[(row + Math.floor(i / KERNEL)) * SIDE + column + (i % KERNEL)];
      const weight = filters.data[filter * KERNEL * KERNEL + i];
      total += pixel * weight;
      three[0].set(i, 0, short(pixel));
      three[0].cells[i].classList.toggle('ink', pixel > 0);
      three[1].set(i, weight * 0.6, short(weight));
      three[2].set(i, pixel * weight * 0.6, short(pixel * weight));
    }
    const value = maps[filter * PLANE + at];
    sum.replaceChildren(`Σ = ${short(total)},  ${short(total)} ÷ 9 = `, h('b', {}, cut(value)), value === 1 ? ' — a match' : '');
    for (let i = 0; i < PLANE; i++) {
      const cell = maps[filter * PLANE + i];
      result.set(i, cell, cut(cell));
      result.cells[i].classList.toggle('later', i > at);
      result.cells[i].classList.toggle('current', i === at);
    }
    result.label(`Result of seven by seven, up to ${cut(value)} at row ${row + 1}, column ${column + 1}`);
  };
  const showMaps = () => {
    maps = engine.conv2d(image, filters, { normalize: 'mean' }).data;
    maps3.forEach(({ grid: map, best }, index) => {
      for (let i = 0; i < PLANE; i++) {
        const value = maps[index * PLANE + i];
        map.set(i, value, cut(value));
        map.cells[i].classList.toggle('match', value === 1);
      }
      best.textContent = cut(Math.max(...maps.subarray(index * PLANE, (index + 1) * PLANE)));
    });
    const own: Readonly<Record<string, Tensor>> = Object.values(pictures).some(({ data }) =>
      data.every((value, i) => value === image.data[i]),
    )
      ? {}
      : { 'As drawn': image };
    rows.replaceChildren(
      ...Object.entries({ ...pictures, ...own }).map(([name, picture]) => {
        const alike = picture.data.filter((value, i) => value === reference.data[i]).length;
        const found = engine.conv2d(picture, filters, { normalize: 'mean' }).data;
        const best = names.map((_, index) => Math.max(...found.subarray(index * PLANE, (index + 1) * PLANE)));
        const isX = best.every((value) => value === 1);
        return h(
          'tr',
          {},
          h('th', { scope: 'row' }, h('span', { class: 'named' }, thumbnail(picture), name)),
          h('td', {}, `${alike} of 81`),
          ...best.map((value) => h('td', { class: value === 1 ? 'match' : '' }, cut(value))),
          h('td', { class: isX ? 'yes' : 'no' }, isX ? 'an X' : 'no X'),
        );
      }),
    );
  };
  const go = (to: number) => {
    at = Math.max(0, Math.min(PLANE - 1, to));
    show();
  };
  const toggle = (index: number) => {
    image = { shape: image.shape, data: image.data.map((value, i) => (i === index ? -value : value)) };
    choice.show(Object.keys(pictures).find((name) => pictures[name].data.every((value, i) => value === image.data[i])));
    showMaps();
    show();
  };
  imageGrid.element.addEventListener('click', (event) => {
    const index = imageGrid.cells.indexOf(event.target as HTMLElement);
    if (index >= 0) toggle(index);
  });
  imageGrid.element.addEventListener('keydown', (event) => {
    const row = Math.floor(at / OUT);
    const column = at % OUT;
    const moves: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => column > 0 && go(at - 1),
      ArrowRight: () => column < OUT - 1 && go(at + 1),
      ArrowUp: () => row > 0 && go(at - OUT),
      ArrowDown: () => row < OUT - 1 && go(at + OUT),
      ' ': () => toggle((row + 1) * SIDE + column + 1),
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    steps.pause();
    move();
  });
  const steps = player('the windows', 350, (by) => {
    go(at + by < 0 ? PLANE - 1 : at + by >= PLANE ? 0 : at + by);
    return at !== PLANE - 1;
  });
  const choice = segmented(
    'Picture',
    Object.entries(pictures).map(([name, picture]) => ({
      value: name,
      label: h('span', { class: 'tile' }, thumbnail(picture), name),
      name,
    })),
    'An X',
    (name) => {
      image = { shape: image.shape, data: pictures[name].data.slice() };
      showMaps();
      show();
    },
    'tiles',
  );
  const filterChoice = segmented(
    'Filter',
    names.map((name, value) => ({ value, label: name, name: { '\\': 'Falling stroke', X: 'Crossing', '/': 'Rising stroke' }[name] })),
    filter,
    (value) => {
      filter = value;
      show();
    },
  );
  showMaps();
  show();

  const sign = (text: string) => h('span', { class: 'sign', 'aria-hidden': 'true' }, text);
  const captioned = (part: Grid, caption: string) => h('figure', {}, part.element, h('figcaption', {}, caption));
  return {
    element: section(
      'matching',
      'Matching a pattern',
      'An X is −1 and 1. A filter is a small piece of what is looked for. Where picture and filter agree, every product is 1, and their mean is exactly 1.',
      h(
        'div',
        { class: 'panel matching' },
        choice.element,
        h(
          'div',
          { class: 'match-row' },
          h(
            'div',
            { class: 'stack' },
            h('div', { class: 'row spread' }, h('h3', {}, 'Picture'), filterChoice.element),
            imageGrid.element,
            h('p', { class: 'muted small' }, 'Click a pixel to turn it over.'),
          ),
          h(
            'div',
            { class: 'stack middle' },
            h(
              'div',
              { class: 'three' },
              captioned(three[0], 'Window'),
              sign('×'),
              captioned(three[1], 'Filter'),
              sign('='),
              captioned(three[2], 'Products'),
            ),
            sum,
            steps.element,
          ),
          h('div', { class: 'stack' }, h('div', { class: 'row tall' }, h('h3', {}, 'Result, 7 × 7')), result.element),
        ),
      ),
      h(
        'div',
        { class: 'panel stack' },
        h('h3', {}, 'Three filters, three feature maps'),
        h(
          'div',
          { class: 'maps3' },
          ...maps3.map(({ name, grid: map, best }) =>
            h(
              'figure',
              {},
              h('div', { class: 'row map-head' }, thumbnail(parts[name]), h('span', { class: 'muted small' }, 'best ', best)),
              map.element,
            ),
          ),
        ),
      ),
      h(
        'div',
        { class: 'panel stack' },
        h('h3', {}, 'Why not compare pixel by pixel?'),
        h(
          'p',
          { class: 'muted' },
          'An X that is moved has fewer pixels in common with the X than an O has. But its parts are still there.',
        ),
        h(
          'div',
          { class: 'scroll' },
          h(
            'table',
            {},
            h(
              'thead',
              {},
              h(
                'tr',
                {},
                ...['Picture', 'Pixels alike', 'Best of \\', 'X', '/', 'By its parts'].map((text) => h('th', { scope: 'col' }, text)),
              ),
            ),
            rows,
          ),
        ),
      ),
    ),
    dispose: () => steps.pause(),
  };
}
