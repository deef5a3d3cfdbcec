import mark from '../mark.svg';
import { h } from '../ui/dom.ts';
import { themeSwitch } from './theme.ts';

/** The bar with the pages' names. */
export function header(titles: Readonly<Record<string, string>>): { element: HTMLElement; mark(name: string): void } {
  const links = Object.entries(titles).map(([name, title]) => h('a', { href: `#/${name}`, 'data-name': name }, title));
  return {
    element: h(
      'header',
      { class: 'top' },
      h(
        'div',
        { class: 'top-row' },
        h('a', { class: 'brand', href: '#/images' }, h('img', { src: mark, alt: '', width: 24, height: 24 }), 'simdconv'),
        h('nav', { 'aria-label': 'Pages' }, ...links),
        themeSwitch(),
      ),
    ),
    mark(name) {
      for (const link of links) {
        if (link.dataset.name === name) link.setAttribute('aria-current', 'page');
        else link.removeAttribute('aria-current');
      }
    },
  };
}

export function footer(): HTMLElement {
  return h(
    'footer',
    { class: 'foot' },
    h('p', {}, 'Everything on this page is computed on your machine. Photographs, video and drawings never leave it.'),
  );
}
