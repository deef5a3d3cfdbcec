/** How work is cut. */

export const roundUp = (n: number, multiple: number): number => Math.ceil(n / multiple) * multiple;

/** `total` cut into equal parts of at most `most`. */
export function evenBlock(total: number, most: number, multiple: number): number {
  return roundUp(Math.ceil(total / Math.ceil(total / most)), multiple);
}
