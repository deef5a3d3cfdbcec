/**
 * An HTTP service that filters images and reads digits, the same file on workerd (workerd.js) and on Node (node.js).
 *
 *   curl --data-binary @in.png localhost:8787/filter/emboss > out.png
 *   curl --data-binary @digit.png localhost:8787/digit          with the weights of a network: digits.js
 *
 * The kernels are compiled, and the engine is made, once an isolate: requests share them. A call is synchronous and leaves
 * nothing behind, so that requests cannot meet in the middle of one.
 */

import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { loadSync } from 'simdconv';
import { filters } from 'simdconv/image';
import { module, weights } from '#files';
import { digitReader, SIDE } from './digits.js';
import { FILTERS } from './filters.js';
import { PngError, readPng, writePng } from './png.js';

const engine = loadSync({ module });
const filter = filters(engine);
const readDigit = weights.byteLength > 0 ? digitReader(engine, weights) : undefined;

const MAX_BYTES = 16 * 2 ** 20;

const service = new Hono();

service.get('/', (c) => c.json({ variant: engine.variant, filters: FILTERS, digits: readDigit !== undefined }));

service.post('/filter/:name', bodyLimit({ maxSize: MAX_BYTES }), async (c) => {
  const name = c.req.param('name');
  if (!FILTERS.includes(name)) return c.text(`expected a filter of ${FILTERS.join(', ')}, got ${name}\n`, 404);
  const image = readPng(new Uint8Array(await c.req.arrayBuffer()));
  return c.body(writePng(filter[name](image)), 200, { 'content-type': 'image/png' });
});

service.post('/digit', bodyLimit({ maxSize: MAX_BYTES }), async (c) => {
  if (readDigit === undefined) return c.text('there is no digits.safetensors: digits.js says how to make it\n', 503);
  const { width, height, channels, data } = readPng(new Uint8Array(await c.req.arrayBuffer()));
  if (width !== SIDE || height !== SIDE) return c.text(`expected ${SIDE}×${SIDE} pixels, got ${width}×${height}\n`, 415);
  return c.json(readDigit(data.filter((_, i) => i % channels === 0)));
});

service.onError((error, c) => {
  if (error instanceof PngError) return c.text(`${error.message}\n`, 415);
  if (typeof error.getResponse === 'function') return error.getResponse();
  console.error(error);
  return c.text('failed\n', 500);
});

export default service;
