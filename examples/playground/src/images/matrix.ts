import { h } from '../ui/dom.ts';
import { paint, tone } from '../ui/grid.ts';
import type { PictureKernel } from './kernels.ts';

export interface MatrixEditor {
  readonly element: HTMLElement;
  show(kernel: PictureKernel): void;
}

/** A square of number boxes. Arrow keys with Alt, or up and down at the ends of a number, are the browser's; Enter goes on. */
export function matrixEditor(change: (weights: readonly number[]) => void): MatrixEditor {
  const element = h('div', { class: 'matrix', role: 'group', 'aria-label': 'Weights of the kernel' });
  let inputs: HTMLInputElement[] = [];

  const tint = () => {
    const values = inputs.map((input) => input.valueAsNumber || 0);
    const most = Math.max(...values.map(Math.abs)) || 1;
    inputs.forEach((input, i) => {
      paint(input, tone(values[i] / most));
    });
  };
  const edited = () => {
    const valid = inputs.map((input) => Number.isFinite(input.valueAsNumber));
    inputs.forEach((input, i) => {
      input.setAttribute('aria-invalid', String(!valid[i]));
    });
    tint();
    if (valid.every(Boolean)) change(inputs.map((input) => input.valueAsNumber));
  };

  return {
    element,
    show({ side, weights }) {
      if (inputs.length !== weights.length) {
        inputs = weights.map((_, i) =>
          h('input', {
            type: 'number',
            step: 'any',
            class: 'cell',
            'aria-label': `Row ${Math.floor(i / side) + 1}, column ${(i % side) + 1}`,
            oninput: edited,
            onfocus: (event: FocusEvent) => (event.target as HTMLInputElement).select(),
          }),
        );
        element.style.setProperty('--columns', String(side));
        element.dataset.side = String(side);
        element.replaceChildren(...inputs);
      }
      inputs.forEach((input, i) => {
        // An input in which someone is typing "-" or "1." already says the same.
        if (input.valueAsNumber !== weights[i]) input.value = String(weights[i]);
        input.setAttribute('aria-invalid', 'false');
      });
      tint();
    },
  };
}
