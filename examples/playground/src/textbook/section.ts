import { type Child, h } from '../ui/dom.ts';

export interface Section {
  readonly element: HTMLElement;
  dispose?(): void;
}

export function section(id: string, title: string, lede: Child, ...children: readonly Child[]): HTMLElement {
  return h(
    'section',
    { class: 'chapter', id, 'aria-labelledby': `${id}-title` },
    h('div', { class: 'chapter-head' }, h('h2', { id: `${id}-title` }, title), h('p', { class: 'muted' }, lede)),
    ...children,
  );
}
