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
import { HTTPException } from 'hono/http-exception';
import { loadSync, OptionError, ShapeError } from 'simdconv';
import { filters } from 'simdconv/image';
import { module, weights } from '#files';
import { MAX_PIXELS, maxFileBytes, PngError } from './chunks.js';
import { digitReader, SIDE } from './digits.js';
import { FILTERS } from './filters.js';
import { readPng, writePng } from './png.js';

const engine = loadSync({ module });
const filter = filters(engine);
const readDigit = weights.byteLength > 0 ? digitReader(engine, weights) : undefined;

/** The body of a request. Too long, it is answered with 413; broken off, which every host reports in its own way, with 400. */
async function bodyOf(c, maxSize) {
  let body;
  try {
    await bodyLimit({ maxSize })(c, async () => {
      body = await c.req.arrayBuffer();
    });
  } catch (cause) {
    throw cause instanceof HTTPException ? cause : new HTTPException(400, { message: 'the body breaks off\n', cause });
  }
  return new Uint8Array(body);
}

const service = new Hono();

service.get('/', (c) => c.json({ variant: engine.variant, filters: FILTERS, digits: readDigit !== undefined }));

service.post('/filter/:name', async (c) => {
  const name = c.req.param('name');
  if (!FILTERS.includes(name)) return c.text(`expected a filter of ${FILTERS.join(', ')}, got ${name}\n`, 404);
  const image = readPng(await bodyOf(c, maxFileBytes(MAX_PIXELS)));
  return c.body(writePng(filter[name](image)), 200, { 'content-type': 'image/png' });
});

service.post('/digit', async (c) => {
  if (readDigit === undefined) return c.text('there is no digits.safetensors: digits.js says how to make it\n', 503);
  const { width, height, channels, data } = readPng(await bodyOf(c, maxFileBytes(SIDE * SIDE)));
  if (width !== SIDE || height !== SIDE) return c.text(`expected ${SIDE}×${SIDE} pixels, got ${width}×${height}\n`, 415);
  return c.json(readDigit(data.filter((_, i) => i % channels === 0)));
});

/** What a client has done wrong. An image that a filter cannot take (one of two channels has no grey) is among it. */
const REFUSALS = [PngError, ShapeError, OptionError];

service.onError((error, c) => {
  if (REFUSALS.some((type) => error instanceof type)) return c.text(`${error.message}\n`, 415);
  if (error instanceof HTTPException) return error.getResponse();
  console.error(error);
  return c.text('failed\n', 500);
});

export default service;
