/** Side of the digits of MNIST, and of the box that they are fitted into. */
export const SIDE = 28;
const BOX = 20;

interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function boundsOf(ink: Float32Array, side: number): Bounds | undefined {
  let [left, top, right, bottom] = [side, side, -1, -1];
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      if (ink[y * side + x] < 0.05) continue;
      left = Math.min(left, x);
      right = Math.max(right, x);
      top = Math.min(top, y);
      bottom = Math.max(bottom, y);
    }
  }
  return right < 0 ? undefined : { left, top, width: right - left + 1, height: bottom - top + 1 };
}

/**
 * A drawing as MNIST's digits were made: its bounds fitted into 20×20 pixels at its own aspect ratio, its centre of mass put in
 * the centre of 28×28. Undefined for an empty drawing.
 *
 * @param ink of `side` squared pixels, 0 to 1
 */
export function normalise(ink: Float32Array, side: number): Float32Array | undefined {
  const bounds = boundsOf(ink, side);
  if (bounds === undefined) return undefined;
  // Pixels of the drawing that one of the digit's covers, along each axis.
  const scale = Math.max(bounds.width, bounds.height) / BOX;
  const columns = Math.max(1, Math.round(bounds.width / scale));
  const rows = Math.max(1, Math.round(bounds.height / scale));
  const small = new Float32Array(rows * columns);
  let [mass, massX, massY] = [0, 0, 0];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const mean = meanOf(ink, side, bounds.left + column * scale, bounds.top + row * scale, scale);
      small[row * columns + column] = mean;
      mass += mean;
      massX += mean * (column + 0.5);
      massY += mean * (row + 0.5);
    }
  }
  const shiftX = Math.round(SIDE / 2 - massX / mass);
  const shiftY = Math.round(SIDE / 2 - massY / mass);
  const digit = new Float32Array(SIDE * SIDE);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const y = row + shiftY;
      const x = column + shiftX;
      if (y >= 0 && x >= 0 && y < SIDE && x < SIDE) digit[y * SIDE + x] = small[row * columns + column];
    }
  }
  return digit;
}

/** The mean of a square of `extent`, pixels at its edges counted by how much of them it covers. */
function meanOf(ink: Float32Array, side: number, left: number, top: number, extent: number): number {
  let sum = 0;
  for (let y = Math.floor(top); y < top + extent && y < side; y++) {
    const high = Math.min(y + 1, top + extent) - Math.max(y, top);
    for (let x = Math.floor(left); x < left + extent && x < side; x++) {
      sum += ink[y * side + x] * high * (Math.min(x + 1, left + extent) - Math.max(x, left));
    }
  }
  return sum / (extent * extent);
}
