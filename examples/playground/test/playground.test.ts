import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { PNG } from 'pngjs';
import { load } from 'simdconv';
import { type PreviewServer, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { normalise, SIDE } from '../src/digits/normalise.ts';
import { ImageFilter } from '../src/images/image-filter.ts';
import { kernels } from '../src/images/kernels.ts';

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const SHOTS = file('../../../build/playground/');
const ROUTES = ['images', 'textbook', 'digits', 'benchmark'] as const;
const SIZES = { desktop: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } } as const;
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A camera that shows a test card, and a visitor who lets the page see it.
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

let server: PreviewServer;
let browser: Browser;
let address: string;

beforeAll(async () => {
  await mkdir(SHOTS, { recursive: true });
  server = await preview({ configFile: file('../vite.config.ts'), preview: { port: 0, open: false }, logLevel: 'warn' });
  address = `http://localhost:${(server.httpServer.address() as AddressInfo).port}/`;
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGUMENTS });
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
});

interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the console complained about. */
  readonly complaints: string[];
  [Symbol.asyncDispose](): Promise<void>;
}

interface VisitOptions {
  readonly size?: keyof typeof SIZES;
  readonly scheme?: 'light' | 'dark';
  readonly permissions?: string[];
  /** Is the page to be served without the headers that isolate it? */
  readonly shared?: boolean;
}

async function visit(
  route: string,
  { size = 'desktop', scheme = 'light', permissions = [], shared = false }: VisitOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({
    viewport: SIZES[size],
    colorScheme: scheme,
    permissions,
    hasTouch: size === 'phone',
    isMobile: size === 'phone',
    reducedMotion: 'reduce',
  });
  if (shared) {
    await context.route('**/*', async (request) => {
      const response = await request.fetch();
      const headers = Object.entries(response.headers()).filter(([name]) => !name.startsWith('cross-origin-'));
      await request.fulfill({ response, headers: Object.fromEntries(headers) });
    });
  }
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${address}#/${route}`);
  await page.waitForSelector('main > * h1');
  return {
    page,
    context,
    complaints,
    async [Symbol.asyncDispose]() {
      await context.close();
    },
  };
}

/** The pixels of a canvas. */
async function pixels(page: Page, selector: string): Promise<{ width: number; height: number; data: Uint8ClampedArray }> {
  const { width, height, base64 } = await page.locator(selector).evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    // Read from a copy: browsers advise against reading often from one that is painted.
    const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true })!;
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
    let text = '';
    for (let i = 0; i < data.length; i += 32768) text += String.fromCharCode(...data.subarray(i, i + 32768));
    return { width: canvas.width, height: canvas.height, base64: btoa(text) };
  });
  return { width, height, data: new Uint8ClampedArray(Buffer.from(base64, 'base64')) };
}

/** Have two pictures the same bytes? */
const same = (a: { data: ArrayLike<number> }, b: { data: ArrayLike<number> }) =>
  Buffer.compare(Buffer.from(a.data), Buffer.from(b.data)) === 0;

const BEFORE = '.stage figure:nth-child(1) canvas';
const AFTER = '.stage figure:nth-child(2) canvas';
/** Until the frames that a change asked for are painted. */
const settled = (page: Page) =>
  page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(resolve)))));
/** What a visitor ticks is the label: the radio button lies under it, unseen. */
const choose = (page: Page, name: string, group?: string) =>
  (group === undefined ? page : page.getByRole('group', { name: group })).getByRole('radio', { name, exact: true }).check({ force: true });

describe.each(ROUTES)('the page %s', (route) => {
  describe.each(['desktop', 'phone'] as const)('on a %s', (size) => {
    it.each(['light', 'dark'] as const)('in %s: nothing complains, overflows, is clipped, nameless or faint', async (scheme) => {
      await using visited = await visit(route, { size, scheme });
      const { page, complaints } = visited;
      await page.waitForTimeout(1200);
      await page.screenshot({ path: `${SHOTS}${route}-${size}-${scheme}.png`, fullPage: true });
      const found = await page.evaluate(() => {
        const name = (element: Element) =>
          element.getAttribute('aria-label') ||
          [...((element as HTMLInputElement).labels ?? [])].map((label) => label.textContent).join('') ||
          element.textContent ||
          '';
        const describe = (element: Element) =>
          `${element.tagName.toLowerCase()}.${element.className}: ${element.textContent?.slice(0, 40)}`;
        const visible = (element: Element) => element.getClientRects().length > 0;
        const all = [...document.querySelectorAll('body *')].filter(visible);
        const luminance = (colour: string) => {
          const context = new OffscreenCanvas(1, 1).getContext('2d')!;
          context.fillStyle = colour;
          context.fillRect(0, 0, 1, 1);
          const [r, g, b] = Array.from(context.getImageData(0, 0, 1, 1).data.subarray(0, 3), (byte) => {
            const share = byte / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const ground = (element: Element | null): string => {
          if (element === null) return getComputedStyle(document.body).backgroundColor;
          const colour = getComputedStyle(element).backgroundColor;
          return /^rgba\(.*, 0\)$|transparent/.test(colour) ? ground(element.parentElement) : colour;
        };
        const ownText = (element: Element) =>
          [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent!.trim() !== '');
        const contrast = (element: Element) => {
          const [high, low] = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort((a, b) => b - a);
          return (high + 0.05) / (low + 0.05);
        };
        return {
          overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
          nameless: all
            .filter(
              (element) =>
                element.matches('button, input, select, a, [tabindex="0"], [role="img"]:not([aria-hidden])') && name(element).trim() === '',
            )
            .map(describe),
          clipped: all
            .filter(
              (element) =>
                element.matches('button, .cell, .segmented span, .tiles span, h1, h2, h3, td, th') &&
                element.scrollWidth > element.clientWidth + 1,
            )
            .map(describe),
          faint: all
            .filter(
              (element) => ownText(element) && !element.closest(':disabled, .later, [aria-hidden], option') && contrast(element) < 4.5,
            )
            .map((element) => `${contrast(element).toFixed(1)} ${describe(element)}`),
        };
      });
      expect(found).toEqual({ overflow: 0, nameless: [], clipped: [], faint: [] });
      expect(complaints).toEqual([]);
    });
  });

  it('moves nothing once it is there', async () => {
    await using visited = await visit('images');
    const { page } = visited;
    await page.evaluate(() => {
      const shifts: number[] = [];
      Object.assign(globalThis, { shifts });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[]) shifts.push(entry.value);
      }).observe({ type: 'layout-shift', buffered: true });
    });
    await page.goto(`${address}#/${route}`);
    await page.waitForTimeout(1500);
    const moved = await page.evaluate(() => (globalThis as unknown as { shifts: number[] }).shifts.reduce((sum, value) => sum + value, 0));
    expect(moved).toBeLessThan(0.05);
  });

  it('is reached and used by keys alone: every stop of Tab is seen, in the order of the page', async () => {
    await using visited = await visit(route);
    const { page } = visited;
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.className)).toBe('skip');
    const stops: string[] = [];
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab');
      const stop = await page.evaluate(() => {
        const element = document.activeElement!;
        if (element === document.body) return undefined;
        // A choice shows its focus on the label beside the radio button.
        const shown = element.matches('[type="radio"]')
          ? element.nextElementSibling!
          : element.matches('[type="file"]')
            ? element.parentElement!
            : element;
        const { outlineStyle, outlineWidth } = getComputedStyle(shown);
        return `${element.tagName} ${outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2 ? 'seen' : 'unseen'}`;
      });
      if (stop === undefined) break;
      stops.push(stop);
    }
    expect(stops.length).toBeGreaterThan(7);
    expect(stops.filter((stop) => stop.endsWith('unseen'))).toEqual([]);
  });
});

describe('the frame', () => {
  it('links to every page, marks the one that is shown, and goes back', async () => {
    await using visited = await visit('images');
    const { page } = visited;
    for (const [title, heading] of [
      ['The textbook', 'The textbook'],
      ['Digits', 'Digits'],
      ['Benchmark', 'Benchmark'],
      ['Image kernels', 'Image kernels'],
    ]) {
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: title }).press('Enter');
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
      expect(await page.locator('[aria-current="page"]').textContent()).toBe(title);
      expect(await page.title()).toContain(title);
    }
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: 'Benchmark' }).waitFor();
  });

  it('an unknown address shows the first page, a section is scrolled to', async () => {
    await using visited = await visit('nowhere');
    expect(await visited.page.locator('h1').textContent()).toBe('Image kernels');
    await visited.page.goto(`${address}#/textbook/neuron`);
    await visited.page.waitForFunction(() => scrollY > 1000);
  });

  it('its colours are switched by keys and remembered', async () => {
    await using visited = await visit('images', { scheme: 'light' });
    const { page } = visited;
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.getByRole('radio', { name: 'As the system' }).focus();
    await page.keyboard.press('ArrowRight');
    const dark = await ground();
    expect(dark).not.toBe(light);
    await page.reload();
    await page.waitForSelector('h1');
    expect(await ground()).toBe(dark);
    expect(await page.getByRole('radio', { name: 'Dark' }).isChecked()).toBe(true);
  });
});

describe('image kernels', () => {
  it.each([
    'Wasm',
    'Plain JavaScript',
    'Bit-exact fallback',
  ] as const)('with %s: every kernel by name gives, bit for bit, what Node computes', async (name) => {
    await using visited = await visit('images');
    const { page, complaints } = visited;
    const source = await pixels(page, BEFORE);
    expect([source.width, source.height]).toEqual([512, 512]);
    await choose(page, name, 'Engine');
    // The page's own engine, and the other one: both are to agree.
    const engines = await Promise.all([load({ variant: 'simd' }), load({ variant: 'js' })]);
    for (const [kernel, values] of Object.entries(kernels)) {
      await choose(page, kernel, 'Kernels by name');
      await settled(page);
      const shown = await pixels(page, AFTER);
      for (const engine of engines) {
        const expected = { ...source, data: new Uint8ClampedArray(source.data.length) };
        const filter = new ImageFilter(engine, values);
        filter.run(source, expected);
        filter.dispose();
        expect(`${kernel} ${same(shown, expected)}`).toBe(`${kernel} true`);
      }
    }
    expect(complaints).toEqual([]);
  });

  it('shows the window, the products and the sum of the pixel that keys and the pointer choose', async () => {
    await using visited = await visit('images');
    const { page } = visited;
    await page.locator(AFTER).focus();
    for (const key of ['ArrowRight', 'ArrowDown', 'Shift+ArrowLeft']) await page.keyboard.press(key);
    expect(await page.locator('.inspector').textContent()).toContain('column 247, row 257');
    const box = (await page.locator(BEFORE).boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.25, box.y + box.height * 0.75);
    const place = (await page.locator('.inspector .muted.small').first().textContent())!;
    const [, x, y] = /column (\d+), row (\d+)/.exec(place)!.map(Number);
    const [source, result] = [await pixels(page, BEFORE), await pixels(page, AFTER)];
    const cells = (part: number) =>
      page
        .locator('.products .grid')
        .nth(part)
        .locator('.cell')
        .allTextContents()
        .then((texts) => texts.map((text) => Number(text.replace('−', '-'))));
    const [window, weights, products] = await Promise.all([0, 1, 2].map(cells));
    expect(weights).toEqual(kernels.Edge.weights);
    expect(window).toEqual(Array.from({ length: 9 }, (_, i) => source.data[4 * ((y + Math.floor(i / 3) - 1) * 512 + x + (i % 3) - 1) + 1]));
    expect(products).toEqual(window.map((value, i) => value * weights[i]));
    const sum = products.reduce((total, value) => total + value, 0);
    const formula = (await page.locator('.sum .formula').textContent())!;
    expect(formula).toContain(`Σ = ${String(sum).replace('-', '−')} `);
    expect(Number(await page.locator('.sum .formula b').textContent())).toBe(result.data[4 * (y * 512 + x) + 1]);
  });

  it('takes weights that are typed, other sizes, a divisor and a bias', async () => {
    await using visited = await visit('images');
    const { page } = visited;
    const source = await pixels(page, BEFORE);
    await page.getByLabel('Row 2, column 2').fill('9');
    await page.getByLabel('Divisor').fill('2');
    await page.getByLabel('Added').fill('10');
    await page.getByRole('group', { name: 'Size of the kernel' }).getByRole('radio', { name: '3×3' }).focus();
    await page.keyboard.press('ArrowRight');
    await settled(page);
    expect(await page.locator('.matrix input').count()).toBe(25);
    const expected = { ...source, data: new Uint8ClampedArray(source.data.length) };
    const weights = [0, 0, 0, 0, 0, 0, -1, -1, -1, 0, 0, -1, 9, -1, 0, 0, -1, -1, -1, 0, 0, 0, 0, 0, 0];
    new ImageFilter(await load(), { side: 5, weights, divisor: 2, bias: 10 }).run(source, expected);
    expect(same(await pixels(page, AFTER), expected)).toBe(true);
    await page.screenshot({ path: `${SHOTS}images-5x5.png`, fullPage: true });
    // What is no number, and a divisor of 0, change nothing and are said.
    await page.getByLabel('Row 1, column 1').fill('');
    expect(await page.getByLabel('Row 1, column 1').getAttribute('aria-invalid')).toBe('true');
    await page.getByLabel('Divisor').fill('0');
    expect(await page.getByRole('alert').textContent()).toContain('divided by 0');
    // What the engine refuses is said in its words.
    await page.getByLabel('Row 1, column 1').fill('1e30');
    await page.getByText(/^kernel: expected at most/).waitFor();
  });

  it('times a frame on the engine, in plain JavaScript and on the fallback', async () => {
    await using visited = await visit('images');
    const { page } = visited;
    await settled(page);
    for (const runner of ['Plain JavaScript', 'Bit-exact fallback']) {
      await choose(page, runner, 'Engine');
      await settled(page);
    }
    for (const kind of ['wasm', 'plain', 'js']) expect(await page.locator(`[data-time=${kind}]`).textContent()).toMatch(/^[\d.]+ ms$/);
    expect(await page.locator('.frame-time .verdict').textContent()).toMatch(
      /^(Wasm|Plain JavaScript) is [\d.]+× as fast as (plain JavaScript|Wasm)\.$/,
    );
  });

  it('opens a picture of one’s own, and says what is none', async () => {
    await using visited = await visit('images');
    const { page, complaints } = visited;
    const picture = new PNG({ width: 37, height: 23 });
    picture.data.forEach((_, i) => {
      picture.data[i] = i % 4 === 3 ? 255 : (i * 7) % 256;
    });
    await page
      .getByLabel('Open a picture of your own')
      .setInputFiles({ name: 'own.png', mimeType: 'image/png', buffer: PNG.sync.write(picture) });
    await page.getByText('Before, 37 × 23').waitFor();
    await settled(page);
    const source = await pixels(page, BEFORE);
    expect(same(source, picture)).toBe(true);
    const expected = { ...source, data: new Uint8ClampedArray(source.data.length) };
    new ImageFilter(await load(), kernels.Edge).run(source, expected);
    expect(same(await pixels(page, AFTER), expected)).toBe(true);
    await page
      .getByLabel('Open a picture of your own')
      .setInputFiles({ name: 'broken.png', mimeType: 'image/png', buffer: Buffer.from('no picture') });
    await page.getByText('“broken.png” is not a picture that this browser can read.').waitFor();
    await choose(page, 'Drawing', 'Sample');
    await page.getByText('Before, 512 × 512').waitFor();
    expect(complaints).toEqual([]);
  });

  it('filters a camera’s pictures as they come', async () => {
    await using visited = await visit('images', { permissions: ['camera'] });
    const { page, complaints } = visited;
    await page.getByRole('button', { name: 'Webcam' }).press('Enter');
    await page.getByText('Before, 640 × 480').waitFor();
    const first = await pixels(page, AFTER);
    await page.waitForTimeout(600);
    const second = await pixels(page, AFTER);
    expect(same(first, second)).toBe(false);
    await page.screenshot({ path: `${SHOTS}images-camera.png` });
    await page.getByRole('button', { name: 'Stop webcam' }).press('Enter');
    await page.getByRole('button', { name: 'Webcam', exact: true }).waitFor();
    expect(complaints).toEqual([]);
  });
});

describe('the textbook', () => {
  it('matches an X as the chapter prints it, window by window', async () => {
    await using visited = await visit('textbook');
    const { page } = visited;
    const row = async (begin: number) =>
      (await page.locator('.matching .result .cell').allTextContents())
        .slice(begin, begin + 7)
        .join(' ')
        .replaceAll('−', '-');
    expect(await row(0)).toBe('0.77 -0.11 0.11 0.33 0.55 -0.11 0.33');
    expect(await row(7)).toBe('-0.11 1.00 -0.11 0.33 -0.11 0.11 -0.11');
    const formula = page.locator('.matching .formula');
    expect(await formula.textContent()).toBe('Σ = 9,  9 ÷ 9 = 1.00 — a match');
    await page.locator('.matching .picture').focus();
    for (const key of ['ArrowUp', 'ArrowLeft']) await page.keyboard.press(key);
    expect(await formula.textContent()).toBe('Σ = 7,  7 ÷ 9 = 0.77');
    await page.keyboard.press(' ');
    expect(await formula.textContent()).toBe('Σ = 5,  5 ÷ 9 = 0.55');
    await choose(page, 'An O', 'Picture');
    const verdicts = Object.fromEntries(
      await page
        .locator('#matching tbody tr')
        .evaluateAll((rows) => rows.map((each) => [each.querySelector('th')!.textContent, each.lastElementChild!.textContent])),
    );
    expect(verdicts).toEqual({ 'An X': 'an X', Moved: 'an X', Tilted: 'an X', Thick: 'an X', 'Short stroke': 'an X', 'An O': 'no X' });
    await page.getByRole('button', { name: 'Play the windows' }).first().press('Enter');
    await page.getByRole('button', { name: 'Pause the windows' }).waitFor();
  });

  it('counts windows as conv2d does, and shows what it refuses', async () => {
    await using visited = await visit('textbook');
    const { page } = visited;
    const section = page.locator('#windows');
    expect(await section.textContent()).toContain('engine.conv2d gives the shape [1, 1, 4, 4].');
    expect(await section.locator('.out i').count()).toBe(16);
    await section.getByLabel('Stride S').press('ArrowLeft');
    expect(await section.locator('.formula b').textContent()).toBe('7');
    expect(await section.locator('.out i').count()).toBe(49);
    await section.getByLabel('Padding P').press('Home');
    await section.getByLabel('Input I').press('Home');
    await section.getByLabel('Kernel K').press('End');
    expect(await section.textContent()).toContain('engine.conv2d refuses');
    await section.getByRole('button', { name: 'Step' }).press('Enter');
  });

  it('plots each activation and its derivative', async () => {
    await using visited = await visit('textbook');
    const { page } = visited;
    const section = page.locator('#activations');
    const values = async () =>
      [...(await section.locator('.readout').textContent())!.replaceAll('−', '-').matchAll(/= (-?[\d.]+)/g)].map(([, value]) =>
        Number(value),
      );
    await section.getByLabel('x', { exact: true }).fill('-2');
    for (const [name, value, slope] of [
      ['ReLU', 0, 0],
      ['Leaky ReLU', -0.4, 0.2],
      ['RReLU', -0.458, 0.229],
      ['Sigmoid', 0.119, 0.105],
      ['Tanh', -0.964, 0.071],
      ['ELU', -0.865, 0.135],
      ['Softplus', 0.127, 0.119],
      ['Softsign', -0.667, 0.111],
      ['SiLU', -0.238, -0.091],
      ['GELU', -0.046, -0.085],
      ['Mish', -0.253, -0.108],
      ['Hard sigmoid', 0.1, 0.2],
      ['SELU', -1.52, 0.238],
    ] as const) {
      await choose(page, name, 'Activation');
      expect([name, ...(await values())]).toEqual([name, -2, value, slope]);
    }
    await section.screenshot({ path: `${SHOTS}textbook-activations.png` });
  });

  it('trains a ReLU to death, and a leaky one to the end', async () => {
    await using visited = await visit('textbook');
    const { page } = visited;
    const section = page.locator('#neuron');
    await section.getByRole('button', { name: 'Play the training' }).press('Enter');
    await section.getByText('Step 300 of 300').waitFor();
    expect(await section.locator('.verdict').allTextContents()).toEqual([
      expect.stringMatching(/^Dead since step \d+: every gradient is exactly 0/),
      'Learned.',
    ]);
    await section.screenshot({ path: `${SHOTS}textbook-neuron.png` });
    await section.getByRole('button', { name: 'Begin again' }).press('Enter');
    await section.getByText('Step 0 of 300').waitFor();
  });
});

const answered = (page: Page, digit: number) => page.locator('.answer b', { hasText: String(digit) }).waitFor({ timeout: 10_000 });

describe('digits', () => {
  it('a drawing is fitted into 20×20 and centred by its mass', () => {
    const side = 280;
    const ink = new Float32Array(side * side);
    for (let y = 30; y < 90; y++) ink.fill(1, y * side + 200, y * side + (y < 50 ? 260 : 220));
    const digit = normalise(ink, side)!;
    let [mass, x, y] = [0, 0, 0];
    const columns = new Set<number>();
    digit.forEach((value, i) => {
      mass += value;
      x += value * ((i % SIDE) + 0.5);
      y += value * (Math.floor(i / SIDE) + 0.5);
      if (value > 0) columns.add(i % SIDE);
    });
    expect(columns.size).toBe(20);
    expect(Math.abs(x / mass - SIDE / 2)).toBeLessThanOrEqual(0.5);
    expect(Math.abs(y / mass - SIDE / 2)).toBeLessThanOrEqual(0.5);
    expect(Math.max(...digit)).toBeCloseTo(1, 5);
    expect(normalise(new Float32Array(side * side), side)).toBeUndefined();
  });

  it('answers every sample rightly, with the maps of every layer', async () => {
    await using visited = await visit('digits');
    const { page, complaints } = visited;
    const layers = await page
      .locator('.layer')
      .evaluateAll((all) => all.map((layer) => `${(layer as HTMLElement).dataset.name} ${layer.querySelectorAll('canvas').length}`));
    expect(layers).toEqual(['Input 1', 'C1 6', 'S2 6', 'C3 16', 'S4 16', 'C5 1', 'F6 1', 'Output 1']);
    for (let digit = 0; digit < 10; digit++) {
      await page.getByRole('button', { name: `Take a sample of ${digit}` }).press('Enter');
      await answered(page, digit);
    }
    const percent = (await page.locator('.bars .value').allTextContents()).map((text) => Number.parseFloat(text));
    expect(percent.reduce((sum, value) => sum + value, 0)).toBeCloseTo(100, 0);
    expect(complaints).toEqual([]);
  });

  it('is drawn upon with a pointer and with keys', async () => {
    await using visited = await visit('digits');
    const { page } = visited;
    await page.getByRole('button', { name: 'Clear' }).press('Enter');
    await settled(page);
    const seen = async () => (await pixels(page, '.aside .panel > canvas')).data.filter((value, i) => i % 4 === 0 && value > 128).length;
    const box = (await page.locator('.pad canvas').boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.15);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height * 0.85, { steps: 8 });
    await page.mouse.up();
    await answered(page, 1);
    expect(await seen()).toBeGreaterThan(20);
    await page.locator('.pad canvas').focus();
    await page.keyboard.press('Delete');
    await settled(page);
    expect(await seen()).toBe(0);
    await page.keyboard.press(' ');
    for (let i = 0; i < 14; i++) await page.keyboard.press('ArrowDown');
    await page.keyboard.press(' ');
    await answered(page, 1);
    await page.screenshot({ path: `${SHOTS}digits-drawn.png` });
  });
});

describe('the benchmark', () => {
  it('measures every variant, threads too, while the page lives, and is copied', async () => {
    await using visited = await visit('benchmark', { permissions: ['clipboard-read', 'clipboard-write'] });
    const { page, complaints } = visited;
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    expect(await page.locator('[data-fact=Threads]').textContent()).toContain('available');
    await page.getByRole('button', { name: 'Run' }).press('Enter');
    await page.getByText(/^\d+ of 35: /).waitFor();
    const frames = await page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          let count = 0;
          const end = performance.now() + 1000;
          const next = () => {
            if (performance.now() >= end) return resolve(count);
            count++;
            requestAnimationFrame(next);
          };
          next();
        }),
    );
    expect(frames).toBeGreaterThan(10);
    await page.getByText('Done.').waitFor({ timeout: 100_000 });
    await page.screenshot({ path: `${SHOTS}benchmark-done.png`, fullPage: true });
    expect(await page.locator('.bar.measured').count()).toBe(35);
    expect(await page.locator('.bar.threads .name').first().textContent()).toMatch(/^\d+ threads$/);
    expect(await page.getByText('14 of 14 results of simd are, bit for bit, those of the fallback.').count()).toBe(1);
    const text = await page.locator('.report').textContent();
    expect(text).toMatch(/^simdconv \d+\.\d+\.\d+, \S+ \d+ on \S+, \d+ processors, cross-origin isolated\n/);
    expect(text).toMatch(/plain JavaScript +bit-exact fallback +Wasm, simd +Wasm, relaxed-simd +Wasm, simd, \d+ threads/);
    await page.getByRole('button', { name: 'Copy' }).press('Enter');
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(text);
    expect(complaints).toEqual([]);
  });

  it('is stopped by the same button', async () => {
    await using visited = await visit('benchmark');
    const { page } = visited;
    await page.getByRole('button', { name: 'Run' }).press('Enter');
    await page.getByRole('button', { name: 'Stop' }).press('Enter');
    await page.getByText('Stopped.').waitFor();
    await page.getByRole('button', { name: 'Run' }).waitFor();
  });

  it('says where there are no threads, and measures the rest', async () => {
    await using visited = await visit('benchmark', { shared: true });
    const { page } = visited;
    expect(await page.locator('[data-fact=Threads]').textContent()).toContain('not cross-origin isolated');
    await page.getByRole('button', { name: 'Run' }).press('Enter');
    await page.getByText(/^\d+ of 28: /).waitFor();
    expect(await page.locator('.bar.threads .value').first().textContent()).toBe('not here');
  });
});
