import './styles/index.css';
import type { Page, PageModule } from './page.ts';
import { footer, header } from './shell/frame.ts';
import { h } from './ui/dom.ts';

interface Route {
  readonly title: string;
  readonly load: () => Promise<PageModule>;
}

const routes: Readonly<Record<string, Route>> = {
  images: { title: 'Image kernels', load: () => import('./images/page.ts') },
  textbook: { title: 'The textbook', load: () => import('./textbook/page.ts') },
  digits: { title: 'Digits', load: () => import('./digits/page.ts') },
  benchmark: { title: 'Benchmark', load: () => import('./benchmark/page.ts') },
};

const main = document.querySelector('main')!;
const frame = header(Object.fromEntries(Object.entries(routes).map(([name, { title }]) => [name, title])));
document.querySelector('header')!.replaceWith(frame.element);
document.querySelector('footer')!.replaceWith(footer());

let shown: { readonly name: string; readonly page: Page } | undefined;
/** Counts visits: a page that comes late, after another was asked for, is not shown. */
let visit = 0;

/** `#/textbook/stride`: a page, and a section of it to begin at. */
async function follow(): Promise<void> {
  const [, asked = '', section] = location.hash.split('/');
  const name = Object.hasOwn(routes, asked) ? asked : 'images';
  if (location.hash === '#main') return;
  const own = ++visit;
  if (shown?.name !== name) {
    frame.mark(name);
    document.title = `${routes[name].title} · simdconv playground`;
    let page: Page;
    try {
      page = await (await routes[name].load()).create();
    } catch (error) {
      console.error(error);
      page = { element: h('p', { class: 'notice', role: 'alert' }, `This page could not be started: ${(error as Error).message}`) };
    }
    if (own !== visit) {
      page.dispose?.();
      return;
    }
    shown?.page.dispose?.();
    const first = shown === undefined;
    shown = { name, page };
    main.replaceChildren(page.element);
    main.dataset.page = name;
    if (!first) {
      scrollTo(0, 0);
      main.focus({ preventScroll: true });
    }
  }
  if (section !== undefined) document.getElementById(section)?.scrollIntoView();
}

addEventListener('hashchange', () => void follow());
void follow();
