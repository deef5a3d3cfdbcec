import type { Engine } from 'simdconv';
import { segmented, slider } from '../ui/controls.ts';
import { h, number } from '../ui/dom.ts';
import { type Plot, type Point, plot } from '../ui/plot.ts';
import { type Activation, activations } from './functions.ts';
import { type Section, section } from './section.ts';

const RANGE = 4;
const xs = Float32Array.from({ length: 321 }, (_, i) => -RANGE + (i * 2 * RANGE) / 320);

/** A derivative that jumps is drawn with its jump upright, not slanted over the distance of two points. */
function curve(values: Float32Array): Point[] {
  return Array.from(values, (y, i): Point => [xs[i], y]);
}

/** Activations and their derivatives. */
export function activationPlots(engine: Engine): Section {
  const all = activations(engine);
  let chosen: Activation = all[0];
  let at = 1;
  const stage = h('div', { class: 'function' });
  const formula = h('p', { class: 'formula' });
  const note = h('p', { class: 'muted note' });
  const values = h('p', { class: 'readout', 'aria-live': 'polite' });
  let large: Plot;
  let dot: (points: readonly Point[]) => void;
  let slopeDot: (points: readonly Point[]) => void;

  const read = () => {
    const x = Float32Array.of(at);
    const y = chosen.f(x)[0];
    const slope = chosen.slope(x)[0];
    dot([[at, y]]);
    slopeDot([[at, slope]]);
    values.replaceChildren(
      h('span', {}, 'x = ', h('b', {}, number(at))),
      h('span', {}, 'f(x) = ', h('b', {}, number(y, 3))),
      h('span', { class: 'warm' }, 'f′(x) = ', h('b', {}, number(slope, 3))),
    );
  };
  const draw = () => {
    large = plot({ label: `${chosen.name} and its derivative`, x: [-RANGE, RANGE], y: [-1.5, 4], width: 560, height: 400, ticks: [1, 1] });
    large.line('')(curve(chosen.f(xs)));
    large.line('slope')(curve(chosen.slope(xs)));
    dot = large.dots('');
    slopeDot = large.dots('slope');
    const point = (event: PointerEvent) => {
      at = Math.round(large.xAt(event) * 20) / 20;
      position.set(at);
      read();
    };
    large.element.addEventListener('pointermove', point);
    large.element.addEventListener('pointerdown', point);
    stage.replaceChildren(large.element);
    formula.replaceChildren(h('i', {}, 'f'), '(x) = ', chosen.formula);
    note.textContent = chosen.note;
    read();
  };
  const position = slider('x', { min: -RANGE, max: RANGE, step: 0.05, value: at, text: (value) => number(value) }, (value) => {
    at = value;
    read();
  });
  const choice = segmented(
    'Activation',
    all.map((activation) => {
      const small = plot({ label: '', x: [-RANGE, RANGE], y: [-1.5, 4], width: 96, height: 64 });
      small.element.setAttribute('aria-hidden', 'true');
      small.line('')(curve(activation.f(xs)));
      small.line('slope')(curve(activation.slope(xs)));
      return { value: activation, label: h('span', { class: 'tile' }, small.element, activation.name), name: activation.name };
    }),
    chosen,
    (activation) => {
      chosen = activation;
      draw();
    },
    'tiles',
  );
  draw();
  return {
    element: section(
      'activations',
      'Activations and their derivatives',
      'What a neuron makes of its sum. Its derivative is what training multiplies each gradient with: where it is near zero, nothing is learned.',
      h(
        'div',
        { class: 'panel activations' },
        h('div', { class: 'stack' }, choice.element, h('div', { class: 'about' }, formula, note)),
        h(
          'div',
          { class: 'stack' },
          stage,
          h('p', { class: 'key' }, h('span', {}, 'f(x)'), h('span', { class: 'slope' }, 'f′(x)')),
          values,
          position.element,
        ),
      ),
    ),
  };
}
