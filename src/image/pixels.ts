import type { Tensor } from '../tensor.ts';

/** Rows of pixels, four bytes each: red, green, blue, alpha. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const COLOURS: readonly number[] = [0, 1, 2];

/**
 * Colours of an image as a batch of one-channel images [colours, 1, height + 2 · rows, width + 2 · columns]. The pixels
 * at its edges are repeated outwards, so that a filter that reaches that far gives a result of the image's own size
 * without a dark frame.
 */
export function toPlanes({ width, height, data }: Image, rows = 0, columns = 0, colours = COLOURS): Tensor {
  const shape = [colours.length, 1, height + 2 * rows, width + 2 * columns];
  const planes = new Float32Array(shape[0] * shape[2] * shape[3]);
  let at = 0;
  for (const colour of colours) {
    for (let y = -rows; y < height + rows; y++) {
      const row = Math.min(Math.max(y, 0), height - 1) * width * 4 + colour;
      const first = data[row];
      const last = data[row + (width - 1) * 4];
      for (let x = 0; x < columns; x++) planes[at++] = first;
      for (let x = 0; x < width; x++) planes[at++] = data[row + x * 4];
      for (let x = 0; x < columns; x++) planes[at++] = last;
    }
  }
  return { shape, data: planes };
}

/** Planes back into the colours of `image`, each value rounded to the nearest byte (halves to even) and held in 0…255. */
export function fromPlanes(planes: Tensor, image: Image, colours = COLOURS): void {
  const { data } = planes;
  const bytes = new Uint8ClampedArray(image.data.buffer, image.data.byteOffset, image.data.byteLength);
  let at = 0;
  for (const colour of colours) for (let to = colour; to < bytes.length; to += 4) bytes[to] = data[at++];
}

/** The channels of [1, channels, height, width] as grey pictures side by side, 0 and less black, each map's maximum white. */
export function toSheet({ shape: [, channels, height, width], data }: Tensor, across: number): Image {
  const sheet = { width: across * width, height: Math.ceil(channels / across) * height };
  const bytes = new Uint8ClampedArray(sheet.width * sheet.height * 4).fill(255);
  for (let channel = 0; channel < channels; channel++) {
    const map = data.subarray(channel * height * width, (channel + 1) * height * width);
    const scale = 255 / map.reduce((most, value) => Math.max(most, value), Number.MIN_VALUE);
    const corner = Math.floor(channel / across) * height * sheet.width + (channel % across) * width;
    for (let i = 0; i < map.length; i++) {
      const at = 4 * (corner + Math.floor(i / width) * sheet.width + (i % width));
      bytes.fill(map[i] * scale, at, at + 3);
    }
  }
  return { ...sheet, data: new Uint8Array(bytes.buffer) };
}
