import { random } from '../random.ts';

/** Where a generator's choices come from: everything that it draws is a whole number, so that a seed or fast-check can give it. */
export class Source {
  readonly #draw: (least: number, most: number) => number;
  readonly #drawn: number[] = [];

  constructor(draw: (least: number, most: number) => number) {
    this.#draw = draw;
  }

  /** Draws from a generator of this repository, which no other package's version can change. */
  static seeded(seed: number): Source {
    const next = random(seed);
    return new Source((least, most) => least + Math.floor(next() * (most - least + 1)));
  }

  /** A whole number from `least` to `most`, both included. Generators put what is simplest first: fast-check shrinks towards it. */
  int(least: number, most: number): number {
    const drawn = this.#draw(least, most);
    this.#drawn.push(drawn);
    return drawn;
  }

  pick<const T extends readonly unknown[]>(...from: T): T[number] {
    return from[this.int(0, from.length - 1)];
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.int(0, n - 1) === n - 1;
  }

  /** For something large that one number describes, such as the floats of a tensor. */
  seed(): number {
    return this.int(0, 2 ** 31 - 1);
  }

  /** A source that gives everything that was drawn from this one, once more. */
  again(): Source {
    const drawn = [...this.#drawn];
    let at = 0;
    return new Source((least, most) => Math.min(most, Math.max(least, drawn[at++] ?? least)));
  }
}
