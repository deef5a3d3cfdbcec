/** The smooth and the shrinking activations as they are defined, and their derivatives, one float at a time in float64. */
const sigmoid = (x: number) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** Φ(−z) for z ≥ 0: a series near 0, a continued fraction (Lentz's way) in the tail. */
function upperTail(z: number): number {
  if (z < 3) {
    let [term, sum] = [z, z];
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (z * z) / (2 * n + 1);
      sum += term;
    }
    return 0.5 - density(z) * sum;
  }
  let fraction = 0;
  for (let n = 200; n > 0; n--) fraction = n / (z + fraction);
  return density(z) / (z + fraction);
}
const normal = (x: number) => (x < 0 ? upperTail(-x) : 1 - upperTail(x));

const GELU = Math.sqrt(2 / Math.PI);
const inner = (x: number) => 2 * GELU * (x + 0.044715 * x ** 3);

export const SELU_ALPHA = 1.6732632423543772;
export const SELU_SCALE = 1.0507009873554805;

/** Products of 0 and ∞ are taken at their limits. */
const times = (x: number, y: number) => (y === 0 ? 0 * Math.sign(x) : x * y);

export const curves = {
  sigmoid,
  tanh: Math.tanh,
  softplus,
  silu: (x: number) => times(x, sigmoid(x)),
  mish: (x: number) => times(x, Math.tanh(softplus(x))),
  gelu: (x: number) => times(x, normal(x)),
  geluTanh: (x: number) => times(x, sigmoid(inner(x))),
  softsign: (x: number) => (Number.isFinite(x) ? x / (1 + Math.abs(x)) : Math.sign(x)),
  hardSwish: (x: number) => (x < -3 ? 0 : x > 3 ? x : (x * (x + 3)) / 6),
  hardSigmoid: (x: number, alpha = 0.2, beta = 0.5) => Math.min(Math.max(alpha * x + beta, 0), 1),
  hardTanh: (x: number, low = -1, high = 1) => Math.min(Math.max(x, low), high),
  elu: (x: number, alpha = 1) => (x < 0 ? alpha * Math.expm1(x) : x),
  celu: (x: number, alpha = 1) => (x < 0 ? alpha * Math.expm1(x / alpha) : x),
  selu: (x: number) => SELU_SCALE * (x < 0 ? SELU_ALPHA * Math.expm1(x) : x),
  softshrink: (x: number, lambda = 0.5) => (x > lambda ? x - lambda : x < -lambda ? x + lambda : 0 * x),
  hardShrink: (x: number, lambda = 0.5) => (Math.abs(x) <= lambda ? 0 : x),
};

const s1 = (x: number) => sigmoid(x) * sigmoid(-x);

export const slopes = {
  sigmoid: s1,
  tanh: (x: number) => 4 * s1(2 * x),
  softplus: sigmoid,
  silu: (x: number) => sigmoid(x) + times(x, s1(x)),
  mish: (x: number) => Math.tanh(softplus(x)) + times(x, sigmoid(x) * 4 * s1(2 * softplus(x))),
  gelu: (x: number) => normal(x) + times(x, density(x)),
  geluTanh: (x: number) => sigmoid(inner(x)) + times(x, times(2 * GELU * (1 + 3 * 0.044715 * x * x), s1(inner(x)))),
  softsign: (x: number) => 1 / (1 + Math.abs(x)) ** 2,
  hardSwish: (x: number) => (x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5),
  hardSigmoid: (x: number, alpha = 0.2, beta = 0.5) => (alpha * x + beta > 0 && alpha * x + beta < 1 ? alpha : 0),
  hardTanh: (x: number, low = -1, high = 1) => (x > low && x < high ? 1 : 0),
  clamp: (x: number, low: number, high: number) => (x >= low && x <= high ? 1 : 0),
  elu: (x: number, alpha = 1) => (x > 0 ? 1 : alpha * Math.exp(x)),
  celu: (x: number, alpha = 1) => (x > 0 ? 1 : Math.exp(x / alpha)),
  selu: (x: number) => SELU_SCALE * (x > 0 ? 1 : SELU_ALPHA * Math.exp(x)),
  shrink: (x: number, lambda = 0.5) => (Math.abs(x) <= lambda ? 0 : 1),
  leaky: (x: number, slope: number) => (x > 0 ? 1 : slope),
  threshold: (x: number, alpha: number) => (x > alpha ? 1 : 0),
};
