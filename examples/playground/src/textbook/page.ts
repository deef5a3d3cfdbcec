import { engineOf } from '../engines.ts';
import type { Page } from '../page.ts';
import { h } from '../ui/dom.ts';
import { activationPlots } from './activations.ts';
import { featureMaps } from './feature-maps.ts';
import { matching } from './matching.ts';
import { neuron } from './neuron.ts';
import { windows } from './windows.ts';

export async function create(): Promise<Page> {
  const engine = await engineOf('wasm');
  const sections = [matching(engine), windows(engine), await featureMaps(engine), activationPlots(engine), neuron(engine)];
  const contents = sections.map(({ element }) => h('a', { href: `#/textbook/${element.id}` }, element.querySelector('h2')!.textContent!));
  return {
    element: h(
      'div',
      { class: 'textbook' },
      h(
        'div',
        { class: 'page-head' },
        h('h1', {}, 'The textbook'),
        h(
          'p',
          { class: 'lede' },
          'What an introduction to convolutional networks explains, to be touched. Every number here is computed by the engine as you look.',
        ),
      ),
      h('nav', { class: 'contents', 'aria-label': 'On this page' }, ...contents),
      ...sections.map(({ element }) => element),
    ),
    dispose() {
      for (const section of sections) section.dispose?.();
    },
  };
}
