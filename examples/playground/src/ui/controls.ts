import { type Child, h, newId } from './dom.ts';

export interface Choice<T> {
  readonly value: T;
  readonly label: Child;
  /** For those who hear the page, where the label is a drawing. */
  readonly name?: string;
}

export interface Chooser<T> {
  readonly element: HTMLElement;
  readonly value: T | undefined;
  /** Shows a choice without telling of it; undefined: none. */
  show(value: T | undefined): void;
}

/** One of a few, side by side: radio buttons in another dress, so that arrow keys work as everywhere. */
export function segmented<T>(
  label: string,
  choices: readonly Choice<T>[],
  value: T | undefined,
  change: (value: T) => void,
  kind: 'segmented' | 'tiles' = 'segmented',
): Chooser<T> {
  const name = newId('choice');
  const inputs = choices.map((choice) =>
    h('input', {
      type: 'radio',
      name,
      checked: choice.value === value,
      'aria-label': choice.name,
      onchange: () => change(choice.value),
    }),
  );
  const element = h(
    'fieldset',
    { class: kind },
    h('legend', { class: 'visually-hidden' }, label),
    ...choices.map((choice, i) => h('label', {}, inputs[i], h('span', {}, choice.label))),
  );
  return {
    element,
    get value() {
      return choices[inputs.findIndex((input) => input.checked)]?.value;
    },
    show(wanted) {
      inputs.forEach((input, i) => {
        input.checked = choices[i].value === wanted;
      });
    },
  };
}

export interface Slider {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  set(value: number): void;
}

export interface SliderOptions {
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly value: number;
  readonly text?: (value: number) => string;
}

/** A labelled slider that says its value. */
export function slider(label: string, options: SliderOptions, change: (value: number) => void): Slider {
  const { min, max, step = 1, value, text = String } = options;
  const id = newId('slider');
  const output = h('output', { for: id }, text(value));
  const say = () => {
    output.textContent = text(input.valueAsNumber);
    input.setAttribute('aria-valuetext', text(input.valueAsNumber));
    input.style.setProperty('--at', `${((input.valueAsNumber - min) / (max - min)) * 100}%`);
  };
  const input = h('input', {
    id,
    type: 'range',
    min,
    max,
    step,
    value,
    oninput: () => {
      say();
      change(input.valueAsNumber);
    },
  });
  say();
  return {
    element: h('div', { class: 'slider' }, h('label', { for: id }, label), output, input),
    input,
    set(to) {
      input.value = String(to);
      say();
    },
  };
}

/** A labelled box for a number. What is not a number is not told of, and marked. */
export function numberBox(
  label: string,
  value: number,
  change: (value: number) => void,
): { element: HTMLElement; set(value: number): void } {
  const id = newId('number');
  const input = h('input', {
    id,
    type: 'number',
    step: 'any',
    value,
    oninput: () => {
      const valid = Number.isFinite(input.valueAsNumber);
      input.setAttribute('aria-invalid', String(!valid));
      if (valid) change(input.valueAsNumber);
    },
  });
  return {
    element: h('div', { class: 'field' }, h('label', { for: id }, label), input),
    set(to) {
      input.value = String(to);
      input.setAttribute('aria-invalid', 'false');
    },
  };
}

export function select(label: string, choices: readonly string[], value: string, change: (value: string) => void): HTMLElement {
  const id = newId('select');
  const element = h(
    'select',
    { id, onchange: () => change(element.value) },
    ...choices.map((choice) => h('option', { value: choice, selected: choice === value }, choice)),
  );
  return h('div', { class: 'field' }, h('label', { for: id }, label), element);
}

export function button(label: string, press: () => void, kind = ''): HTMLButtonElement {
  return h('button', { type: 'button', class: kind, onclick: press }, label);
}
