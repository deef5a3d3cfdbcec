import type { Engine } from 'simdconv';
import { h, number } from '../ui/dom.ts';
import { player } from '../ui/player.ts';
import { type Point, plot } from '../ui/plot.ts';
import { type Section, section } from './section.ts';

const INPUTS = 41;
const RATE = 0.2;
const START = { weight: -5, bias: -3 };
const SLOPE = 0.2;
const STEPS = 300;

const inputs = Float32Array.from({ length: INPUTS }, (_, i) => -1 + i / 20);
/** What is to be learned. A ReLU of weight 1 and bias 0 would come close; a leaky one of the same meets it. */
const wanted = inputs.map((x) => (x < 0 ? SLOPE * x : x));

/** A neuron of one input, y = f(w·x + b), trained by plain gradient descent on the mean squared error. */
class Neuron {
  weight = START.weight;
  bias = START.bias;
  step = 0;
  readonly losses: number[] = [];
  readonly #engine: Engine;
  readonly #alpha: number;
  /** Results of the last forward pass. */
  y: Float32Array = new Float32Array(INPUTS);
  /** Inputs whose sum is above zero. */
  active = 0;
  gradient = { weight: 0, bias: 0 };

  constructor(engine: Engine, alpha: number) {
    this.#engine = engine;
    this.#alpha = alpha;
    this.#pass();
  }

  #pass(): void {
    const sums = this.#engine.conv2d(
      { shape: [1, 1, 1, INPUTS], data: inputs },
      { shape: [1, 1, 1, 1], data: Float32Array.of(this.weight) },
      { bias: { shape: [1], data: Float32Array.of(this.bias) } },
    );
    this.y = this.#engine.leakyRelu(sums, { alpha: this.#alpha }).data;
    const errors = this.y.map((y, i) => y - wanted[i]);
    // Of the mean squared error by each result, then by each sum.
    const dy = { shape: sums.shape, data: errors.map((error) => (2 * error) / INPUTS) };
    const { data: dSums } = this.#engine.leakyReluBackward(dy, sums, { alpha: this.#alpha });
    this.active = sums.data.filter((sum) => sum > 0).length;
    const loss = errors.reduce((total, error) => total + error * error, 0);
    const weight = dSums.reduce((total, part, i) => total + part * inputs[i], 0);
    const bias = dSums.reduce((total, part) => total + part, 0);
    this.losses.push(loss / INPUTS);
    this.gradient = { weight, bias };
  }

  train(): void {
    this.weight -= RATE * this.gradient.weight;
    this.bias -= RATE * this.gradient.bias;
    this.step++;
    this.#pass();
  }

  get dead(): boolean {
    return this.gradient.weight === 0 && this.gradient.bias === 0;
  }
}

const kinds = [
  { name: 'ReLU', alpha: 0 },
  { name: 'Leaky ReLU, 0.2', alpha: SLOPE },
] as const;

export function neuron(engine: Engine): Section {
  let neurons = kinds.map(({ alpha }) => new Neuron(engine, alpha));
  let died: number | undefined;
  const views = kinds.map(({ name }) => {
    const drawing = plot({ label: '', x: [-1.05, 1.05], y: [-1.7, 2.2], width: 420, height: 300, ticks: [0.5, 0.5] });
    drawing.line('faint')(Array.from(inputs, (x, i): Point => [x, wanted[i]]));
    const losses = plot({ label: '', x: [0, STEPS], y: [0, 2], width: 420, height: 72 });
    const facts = Object.fromEntries(['w', 'b', 'loss', '∂loss/∂w', '∂loss/∂b', 'above zero'].map((fact) => [fact, h('dd')]));
    const verdict = h('p', { class: 'verdict', 'aria-live': 'polite' });
    return {
      name,
      drawing,
      curve: drawing.line(''),
      dots: drawing.dots('small'),
      losses,
      loss: losses.line('slope solid'),
      facts,
      verdict,
    };
  });

  const show = () => {
    views.forEach(({ name, drawing, curve, dots, losses, loss, facts, verdict }, i) => {
      const { y, weight, bias, gradient, active, losses: history, step, dead } = neurons[i];
      const points = Array.from(inputs, (x, at): Point => [x, y[at]]);
      curve(points);
      dots(points);
      loss(history.map((value, at): Point => [at, value]));
      drawing.label(
        `${name} after ${step} steps: weight ${number(weight)}, bias ${number(bias)}, ${active} of ${INPUTS} inputs above zero`,
      );
      losses.label(`Loss of ${name} over ${step} steps, now ${number(history.at(-1)!, 3)}`);
      facts.w.textContent = number(weight);
      facts.b.textContent = number(bias);
      facts.loss.textContent = number(history.at(-1)!, 3);
      facts['∂loss/∂w'].textContent = dead ? '0' : number(gradient.weight, 4);
      facts['∂loss/∂b'].textContent = dead ? '0' : number(gradient.bias, 4);
      facts['above zero'].textContent = `${active} of ${INPUTS}`;
      if (i === 0 && dead) died ??= step;
      const text = dead
        ? `Dead since step ${died}: every gradient is exactly 0, and nothing will move again.`
        : history.at(-1)! < 0.001
          ? 'Learned.'
          : step === 0
            ? 'Begins with weight −5 and bias −3.'
            : 'Learning …';
      if (verdict.textContent !== text) verdict.textContent = text;
      verdict.className = `verdict ${dead ? 'no' : history.at(-1)! < 0.001 ? 'yes' : ''}`;
    });
    counter.textContent = `Step ${neurons[0].step} of ${STEPS}`;
  };
  const counter = h('span', { class: 'muted small' });
  const steps = player(
    'the training',
    33,
    () => {
      if (neurons[0].step >= STEPS) {
        reset();
        return true;
      }
      for (const each of neurons) each.train();
      show();
      return neurons[0].step < STEPS;
    },
    false,
  );
  const reset = () => {
    neurons = kinds.map(({ alpha }) => new Neuron(engine, alpha));
    died = undefined;
    show();
  };
  const again = h(
    'button',
    {
      type: 'button',
      onclick: () => {
        steps.pause();
        reset();
      },
    },
    'Begin again',
  );
  steps.element.append(again, counter);
  show();
  return {
    element: section(
      'neuron',
      'The dying neuron',
      'One neuron, y = f(w·x + b), inputs in [−1, 1]. At weight −5 and bias −3 only inputs below −0.6 lie above zero, and what is learned from them pushes them down too. Where a ReLU is flat it passes no gradient; a leaky one always passes some.',
      h(
        'div',
        { class: 'panel stack' },
        steps.element,
        h(
          'div',
          { class: 'two' },
          ...views.map(({ name, drawing, losses, facts, verdict }) =>
            h(
              'div',
              { class: 'stack' },
              h('h3', {}, name),
              drawing.element,
              h('dl', { class: 'facts' }, ...Object.entries(facts).map(([fact, value]) => h('div', {}, h('dt', {}, fact), value))),
              h('figure', {}, losses.element, h('figcaption', {}, `Loss over ${STEPS} steps`)),
              verdict,
            ),
          ),
        ),
        h('p', { class: 'key' }, h('span', {}, 'the neuron'), h('span', { class: 'faint' }, 'what it is to learn')),
      ),
    ),
    dispose: () => steps.pause(),
  };
}
