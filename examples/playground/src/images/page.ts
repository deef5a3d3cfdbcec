import { engineOf } from '../engines.ts';
import type { Page } from '../page.ts';
import { button, numberBox, segmented } from '../ui/controls.ts';
import { h } from '../ui/dom.ts';
import { frameTime, RUNNERS, type Runner } from './frame-time.ts';
import { glyph } from './glyph.ts';
import { ImageFilter } from './image-filter.ts';
import { inspector } from './inspector.ts';
import { kernels, type PictureKernel, resized, SIDES } from './kernels.ts';
import { matrixEditor } from './matrix.ts';
import { PlainFilter } from './plain-filter.ts';
import { type Camera, camera, decoded, type Still, still } from './source.ts';
import { stage } from './stage.ts';

/** A still picture is filtered again and again, for so long and so often, so that its time is one of a warm engine. */
const MEASURE_MS = 1000;
const MEASURE_FRAMES = 9;
/** What a browser has just loaded it runs slowly, before it compiles it well. */
const WARM_MS = 80;

export async function create(): Promise<Page> {
  const engines = { wasm: await engineOf('wasm'), js: await engineOf('js') };
  let kind: Runner = 'wasm';
  let kernel: PictureKernel = kernels.Edge;
  const filterOf = () => (kind === 'plain' ? new PlainFilter(kernel) : new ImageFilter(engines[kind], kernel));
  let filter = filterOf();
  let source = await still('baboon');
  let film: Camera | undefined;
  let ended = false;
  let measureUntil = 0;
  let scheduled = 0;

  const notice = h('p', { class: 'notice bad', role: 'alert' });
  const times = frameTime();
  const one = inspector();
  const view = stage(() => one.show(source, view.result, kernel, view.x, view.y));

  /** One frame, timed; false where the engine refuses the kernel. */
  const run = (): boolean => {
    const begin = performance.now();
    try {
      filter.run(source, view.result);
      times.add(kind, performance.now() - begin);
      return true;
    } catch (error) {
      notice.textContent = (error as Error).message;
      return false;
    }
  };
  const frame = () => {
    scheduled = 0;
    if (ended) return;
    const next = film?.frame();
    if (next !== undefined) source = next;
    if (next !== undefined || film === undefined) {
      if (next !== undefined) view.source(source);
      if (run()) {
        view.paint();
        one.show(source, view.result, kernel, view.x, view.y);
      }
    }
    const more = performance.now() < measureUntil || (notice.textContent === '' && times.count(kind) < MEASURE_FRAMES);
    if (film !== undefined || more) schedule();
  };
  const schedule = () => {
    if (scheduled === 0) scheduled = requestAnimationFrame(frame);
  };
  const measure = () => {
    measureUntil = performance.now() + MEASURE_MS;
    schedule();
  };
  const rebuild = (same = false) => {
    filter.dispose();
    filter = filterOf();
    if (!same) times.clear();
    view.mark(kernel);
    measure();
  };

  const sides = segmented(
    'Size of the kernel',
    SIDES.map((side) => ({ value: side as number, label: `${side}×${side}` })),
    kernel.side,
    (side) => edit(resized(kernel, side)),
  );
  const names = segmented(
    'Kernels by name',
    Object.entries(kernels).map(([name, value]) => ({ value: name, label: h('span', { class: 'tile' }, glyph(value), name), name })),
    'Edge',
    (name) => edit(kernels[name], name),
    'tiles',
  );
  const matrix = matrixEditor((weights) => edit({ ...kernel, weights }));
  const divisor = numberBox('Divisor', kernel.divisor, (value) => {
    if (value === 0) {
      notice.textContent = 'Nothing can be divided by 0: the divisor stays as it was.';
      return;
    }
    edit({ ...kernel, divisor: value });
  });
  const bias = numberBox('Added', kernel.bias, (value) => edit({ ...kernel, bias: value }));

  function edit(to: PictureKernel, name?: string): void {
    kernel = to;
    notice.textContent = '';
    names.show(name);
    sides.show(kernel.side);
    matrix.show(kernel);
    divisor.set(kernel.divisor);
    bias.set(kernel.bias);
    rebuild();
  }

  const webcam = button('Webcam', () => void (film === undefined ? startCamera() : stopCamera()));
  webcam.setAttribute('aria-pressed', 'false');
  const stopCamera = () => {
    film?.stop();
    film = undefined;
    webcam.setAttribute('aria-pressed', 'false');
    webcam.textContent = 'Webcam';
  };
  const startCamera = async () => {
    notice.textContent = '';
    try {
      const started = await camera();
      if (ended) {
        started.stop();
        return;
      }
      film = started;
      webcam.setAttribute('aria-pressed', 'true');
      webcam.textContent = 'Stop webcam';
      stills.show(undefined);
      times.clear();
      schedule();
    } catch (error) {
      notice.textContent = (error as Error).message;
    }
  };
  const open = async (picture: Promise<ImageData>) => {
    notice.textContent = '';
    try {
      const image = await picture;
      stopCamera();
      source = image;
      view.source(source);
      times.clear();
      measure();
    } catch (error) {
      notice.textContent = (error as Error).message;
    }
  };
  const stills = segmented<Still>(
    'Sample',
    [
      { value: 'baboon', label: 'Photograph' },
      { value: 'drawing', label: 'Drawing' },
    ],
    'baboon',
    (name) => void open(still(name)),
  );
  const openFile = (file: File | null | undefined) => {
    if (file == null) return;
    stills.show(undefined);
    void open(decoded(file));
  };
  const file = h('input', {
    type: 'file',
    accept: 'image/*',
    'aria-label': 'Open a picture of your own',
    onchange: () => {
      openFile(file.files?.item(0));
      file.value = '';
    },
  });

  const engineChoice = segmented<Runner>(
    'Engine',
    (Object.keys(RUNNERS) as Runner[]).map((value) => ({ value, label: RUNNERS[value] })),
    kind,
    (to) => {
      kind = to;
      rebuild(true);
    },
  );
  if (engines.wasm.variant === 'js')
    notice.textContent = `No WebAssembly here: ${engines.wasm.notes.join('; ')}. The first switch runs the fallback.`;

  const element = h(
    'div',
    { class: 'images' },
    h(
      'div',
      { class: 'page-head' },
      h('h1', {}, 'Image kernels'),
      h(
        'p',
        { class: 'lede' },
        'A small square of weights slides over a picture. At each pixel: multiply, add up, write the sum. Which weights decides what is seen.',
      ),
    ),
    notice,
    h(
      'div',
      { class: 'bench' },
      h(
        'div',
        { class: 'stack controls' },
        names.element,
        h('div', { class: 'row spread' }, h('h3', {}, 'Weights'), sides.element),
        matrix.element,
        h('div', { class: 'pair' }, divisor.element, bias.element),
      ),
      h(
        'div',
        { class: 'stack' },
        h('div', { class: 'row' }, stills.element, h('label', { class: 'file' }, 'Open…', file), webcam),
        view.element,
        h('div', { class: 'panel engine' }, engineChoice.element, times.element),
      ),
    ),
    one.element,
  );
  element.addEventListener('dragover', (event) => {
    event.preventDefault();
    element.classList.add('dropping');
  });
  element.addEventListener('dragleave', () => element.classList.remove('dropping'));
  element.addEventListener('drop', (event) => {
    event.preventDefault();
    element.classList.remove('dropping');
    openFile(event.dataTransfer?.files.item(0));
  });

  matrix.show(kernel);
  view.mark(kernel);
  view.source(source);
  for (const end = performance.now() + WARM_MS; performance.now() < end; ) filter.run(source, view.result);
  view.paint();
  one.show(source, view.result, kernel, view.x, view.y);
  measure();

  return {
    element,
    dispose() {
      ended = true;
      cancelAnimationFrame(scheduled);
      film?.stop();
      filter.dispose();
    },
  };
}
