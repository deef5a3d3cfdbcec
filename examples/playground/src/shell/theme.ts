import { segmented } from '../ui/controls.ts';
import { svg } from '../ui/dom.ts';

type Theme = 'light' | 'auto' | 'dark';

const icon = (...paths: string[]) =>
  svg(
    'svg',
    {
      viewBox: '0 0 20 20',
      width: 16,
      height: 16,
      fill: 'none',
      stroke: 'currentColor',
      'stroke-width': 1.6,
      'stroke-linecap': 'round',
      'aria-hidden': 'true',
    },
    ...paths.map((d) => svg('path', { d })),
  );

const sun = () =>
  icon(
    'M10 6.6a3.4 3.4 0 1 0 0 6.8 3.4 3.4 0 0 0 0-6.8Z',
    'M10 1.8v1.6M10 16.6v1.6M1.8 10h1.6M16.6 10h1.6M4.2 4.2l1.1 1.1M14.7 14.7l1.1 1.1M15.8 4.2l-1.1 1.1M5.3 14.7l-1.1 1.1',
  );
const moon = () => icon('M16.5 11.6A6.8 6.8 0 0 1 8.4 3.5a6.8 6.8 0 1 0 8.1 8.1Z');
const half = () => {
  const drawn = icon('M10 2.6a7.4 7.4 0 1 0 0 14.8 7.4 7.4 0 0 0 0-14.8Z');
  drawn.append(svg('path', { d: 'M10 2.6a7.4 7.4 0 0 1 0 14.8Z', fill: 'currentColor', stroke: 'none' }));
  return drawn;
};

function chosen(): Theme {
  const theme = document.documentElement.dataset.theme;
  return theme === 'light' || theme === 'dark' ? theme : 'auto';
}

/** Light, dark, or what the system says. Remembered, where the browser lets a page remember. */
export function themeSwitch(): HTMLElement {
  const { element } = segmented<Theme>(
    'Colours',
    [
      { value: 'light', label: sun(), name: 'Light' },
      { value: 'auto', label: half(), name: 'As the system' },
      { value: 'dark', label: moon(), name: 'Dark' },
    ],
    chosen(),
    (theme) => {
      if (theme === 'auto') delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = theme;
      try {
        localStorage.setItem('theme', theme);
      } catch {
        // A page that may store nothing begins as the system says.
      }
    },
  );
  element.classList.add('theme');
  return element;
}
