import { inputPoints2, outputPoints2 } from './winograd-2.ts';
import { inputPoints4, outputPoints4 } from './winograd-4.ts';
import { inputPoints6, outputPoints6 } from './winograd-6.ts';

/** One dimension of a transform: floats `fromStep` apart to floats `toStep` apart. */
type Pass = (from: Float32Array, at: number, fromStep: number, to: Float32Array, toAt: number, toStep: number) => void;

export function inputPass(size: number): Pass {
  return size === 2 ? inputPoints2 : size === 4 ? inputPoints4 : inputPoints6;
}

export function outputPass(size: number): Pass {
  return size === 2 ? outputPoints2 : size === 4 ? outputPoints4 : outputPoints6;
}
