// The special functions that p-values are made of, in double precision. Each says where its formula is from.

/** Lanczos' coefficients for g = 7 and nine terms. */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
];

/** Natural logarithm of the gamma function for x > 0 (Lanczos' approximation; relative error about 1e-15). */
export function logGamma(x: number): number {
  if (x < 0.5) return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  let sum = LANCZOS[0];
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i] / (x - 1 + i);
  const t = x + 6.5;
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(t) - t + Math.log(sum);
}

/** Terms of a series or a fraction; far more than any of them needs. */
const MOST_TERMS = 100_000;

/**
 * Regularised upper incomplete gamma function Q(a, x), a > 0, x >= 0: the power series of P below a + 1, Legendre's
 * continued fraction by Lentz' method above (Abramowitz and Stegun 6.5.29 and 6.5.31).
 */
export function gammaQ(a: number, x: number): number {
  if (x <= 0) return 1;
  if (!Number.isFinite(x)) return 0;
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < MOST_TERMS && Math.abs(term) > Math.abs(sum) * 1e-17; n++) sum += term *= x / (a + n);
    return 1 - sum * scale;
  }
  const tiny = 1e-300;
  let b = x + 1 - a;
  let c = 1 / tiny;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < MOST_TERMS; n++) {
    const numerator = -n * (n - a);
    b += 2;
    d = 1 / nonZero(numerator * d + b, tiny);
    c = nonZero(b + numerator / c, tiny);
    const factor = c * d;
    fraction *= factor;
    if (Math.abs(factor - 1) < 1e-16) break;
  }
  return fraction * scale;
}

function nonZero(value: number, tiny: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}

/** Probability that a chi-squared variable of so many degrees of freedom exceeds x. */
export function chiSquaredSf(x: number, degrees: number): number {
  return gammaQ(degrees / 2, x / 2);
}

/** Probability that a standard normal variable exceeds z: half of erfc(z / sqrt 2), and erfc(t) = Q(1/2, t^2). */
export function normalSf(z: number): number {
  const upper = gammaQ(0.5, (z * z) / 2) / 2;
  return z >= 0 ? upper : 1 - upper;
}

/** The standard normal quantile by bisection and Newton's steps on `normalSf`; p in (0, 1), error about 1e-14. */
export function normalQuantile(p: number): number {
  if (p === 0.5) return 0;
  if (p > 0.5) return -normalQuantile(1 - p);
  // sf(z) = p for a z > 0; the answer is -z
  let low = 0;
  let high = 40;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (normalSf(middle) > p) low = middle;
    else high = middle;
  }
  let z = (low + high) / 2;
  for (let i = 0; i < 3; i++) {
    const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
    if (density === 0) break;
    z += (normalSf(z) - p) / density;
  }
  return -z;
}
