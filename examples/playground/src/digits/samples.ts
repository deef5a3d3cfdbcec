import base64 from 'virtual:digit-samples';
import { SIDE } from './normalise.ts';

/** Ten digits of MNIST's test set, 0 to 9, between 0 and 1. */
export const samples: readonly Float32Array[] = Array.from({ length: 10 }, (_, digit) => {
  const text = atob(base64);
  return Float32Array.from({ length: SIDE * SIDE }, (_, i) => text.charCodeAt(digit * SIDE * SIDE + i) / 255);
});
