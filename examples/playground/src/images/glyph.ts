import { svg } from '../ui/dom.ts';
import type { PictureKernel } from './kernels.ts';

/** A kernel as a picture of itself. */
export function glyph({ side, weights }: PictureKernel): SVGSVGElement {
  const most = Math.max(...weights.map(Math.abs)) || 1;
  const cell = 30 / side;
  return svg(
    'svg',
    { viewBox: '0 0 30 30', width: 30, height: 30, 'aria-hidden': 'true', class: 'glyph' },
    ...weights.map((weight, i) =>
      svg('rect', {
        x: (i % side) * cell + 0.5,
        y: Math.floor(i / side) * cell + 0.5,
        width: cell - 1,
        height: cell - 1,
        rx: 1,
        class: weight < 0 ? 'cold' : weight > 0 ? 'warm' : 'none',
        // Small weights beside a large one are still there.
        'fill-opacity': weight === 0 ? 1 : 0.25 + 0.75 * (Math.abs(weight) / most),
      }),
    ),
  );
}
