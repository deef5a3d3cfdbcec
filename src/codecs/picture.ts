/** Rows of pixels, four bytes each: red, green, blue, alpha. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** The most pixels that are decoded: 16,384 × 8,192. A file of a few bytes can claim billions. */
export const MAX_PIXELS = 2 ** 27;

/** Throws a reason. */
export function checkPixels(width: number, height: number, kind: string): void {
  if (width === 0 || height === 0) throw new Error(`a ${kind} image of ${width}×${height} pixels`);
  if (width * height > MAX_PIXELS) throw new Error(`too large, ${width}×${height} pixels; at most ${MAX_PIXELS} are decoded`);
}
