import { Binary, Gradient, Unary } from '../kernels/arithmetic.ts';
import { type BinaryName, planBinary, planBinaryBackward, planUnary, planUnaryGradient } from '../plan/arithmetic.ts';
import { Plan, type Value } from '../plan/plan.ts';
import type { ActivationOptions } from '../spec/activation.ts';
import { checkOperands } from '../spec/broadcast.ts';
import { known, out, tensor } from '../spec/check.ts';
import {
  checkGradient,
  type GradientOptions,
  type Gradients,
  type GradientsOut,
  type GradientTargets,
  outOver,
  wantedGradients,
} from '../spec/gradients.ts';
import { lengthOf, type Out, type ResidentLike, type Tensor } from '../tensor/tensor.ts';
import { gradients, type Operation, type Operations, one } from './operation.ts';

/** By what an operator on two tensors is differentiated. */
export type BinaryGradient = 'da' | 'db';

/** What gradients of operators on two tensors take besides their operands: `out.da` may be `dy` itself where `a` has its shape. */
export interface BinaryBackwardOptions extends GradientOptions<BinaryGradient> {}

/**
 * Arithmetic, element by element. Two shapes are broadcast as in NumPy, ONNX and WebNN: dimensions are aligned
 * from the last, and one that is 1, or missing, is repeated.
 */
export interface ArithmeticOperators {
  /**
   * `a + b`, element by element: what a residual connection does (He, Zhang, Ren and Sun, "Deep Residual Learning", 2015).
   *
   * @param a any shape, empty too
   * @param b a shape that broadcasts with that of `a`
   * @returns a tensor of the shape to which both are broadcast; `out`, which may be `a` itself where that has this shape, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.add(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]))
   */
  add<T extends Tensor, O extends Tensor = ResidentLike<T>>(a: T, b: Tensor, options?: ActivationOptions & Out<O>): O;

  /**
   * `a − b`, element by element.
   *
   * @param a any shape, empty too
   * @param b a shape that broadcasts with that of `a`
   * @returns a tensor of the shape to which both are broadcast; `out`, which may be `a` itself where that has this shape, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.sub(tensor([2, 7, 61, 47]), tensor([7, 1, 1]))
   */
  sub<T extends Tensor, O extends Tensor = ResidentLike<T>>(a: T, b: Tensor, options?: ActivationOptions & Out<O>): O;

  /**
   * `a · b`, element by element.
   *
   * @param a any shape, empty too
   * @param b a shape that broadcasts with that of `a`
   * @returns a tensor of the shape to which both are broadcast; `out`, which may be `a` itself where that has this shape, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.mul(tensor([2, 7, 61, 47]), tensor([61, 47]))
   */
  mul<T extends Tensor, O extends Tensor = ResidentLike<T>>(a: T, b: Tensor, options?: ActivationOptions & Out<O>): O;

  /**
   * `a / b`, element by element, as IEEE 754 divides: by 0 it is ±∞, and 0 / 0 is NaN.
   *
   * @param a any shape, empty too
   * @param b a shape that broadcasts with that of `a`
   * @returns a tensor of the shape to which both are broadcast; `out`, which may be `a` itself where that has this shape, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.div(tensor([2, 1, 61, 1]), positive([2, 7, 61, 47]))
   */
  div<T extends Tensor, O extends Tensor = ResidentLike<T>>(a: T, b: Tensor, options?: ActivationOptions & Out<O>): O;

  /**
   * The larger of `a` and `b`, element by element. If either is NaN, so is the result, as in PyTorch; +0 is larger than −0.
   *
   * @param a any shape, empty too
   * @param b a shape that broadcasts with that of `a`
   * @returns a tensor of the shape to which both are broadcast; `out`, which may be `a` itself where that has this shape, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.maximum(tensor([2, 7, 61, 47]), tensor([]))
   */
  maximum<T extends Tensor, O extends Tensor = ResidentLike<T>>(a: T, b: Tensor, options?: ActivationOptions & Out<O>): O;

  /**
   * The smaller of `a` and `b`, element by element. If either is NaN, so is the result, as in PyTorch; −0 is smaller than +0.
   *
   * @param a any shape, empty too
   * @param b a shape that broadcasts with that of `a`
   * @returns a tensor of the shape to which both are broadcast; `out`, which may be `a` itself where that has this shape, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.minimum(tensor([2, 7, 1, 47]), tensor([61, 1]))
   */
  minimum<T extends Tensor, O extends Tensor = ResidentLike<T>>(a: T, b: Tensor, options?: ActivationOptions & Out<O>): O;

  /**
   * `a` to the power `b`, element by element, with the special cases of IEEE 754: anything to the power 0 is 1, and 1 to any power is 1, NaN
   * included; a negative number to a power that is not whole is NaN. Exponents of 2, −1 and ½ are exactly a square, a reciprocal and a root.
   *
   * @param a any shape, empty too
   * @param b a shape that broadcasts with that of `a`
   * @returns a tensor of the shape to which both are broadcast; `out`, which may be `a` itself where that has this shape, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.pow(positive([2, 700, 3]), tensor([700, 1]))
   */
  pow<T extends Tensor, O extends Tensor = ResidentLike<T>>(a: T, b: Tensor, options?: ActivationOptions & Out<O>): O;

  /**
   * `|x|`.
   *
   * @param x any shape, empty too
   * @returns a tensor of that shape; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.abs(tensor([2, 7, 61, 47]))
   */
  abs<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * `−x`.
   *
   * @param x any shape, empty too
   * @returns a tensor of that shape; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.neg(tensor([2, 7, 61, 47]))
   */
  neg<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * The square root, correctly rounded. −0 stays −0; it is NaN below 0.
   *
   * @param x any shape, empty too
   * @returns a tensor of that shape; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.sqrt(positive([2, 7, 61, 47]))
   */
  sqrt<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * `e^x`.
   *
   * @param x any shape, empty too
   * @returns a tensor of that shape; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.exp(tensor([2, 7, 61, 47]))
   */
  exp<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * The natural logarithm: −∞ of 0, and NaN below.
   *
   * @param x any shape, empty too
   * @returns a tensor of that shape; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.log(positive([2, 7, 61, 47]))
   */
  log<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * `1 / x`, correctly rounded.
   *
   * @param x any shape, empty too
   * @returns a tensor of that shape; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.reciprocal(tensor([2, 7, 61, 47]))
   */
  reciprocal<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * The largest whole number that is not above `x`.
   *
   * @param x any shape, empty too
   * @returns a tensor of that shape; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.floor(tensor([2, 7, 61, 47]))
   */
  floor<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * The smallest whole number that is not below `x`.
   *
   * @param x any shape, empty too
   * @returns a tensor of that shape; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.ceil(tensor([2, 7, 61, 47]))
   */
  ceil<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * The nearest whole number; of two that are equally near, the even one.
   *
   * @param x any shape, empty too
   * @returns a tensor of that shape; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.roundEven(tensor([2, 7, 61, 47]))
   */
  roundEven<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * 1 above 0, −1 below it. ±0 and NaN stay what they are.
   *
   * @param x any shape, empty too
   * @returns a tensor of that shape; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.sign(tensor([2, 7, 61, 47]))
   */
  sign<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * The error function, 2 / √π times the integral of `e^(−t²)` from 0 to x.
   *
   * @param x any shape, empty too
   * @returns a tensor of that shape; `out`, which may be `x` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.erf(tensor([2, 7, 61, 47]))
   */
  erf<T extends Tensor, O extends Tensor = ResidentLike<T>>(x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * Gradients of `add`: `dy` for both. Each is summed over the axes in which its operand was broadcast.
   *
   * @param dy the gradient of the result, of its shape
   * @returns `da` of the shape of a, `db` of that of b; `undefined` for one that `skip` names
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.addBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), tensor([7, 1, 1]))
   */
  addBackward<T extends Tensor, G extends GradientTargets<BinaryGradient> = Record<never, never>>(
    dy: Tensor,
    a: T,
    b: Tensor,
    options?: BinaryBackwardOptions & GradientsOut<G>,
  ): Gradients<BinaryGradient, T, G>;

  /**
   * Gradients of `sub`: `dy`, and its negative. Each is summed over the axes in which its operand was broadcast.
   *
   * @param dy the gradient of the result, of its shape
   * @returns `da` of the shape of a, `db` of that of b; `undefined` for one that `skip` names
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.subBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), tensor([7, 1, 1]))
   */
  subBackward<T extends Tensor, G extends GradientTargets<BinaryGradient> = Record<never, never>>(
    dy: Tensor,
    a: T,
    b: Tensor,
    options?: BinaryBackwardOptions & GradientsOut<G>,
  ): Gradients<BinaryGradient, T, G>;

  /**
   * Gradients of `mul`: `dy · b` and `dy · a`. Each is summed over the axes in which its operand was broadcast.
   *
   * @param dy the gradient of the result, of its shape
   * @returns `da` of the shape of a, `db` of that of b; `undefined` for one that `skip` names
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.mulBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), tensor([61, 47]))
   */
  mulBackward<T extends Tensor, G extends GradientTargets<BinaryGradient> = Record<never, never>>(
    dy: Tensor,
    a: T,
    b: Tensor,
    options?: BinaryBackwardOptions & GradientsOut<G>,
  ): Gradients<BinaryGradient, T, G>;

  /**
   * Gradients of `div`: `dy / b` and `−dy · (a / b) / b`. Each is summed over the axes in which its operand was broadcast.
   *
   * @param dy the gradient of the result, of its shape
   * @returns `da` of the shape of a, `db` of that of b; `undefined` for one that `skip` names
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.divBackward(tensor([2, 7, 61, 47]), tensor([2, 1, 61, 1]), positive([2, 7, 61, 47]))
   */
  divBackward<T extends Tensor, G extends GradientTargets<BinaryGradient> = Record<never, never>>(
    dy: Tensor,
    a: T,
    b: Tensor,
    options?: BinaryBackwardOptions & GradientsOut<G>,
  ): Gradients<BinaryGradient, T, G>;

  /**
   * Gradients of `maximum`: `dy` for the larger; where `a` and `b` are equal, half of it for each. A NaN in either passes `dy` to both, as in PyTorch. Each is summed over the axes in which its operand was broadcast.
   *
   * @param dy the gradient of the result, of its shape
   * @returns `da` of the shape of a, `db` of that of b; `undefined` for one that `skip` names
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.maximumBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]), tensor([]))
   */
  maximumBackward<T extends Tensor, G extends GradientTargets<BinaryGradient> = Record<never, never>>(
    dy: Tensor,
    a: T,
    b: Tensor,
    options?: BinaryBackwardOptions & GradientsOut<G>,
  ): Gradients<BinaryGradient, T, G>;

  /**
   * Gradients of `minimum`: `dy` for the smaller; where `a` and `b` are equal, half of it for each. A NaN in either passes `dy` to both, as in PyTorch. Each is summed over the axes in which its operand was broadcast.
   *
   * @param dy the gradient of the result, of its shape
   * @returns `da` of the shape of a, `db` of that of b; `undefined` for one that `skip` names
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.minimumBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 1, 47]), tensor([61, 1]))
   */
  minimumBackward<T extends Tensor, G extends GradientTargets<BinaryGradient> = Record<never, never>>(
    dy: Tensor,
    a: T,
    b: Tensor,
    options?: BinaryBackwardOptions & GradientsOut<G>,
  ): Gradients<BinaryGradient, T, G>;

  /**
   * Gradients of `pow`: `dy · b · a^(b − 1)`, 0 where `b` is 0, and `dy · a^b · ln a`, 0 where `a` is 0 and `b` is not negative. Each is summed over the axes in which its operand was broadcast.
   *
   * @param dy the gradient of the result, of its shape
   * @returns `da` of the shape of a, `db` of that of b; `undefined` for one that `skip` names
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.powBackward(tensor([2, 700, 3]), positive([2, 700, 3]), tensor([700, 1]))
   */
  powBackward<T extends Tensor, G extends GradientTargets<BinaryGradient> = Record<never, never>>(
    dy: Tensor,
    a: T,
    b: Tensor,
    options?: BinaryBackwardOptions & GradientsOut<G>,
  ): Gradients<BinaryGradient, T, G>;

  /**
   * The gradient of `sqrt`: `dy / (2 √x)`.
   *
   * @param x what the forward call was given, of the shape of `dy`
   * @returns the gradient of x; `out`, which may be `dy` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.sqrtBackward(tensor([2, 7, 61, 47]), positive([2, 7, 61, 47]))
   */
  sqrtBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * The gradient of `exp`: `dy · e^x`.
   *
   * @param x what the forward call was given, of the shape of `dy`
   * @returns the gradient of x; `out`, which may be `dy` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.expBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]))
   */
  expBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * The gradient of `log`: `dy / x`.
   *
   * @param x what the forward call was given, of the shape of `dy`
   * @returns the gradient of x; `out`, which may be `dy` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.logBackward(tensor([2, 7, 61, 47]), positive([2, 7, 61, 47]))
   */
  logBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * The gradient of `abs`: `dy · sign(x)`: 0 at 0.
   *
   * @param x what the forward call was given, of the shape of `dy`
   * @returns the gradient of x; `out`, which may be `dy` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.absBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]))
   */
  absBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * The gradient of `neg`: `−dy`.
   *
   * @param x what the forward call was given, of the shape of `dy`
   * @returns the gradient of x; `out`, which may be `dy` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.negBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]))
   */
  negBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * The gradient of `reciprocal`: `−dy / x²`.
   *
   * @param x what the forward call was given, of the shape of `dy`
   * @returns the gradient of x; `out`, which may be `dy` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.reciprocalBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]))
   */
  reciprocalBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: ActivationOptions & Out<O>): O;

  /**
   * The gradient of `erf`: `dy · 2 / √π · e^(−x²)`.
   *
   * @param x what the forward call was given, of the shape of `dy`
   * @returns the gradient of x; `out`, which may be `dy` itself, if it is given
   * @throws ShapeError, OptionError, DisposedError before anything is written
   * @example engine.erfBackward(tensor([2, 7, 61, 47]), tensor([2, 7, 61, 47]))
   */
  erfBackward<T extends Tensor, O extends Tensor = ResidentLike<T>>(dy: Tensor, x: T, options?: ActivationOptions & Out<O>): O;
}

const binary = (kind: number) => (a: Tensor, b: Tensor, options?: ActivationOptions) => {
  const own = known('options', options, ['out']);
  const spec = checkOperands(a, b);
  const { shape } = spec;
  const target = out(own.out, shape, { a, b }, lengthOf(spec.a) === lengthOf(shape));
  const plan = new Plan();
  planBinary(plan, kind, { value: plan.named('a'), shape: spec.a }, { value: plan.named('b'), shape: spec.b }, plan.named('out'), shape);
  return one(a, { a, b }, shape, target, plan);
};

const binaryBackward = (name: BinaryName) => (dy: Tensor, a: Tensor, b: Tensor, options?: BinaryBackwardOptions) => {
  const own = known('options', options, ['out', 'skip']);
  const spec = checkOperands(a, b);
  checkGradient(dy, spec.shape);
  const over = lengthOf(spec.a) === lengthOf(spec.shape) ? 'da' : undefined;
  const wanted = wantedGradients<BinaryGradient>(own, { da: spec.a, db: spec.b }, { dy, a, b }, over);
  const plan = new Plan();
  planBinaryBackward(plan, name, spec, wanted);
  return gradients(a, { dy, a, b }, wanted, plan, ['da', 'db']);
};

const unary = (kind: number) => (x: Tensor, options?: ActivationOptions) => {
  const own = known('options', options, ['out']);
  tensor('x', x, undefined, true);
  const shape = [...x.shape];
  const target = out(own.out, shape, { x }, true);
  const plan = new Plan();
  planUnary(plan, kind, plan.named('x'), plan.named('out'), shape);
  return one(x, { x }, shape, target, plan);
};

type PlanGradient = (plan: Plan, dy: Value, x: Value, out: Value, shape: readonly number[]) => void;

const unaryBackward =
  (make: PlanGradient) =>
  (dy: Tensor, x: Tensor, options?: ActivationOptions): Operation => {
    const own = known('options', options, ['out']);
    tensor('x', x, undefined, true);
    checkGradient(dy, x.shape);
    const shape = [...x.shape];
    const target = outOver(own.out, dy, x);
    const plan = new Plan();
    make(plan, plan.named('dy'), plan.named('x'), plan.named('out'), shape);
    return one(x, { dy, x }, shape, target, plan);
  };

const gradient = (kind: number) => unaryBackward((plan, dy, x, out, shape) => planUnaryGradient(plan, kind, dy, x, out, shape));

export const arithmetic: Operations<ArithmeticOperators> = {
  add: binary(Binary.Add),
  sub: binary(Binary.Sub),
  mul: binary(Binary.Mul),
  div: binary(Binary.Div),
  maximum: binary(Binary.Maximum),
  minimum: binary(Binary.Minimum),
  pow: binary(Binary.Pow),
  abs: unary(Unary.Abs),
  neg: unary(Unary.Neg),
  sqrt: unary(Unary.Sqrt),
  exp: unary(Unary.Exp),
  log: unary(Unary.Log),
  reciprocal: unary(Unary.Reciprocal),
  floor: unary(Unary.Floor),
  ceil: unary(Unary.Ceil),
  roundEven: unary(Unary.RoundEven),
  sign: unary(Unary.Sign),
  erf: unary(Unary.Erf),
  addBackward: binaryBackward('add'),
  subBackward: binaryBackward('sub'),
  mulBackward: binaryBackward('mul'),
  divBackward: binaryBackward('div'),
  maximumBackward: binaryBackward('maximum'),
  minimumBackward: binaryBackward('minimum'),
  powBackward: binaryBackward('pow'),
  sqrtBackward: gradient(Gradient.Sqrt),
  expBackward: gradient(Gradient.Exp),
  logBackward: unaryBackward((plan, dy, x, out, shape) =>
    planBinary(plan, Binary.Div, { value: dy, shape }, { value: x, shape }, out, shape),
  ),
  absBackward: gradient(Gradient.Abs),
  negBackward: unaryBackward((plan, dy, _, out, shape) => planUnary(plan, Unary.Neg, dy, out, shape)),
  reciprocalBackward: gradient(Gradient.Reciprocal),
  erfBackward: gradient(Gradient.Erf),
};
