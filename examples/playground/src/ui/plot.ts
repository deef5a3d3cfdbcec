import { number, svg } from './dom.ts';

export type Point = readonly [x: number, y: number];

export interface PlotOptions {
  readonly label: string;
  readonly x: Point;
  readonly y: Point;
  readonly width?: number;
  readonly height?: number;
  /** Distances between ticks; no ticks where there is none. */
  readonly ticks?: Point;
}

export interface Plot {
  readonly element: SVGSVGElement;
  line(kind: string): (points: readonly Point[]) => void;
  dots(kind: string): (points: readonly Point[]) => void;
  /** The x under a pointer. */
  xAt(event: PointerEvent): number;
  label(text: string): void;
}

/** Axes through zero, and curves over them. */
export function plot({ label, x, y, width = 480, height = 300, ticks }: PlotOptions): Plot {
  const margin = ticks === undefined ? 4 : 10;
  const toX = (value: number) => margin + ((value - x[0]) / (x[1] - x[0])) * (width - 2 * margin);
  const toY = (value: number) => height - margin - ((value - y[0]) / (y[1] - y[0])) * (height - 2 * margin);
  const element = svg('svg', { class: 'plot', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label });
  const clip = `clip-${Math.random().toString(36).slice(2)}`;
  element.append(svg('clipPath', { id: clip }, svg('rect', { x: 0, y: 0, width, height })));
  const zeroX = toX(Math.max(x[0], Math.min(x[1], 0)));
  const zeroY = toY(Math.max(y[0], Math.min(y[1], 0)));
  if (ticks !== undefined) {
    for (let at = Math.ceil(x[0] / ticks[0]) * ticks[0]; at <= x[1] + 1e-9; at += ticks[0]) {
      element.append(svg('line', { class: 'tick', x1: toX(at), x2: toX(at), y1: margin, y2: height - margin }));
      if (Math.abs(at) > 1e-9)
        element.append(
          svg('text', { x: toX(at), y: Math.min(zeroY + 15, height - 1), 'text-anchor': 'middle' }, number(at, ticks[0] % 1 === 0 ? 0 : 1)),
        );
    }
    for (let at = Math.ceil(y[0] / ticks[1]) * ticks[1]; at <= y[1] + 1e-9; at += ticks[1]) {
      element.append(svg('line', { class: 'tick', y1: toY(at), y2: toY(at), x1: margin, x2: width - margin }));
      if (Math.abs(at) > 1e-9)
        element.append(svg('text', { x: zeroX - 6, y: toY(at) + 4, 'text-anchor': 'end' }, number(at, ticks[1] % 1 === 0 ? 0 : 1)));
    }
  }
  element.append(
    svg('line', { class: 'axis', x1: margin, x2: width - margin, y1: zeroY, y2: zeroY }),
    svg('line', { class: 'axis', x1: zeroX, x2: zeroX, y1: margin, y2: height - margin }),
  );
  const curves = svg('g', { 'clip-path': `url(#${clip})` });
  element.append(curves);
  return {
    element,
    line(kind) {
      const path = svg('path', { class: `curve ${kind}` });
      curves.append(path);
      return (points) =>
        path.setAttribute('d', points.map(([px, py], i) => `${i === 0 ? 'M' : 'L'}${toX(px).toFixed(1)} ${toY(py).toFixed(1)}`).join(''));
    },
    dots(kind) {
      const group = svg('g');
      curves.append(group);
      return (points) => {
        while (group.childElementCount < points.length)
          group.append(svg('circle', { class: `dot ${kind}`, r: kind.includes('small') ? 2.5 : 5 }));
        while (group.childElementCount > points.length) group.lastElementChild!.remove();
        points.forEach(([px, py], i) => {
          group.children[i].setAttribute('cx', toX(px).toFixed(1));
          group.children[i].setAttribute('cy', toY(py).toFixed(1));
        });
      };
    },
    xAt(event) {
      const box = element.getBoundingClientRect();
      const inside = ((event.clientX - box.left) / box.width) * width;
      return Math.max(x[0], Math.min(x[1], x[0] + ((inside - margin) / (width - 2 * margin)) * (x[1] - x[0])));
    },
    label: (text) => element.setAttribute('aria-label', text),
  };
}
