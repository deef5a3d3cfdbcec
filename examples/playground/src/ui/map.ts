/** Colours of a map in a canvas. They are the page's own (--warm, --cold) over black, whatever the theme: a map is a picture. */
const WARM = [240, 134, 79] as const;
const COLD = [77, 159, 234] as const;

/** Numbers as pixels: `most` and more is the full colour. */
export function paintMap(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  width: number,
  most: number,
  kind: 'signed' | 'grey' = 'signed',
): void {
  const height = values.length / width;
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const image = new ImageData(width, height);
  for (let i = 0; i < values.length; i++) {
    const much = most === 0 ? 0 : Math.min(1, Math.abs(values[i]) / most);
    const colour = kind === 'grey' ? ([255, 255, 255] as const) : values[i] < 0 ? COLD : WARM;
    for (let channel = 0; channel < 3; channel++)
      image.data[4 * i + channel] = kind === 'grey' ? colour[channel] * much : 14 + (colour[channel] - 14) * much;
    image.data[4 * i + 3] = 255;
  }
  canvas.getContext('2d')!.putImageData(image, 0, 0);
}
