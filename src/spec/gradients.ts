import { OptionError, ShapeError } from '../errors.ts';
import type { Result } from '../tensor/result.ts';
import type { ResidentLike, Tensor } from '../tensor/tensor.ts';
import { known, out, sameShape, show, tensor } from './check.ts';

/** What operators with several gradients have in common: which are wanted, and where they go. */
export interface GradientOptions<N extends string> {
  /** Gradients that are not computed: `undefined` in the result. */
  readonly skip?: readonly N[];
  /** Where gradients go, instead of new tensors. */
  readonly out?: { readonly [K in N]?: Tensor };
}

/** Tensors that gradients go to, by name. */
export type GradientTargets<N extends string> = { readonly [K in N]?: Tensor };

/** Where gradients go: each is then what the operator returns. */
export interface GradientsOut<G> {
  /** By the names of the gradients. */
  readonly out?: G;
}

/** A gradient that was skipped is `undefined`. One that is not given in `G`, of `out`, lives where the operand `T` lives. */
export type Gradients<N extends string, T extends Tensor = Tensor, G = Record<never, never>> = {
  readonly [K in N]: (K extends keyof G ? NonNullable<G[K]> : ResidentLike<T>) | undefined;
};

/** One tensor of each name: that of `out` where it is given, else one that lives where the operand `T` lives. */
export type NamedResults<N extends string, T extends Tensor = Tensor, G = Record<never, never>> = {
  readonly [K in N]: K extends keyof G ? NonNullable<G[K]> : ResidentLike<T>;
};

export type Wanted<N extends string> = { readonly [K in N]?: Result };

/**
 * The gradients that are wanted, each with its shape, apart from every operand and from each other. The one that is `over` the
 * first operand may take its place.
 */
export function wantedGradients<N extends string>(
  { skip, out: given }: GradientOptions<N>,
  shapes: { readonly [K in N]: readonly number[] },
  operands: Readonly<Record<string, Tensor | undefined>>,
  over?: N,
): Wanted<N> {
  const names = Object.keys(shapes) as N[];
  if (skip !== undefined && !(Array.isArray(skip) && skip.every((name) => names.includes(name)))) {
    throw new OptionError('options.skip', show(skip), `an array of ${names.map(show).join(', ')}`);
  }
  const targets = known('out', given, names) as Readonly<Record<string, Tensor | undefined>>;
  const wanted: { [K in N]?: Result } = {};
  const before = { ...operands };
  for (const name of names) {
    if (skip?.includes(name)) {
      if (targets[name] !== undefined) throw new OptionError(`out.${name}`, 'a tensor', 'nothing, since it is skipped');
      continue;
    }
    const target = out(targets[name], shapes[name], before, name === over, `out.${name}`);
    wanted[name] = { shape: shapes[name], out: target };
    if (target !== undefined) before[`out.${name}`] = target;
  }
  return wanted;
}

/** The gradient of a result, which has that result's shape: any rank and any size, empty too. */
export function checkGradient(dy: Tensor, shape: readonly number[]): void {
  tensor('dy', dy, undefined, true);
  if (!sameShape(dy.shape, shape)) throw new ShapeError('dy.shape', show(dy.shape), `${show(shape)}, the shape of the result`);
}

/** Where a gradient of the shape of `x` goes: it may be `dy` itself. */
export function outOver(value: unknown, dy: Tensor, x: Tensor): Tensor | undefined {
  return out(value, x.shape, { dy, x }, true);
}
