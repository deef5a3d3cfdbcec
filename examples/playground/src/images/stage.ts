import { h } from '../ui/dom.ts';
import type { PictureKernel } from './kernels.ts';

export interface Stage {
  readonly element: HTMLElement;
  readonly result: ImageData;
  /** The pixel that is looked at. */
  readonly x: number;
  readonly y: number;
  /** Another picture, or the next frame of a video. */
  source(image: ImageData): void;
  /** Paints `result`. */
  paint(): void;
  mark(kernel: PictureKernel): void;
}

/** Never smaller on the screen than this, or it would not be seen. */
const MARK_PX = 15;

/** The picture before and after. A pointer over either, or arrow keys, choose a pixel. */
export function stage(look: () => void): Stage {
  const canvases = ['Before', 'After'].map((name) =>
    h('canvas', {
      width: 512,
      height: 512,
      tabindex: 0,
      role: 'application',
      'aria-label': `${name}. Arrow keys move the pixel that is looked at, with Shift by ten.`,
    }),
  );
  const marks = canvases.map(() => h('span', { class: 'mark', 'aria-hidden': 'true' }));
  const captions = ['Before', 'After'].map((name) => h('figcaption', {}, name));
  let result = new ImageData(512, 512);
  let x = 256;
  let y = 256;
  let side = 3;

  const place = () => {
    canvases.forEach((canvas, i) => {
      const scale = canvas.clientWidth / canvas.width;
      const size = Math.max(MARK_PX, side * scale);
      marks[i].style.cssText =
        `width:${size}px;height:${size}px;left:${(x + 0.5) * scale - size / 2}px;top:${(y + 0.5) * scale - size / 2}px`;
    });
  };
  const go = (toX: number, toY: number) => {
    x = Math.max(0, Math.min(result.width - 1, Math.floor(toX)));
    y = Math.max(0, Math.min(result.height - 1, Math.floor(toY)));
    place();
    look();
  };
  for (const canvas of canvases) {
    const point = (event: PointerEvent) => {
      const box = canvas.getBoundingClientRect();
      go(((event.clientX - box.left) / box.width) * canvas.width, ((event.clientY - box.top) / box.height) * canvas.height);
    };
    canvas.addEventListener('pointermove', point);
    canvas.addEventListener('pointerdown', point);
    canvas.addEventListener('keydown', (event) => {
      const step = event.shiftKey ? 10 : 1;
      const moves: Readonly<Record<string, readonly [number, number]>> = {
        ArrowLeft: [-step, 0],
        ArrowRight: [step, 0],
        ArrowUp: [0, -step],
        ArrowDown: [0, step],
      };
      const move = moves[event.key];
      if (move === undefined) return;
      event.preventDefault();
      go(x + move[0], y + move[1]);
    });
  }
  new ResizeObserver(place).observe(canvases[0]);
  const [before, after] = canvases.map((canvas) => canvas.getContext('2d')!);
  const element = h(
    'div',
    { class: 'stage' },
    ...canvases.map((canvas, i) => h('figure', {}, h('div', { class: 'frame' }, canvas, marks[i]), captions[i])),
  );

  return {
    element,
    get result() {
      return result;
    },
    get x() {
      return x;
    },
    get y() {
      return y;
    },
    source(image) {
      if (image.width !== result.width || image.height !== result.height) {
        x = Math.floor((x / result.width) * image.width);
        y = Math.floor((y / result.height) * image.height);
        result = new ImageData(image.width, image.height);
        for (const canvas of canvases) Object.assign(canvas, { width: image.width, height: image.height });
        place();
      }
      captions[0].textContent = `Before, ${image.width} × ${image.height}`;
      before.putImageData(image, 0, 0);
    },
    paint: () => after.putImageData(result, 0, 0),
    mark(kernel) {
      side = kernel.side;
      captions[1].textContent = `After, ${kernel.side} × ${kernel.side} kernel`;
      place();
    },
  };
}
