import { h } from '../ui/dom.ts';

export const PAD_SIDE = 280;
const PEN = 20;
/** One press of an arrow key. */
const STEP = 10;

export interface Pad {
  readonly element: HTMLElement;
  /** Between 0 and 1, row by row, PAD_SIDE squared. */
  ink(): Float32Array;
  clear(): void;
  /** Puts a picture of 28×28 numbers between 0 and 1 where a drawing would be. */
  put(image: Float32Array): void;
}

/** A square to draw in: with a pointer, or with a pen that keys move. */
export function pad(change: () => void): Pad {
  const canvas = h('canvas', {
    width: PAD_SIDE,
    height: PAD_SIDE,
    tabindex: 0,
    role: 'application',
    'aria-label': 'Draw a digit. Arrow keys move the pen, space lowers and lifts it, Delete clears.',
  });
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  const cursor = h('span', { class: 'pen', 'aria-hidden': 'true' });
  let pen = { x: PAD_SIDE / 2, y: PAD_SIDE / 4, down: false };

  const line = (fromX: number, fromY: number, toX: number, toY: number) => {
    context.strokeStyle = '#fff';
    context.lineWidth = PEN;
    context.lineCap = 'round';
    context.lineJoin = 'round';
    context.beginPath();
    context.moveTo(fromX, fromY);
    context.lineTo(toX, toY);
    context.stroke();
    change();
  };
  const place = () => {
    cursor.style.left = `${(pen.x / PAD_SIDE) * 100}%`;
    cursor.style.top = `${(pen.y / PAD_SIDE) * 100}%`;
    cursor.classList.toggle('down', pen.down);
  };
  const clear = () => {
    context.clearRect(0, 0, PAD_SIDE, PAD_SIDE);
    pen = { x: PAD_SIDE / 2, y: PAD_SIDE / 4, down: false };
    place();
    change();
  };

  let last: readonly [number, number] | undefined;
  const point = (event: PointerEvent): readonly [number, number] => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * PAD_SIDE, ((event.clientY - box.top) / box.height) * PAD_SIDE];
  };
  canvas.addEventListener('pointerdown', (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = point(event);
    line(...last, ...last);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (last === undefined) return;
    for (const each of event.getCoalescedEvents?.() ?? [event]) {
      const next = point(each);
      line(...last, ...next);
      last = next;
    }
  });
  for (const end of ['pointerup', 'pointercancel'] as const) canvas.addEventListener(end, () => (last = undefined));
  canvas.addEventListener('keydown', (event) => {
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-STEP, 0],
      ArrowRight: [STEP, 0],
      ArrowUp: [0, -STEP],
      ArrowDown: [0, STEP],
    };
    const move = moves[event.key];
    if (move !== undefined) {
      const to = {
        x: Math.max(0, Math.min(PAD_SIDE, pen.x + move[0])),
        y: Math.max(0, Math.min(PAD_SIDE, pen.y + move[1])),
        down: pen.down,
      };
      if (pen.down) line(pen.x, pen.y, to.x, to.y);
      pen = to;
    } else if (event.key === ' ') {
      pen.down = !pen.down;
      if (pen.down) line(pen.x, pen.y, pen.x, pen.y);
    } else if (event.key === 'Delete' || event.key === 'Backspace') clear();
    else return;
    event.preventDefault();
    place();
  });
  place();

  return {
    element: h('div', { class: 'pad' }, canvas, cursor),
    ink() {
      const { data } = context.getImageData(0, 0, PAD_SIDE, PAD_SIDE);
      return Float32Array.from({ length: PAD_SIDE * PAD_SIDE }, (_, i) => data[4 * i + 3] / 255);
    },
    clear,
    put(image) {
      const side = Math.sqrt(image.length);
      const small = new OffscreenCanvas(side, side);
      const pixels = new ImageData(side, side);
      image.forEach((value, i) => {
        pixels.data.set([255, 255, 255, value * 255], 4 * i);
      });
      small.getContext('2d')!.putImageData(pixels, 0, 0);
      context.clearRect(0, 0, PAD_SIDE, PAD_SIDE);
      context.drawImage(small, 0, 0, PAD_SIDE, PAD_SIDE);
      change();
    },
  };
}
