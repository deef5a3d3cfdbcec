import type { Engine } from 'simdconv';
import { still } from '../images/source.ts';
import { h } from '../ui/dom.ts';
import { grid } from '../ui/grid.ts';
import { paintMap } from '../ui/map.ts';
import { type Section, section } from './section.ts';

const SIDE = 128;

// biome-ignore format: a filter is read as a square
const filters: Readonly<Record<string, readonly number[]>> = {
  'Upright, left': [-1, 0, 1, -2, 0, 2, -1, 0, 1],
  'Upright, right': [1, 0, -1, 2, 0, -2, 1, 0, -1],
  'Level, above': [-1, -2, -1, 0, 0, 0, 1, 2, 1],
  'Level, below': [1, 2, 1, 0, 0, 0, -1, -2, -1],
  Falling: [2, -1, -1, -1, 2, -1, -1, -1, 2],
  Rising: [-1, -1, 2, -1, 2, -1, 2, -1, -1],
};

/** A photograph, grey, between 0 and 1. */
async function photograph(): Promise<Float32Array> {
  const image = await still('baboon');
  const full = new OffscreenCanvas(image.width, image.height);
  full.getContext('2d')!.putImageData(image, 0, 0);
  const context = new OffscreenCanvas(SIDE, SIDE).getContext('2d')!;
  context.imageSmoothingQuality = 'high';
  context.drawImage(full, 0, 0, SIDE, SIDE);
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  return Float32Array.from(
    { length: SIDE * SIDE },
    (_, i) => (0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2]) / 255,
  );
}

/** One layer of a network as it is everywhere: convolution, ReLU, pooling. */
export async function featureMaps(engine: Engine): Promise<Section> {
  const names = Object.keys(filters);
  const image = { shape: [1, 1, SIDE, SIDE], data: await photograph() };
  const weights = { shape: [names.length, 1, 3, 3], data: Float32Array.from(Object.values(filters).flat()) };
  const sums = engine.conv2d(image, weights);
  const kept = engine.relu(sums);
  const pooled = engine.maxPool2d(kept, { windowDimensions: 2, strides: 2 });

  const canvas = (name: string, side: number) => h('canvas', { width: side, height: side, role: 'img', 'aria-label': name });
  const row = (title: string, note: string, { shape: [, , side], data }: typeof sums) => {
    return h(
      'div',
      { class: 'map-row' },
      h('div', {}, h('h3', {}, title), h('p', { class: 'muted small' }, note)),
      ...names.map((name, index) => {
        const map = canvas(`${title}: ${name}`, side);
        const values = data.subarray(index * side * side, (index + 1) * side * side);
        // The few strongest answers may be cut off: the others are what is to be seen.
        const most = values.reduce((so, value) => Math.max(so, Math.abs(value)), 0);
        paintMap(map, values, side, most * 0.55);
        return map;
      }),
    );
  };
  const original = canvas('The photograph, grey', SIDE);
  paintMap(original, image.data, SIDE, 1, 'grey');
  return {
    element: section(
      'maps',
      'Feature maps',
      'Six filters ask one photograph six questions. A ReLU keeps the yes and drops the no; pooling keeps the strongest answer of each two by two.',
      h(
        'div',
        { class: 'panel map-table' },
        h(
          'div',
          { class: 'map-row filters' },
          original,
          ...names.map((name, index) => {
            const part = grid(3, 3, `Filter ${name}: ${filters[name].join(', ')}`);
            filters[name].forEach((weight, i) => {
              part.set(i, weight / 2, String(weight).replace('-', '−'));
            });
            return h('figure', { 'data-index': index }, part.element, h('figcaption', {}, name));
          }),
        ),
        row('conv2d', 'Orange above zero, blue below', sums),
        row('relu', 'Nothing below zero is left', kept),
        row('maxPool2d', '126 × 126 becomes 63 × 63', pooled),
      ),
    ),
  };
}
