import { h } from './dom.ts';

export interface Grid {
  readonly element: HTMLElement;
  readonly cells: readonly HTMLElement[];
  /** Paints a cell between −1 (cold), 0 and 1 (warm), and writes into it. */
  set(index: number, tone: number, text?: string): void;
  label(text: string): void;
}

/** Numbers in rows and columns, each painted by its size. */
export function grid(rows: number, columns: number, label: string, kind = ''): Grid {
  const cells = Array.from({ length: rows * columns }, () => h('span', { class: 'cell' }));
  const element = h('div', { class: `grid ${kind}`, role: 'img', 'aria-label': label, style: `--columns:${columns}` }, ...cells);
  return {
    element,
    cells,
    set(index, tone, text = '') {
      const cell = cells[index];
      paint(cell, tone);
      if (cell.textContent !== text) cell.textContent = text;
    },
    label: (text) => element.setAttribute('aria-label', text),
  };
}

/** A tone in which what is small beside the largest is still seen. */
export const tone = (share: number): number => Math.sign(share) * Math.abs(share) ** 0.6;

/** See `.cell` in components.css. */
export function paint(cell: HTMLElement, tone: number): void {
  const bounded = Math.max(-1, Math.min(1, tone));
  cell.style.setProperty('--tone', bounded < 0 ? 'var(--cold)' : 'var(--warm)');
  cell.style.setProperty('--much', `${Math.round(Math.abs(bounded) * 100)}%`);
}
