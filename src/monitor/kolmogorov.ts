// The two-sample test of Kolmogorov and Smirnov: exact for small samples, by the distribution of the one-sample
// statistic for large ones, as SciPy's `ks_2samp` chooses.

import { logGamma } from './special.ts';

/** Above so many values in either sample the exact distribution is left; SciPy's limit. */
const MOST_EXACT = 10_000;

export interface TestResult {
  statistic: number;
  /** two-sided */
  pValue: number;
}

/**
 * Compares two samples.
 * @param first, second values in ascending order, without NaN; not empty
 */
export function ksTwoSample(first: ArrayLike<number>, second: ArrayLike<number>): TestResult {
  const [n, m] = [first.length, second.length];
  if (n === 0 || m === 0) throw new RangeError('ksTwoSample: a sample is empty');
  const statistic = largestGap(first, second);
  if (Math.max(n, m) <= MOST_EXACT) return exact(n, m, statistic);
  return { statistic, pValue: kolmogorovSf(statistic, Math.round((n * m) / (n + m))) };
}

/** The largest distance between the two empirical distribution functions. */
function largestGap(first: ArrayLike<number>, second: ArrayLike<number>): number {
  let [i, j, largest] = [0, 0, 0];
  while (i < first.length && j < second.length) {
    const value = Math.min(first[i], second[j]);
    while (i < first.length && first[i] === value) i++;
    while (j < second.length && second[j] === value) j++;
    largest = Math.max(largest, Math.abs(i / first.length - j / second.length));
  }
  return largest;
}

/**
 * The share of the lattice paths from (0, 0) to (n, m) that come as far from the diagonal as the statistic says
 * (Hodges 1957). The last step to (i, j) was from (i - 1, j) with probability i / (i + j), whatever else is known.
 */
function exact(n: number, m: number, gap: number): TestResult {
  const divisor = greatestCommonDivisor(n, m);
  const multiple = (n / divisor) * m;
  const steps = Math.round(gap * multiple);
  const statistic = steps / multiple;
  if (steps === 0) return { statistic, pValue: 1 };
  const [a, b] = [n / divisor, m / divisor];
  // outside[j]: of the paths to (i, j), the share that has touched the border; all of them beyond it
  const outside = new Float64Array(m + 1).fill(1);
  for (let i = 0; i <= n; i++) {
    const first = Math.max(0, Math.floor((i * b - steps) / a) + 1);
    const last = Math.min(m, Math.ceil((i * b + steps) / a) - 1);
    if (first > 0) outside[first - 1] = 1;
    for (let j = first; j <= last; j++) {
      if (i === 0 || j === 0) outside[j] = i === 0 && j === 0 ? 0 : j === 0 ? outside[0] : outside[j - 1];
      else outside[j] = (i * outside[j] + j * outside[j - 1]) / (i + j);
    }
  }
  return { statistic, pValue: Math.min(1, outside[m]) };
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/**
 * Probability that the one-sample statistic D_n exceeds d. Which formula is taken where follows Simard and L'Ecuyer
 * (2011), as SciPy's `kstwo` does: in the tail twice the one-sided probability; else Durbin's matrix for small n and d,
 * and Pelz and Good's expansion for the rest, whose error is below 1e-5 at n = 141 and 1e-8 at 10,000.
 */
export function kolmogorovSf(d: number, n: number): number {
  if (d <= 0 || n <= 0) return 1;
  if (d >= 1) return 0;
  const nd2 = n * d * d;
  if (nd2 >= 370) return 0;
  if (nd2 >= (n > 140 ? 2.2 : 4)) return Math.min(1, 2 * smirnovSf(d, n));
  const cdf = n <= 140 || (n <= 100_000 && n * d ** 1.5 <= 1.4) ? durbinCdf(d, n) : pelzGoodCdf(d, n);
  return Math.min(1, Math.max(0, 1 - cdf));
}

/** One-sided: d * sum over j of C(n, j) (d + j/n)^(j-1) (1 - d - j/n)^(n-j) (Birnbaum and Tingey 1951). */
function smirnovSf(d: number, n: number): number {
  let sum = 0;
  const logN = logGamma(n + 1);
  for (let j = 0; j <= Math.floor(n * (1 - d)); j++) {
    const rest = 1 - d - j / n;
    const power = n - j === 0 ? 0 : rest <= 0 ? -Infinity : (n - j) * Math.log(rest);
    const log = logN - logGamma(j + 1) - logGamma(n - j + 1) + (j - 1) * Math.log(d + j / n) + power;
    sum += Math.exp(log);
  }
  return Math.min(1, d * sum);
}

/** Exact: n! / n^n times the middle entry of the n-th power of Durbin's matrix (Marsaglia, Tsang and Wang 2003). */
function durbinCdf(d: number, n: number): number {
  const k = Math.ceil(n * d);
  const size = 2 * k - 1;
  const h = k - n * d;
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= Math.min(i + 1, size - 1); j++) matrix[i * size + j] = 1;
  }
  for (let i = 0; i < size; i++) {
    matrix[i * size] -= h ** (i + 1);
    matrix[(size - 1) * size + i] -= h ** (size - i);
  }
  if (2 * h - 1 > 0) matrix[(size - 1) * size] += (2 * h - 1) ** size;
  let factorial = 1;
  for (let distance = 1; distance <= size; distance++) {
    factorial *= distance;
    // entries of one diagonal are divided by the factorial of its distance from the one above the main
    for (let i = distance - 1; i < size; i++) matrix[i * size + i - distance + 1] /= factorial;
  }
  const { entries, exponent } = matrixPower(matrix, size, n);
  let result = entries[(k - 1) * size + k - 1];
  let scale = exponent;
  for (let i = 1; i <= n; i++) {
    result *= i / n;
    if (result < 1e-140) {
      result *= 1e140;
      scale -= 140;
    }
  }
  return result * 10 ** scale;
}

/** A matrix to a power, with a power of ten taken out of it. */
function matrixPower(matrix: Float64Array, size: number, power: number): { entries: Float64Array; exponent: number } {
  if (power === 1) return { entries: matrix, exponent: 0 };
  const half = matrixPower(matrix, size, Math.floor(power / 2));
  let entries = multiply(half.entries, half.entries, size);
  if (power % 2 === 1) entries = multiply(matrix, entries, size);
  let exponent = 2 * half.exponent;
  if (entries[((size - 1) / 2) * (size + 1)] > 1e140) {
    entries = entries.map((entry) => entry * 1e-140);
    exponent += 140;
  }
  return { entries, exponent };
}

function multiply(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const product = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < size; k++) {
      const factor = a[i * size + k];
      if (factor === 0) continue;
      for (let j = 0; j < size; j++) product[i * size + j] += factor * b[k * size + j];
    }
  }
  return product;
}

/** The expansion in powers of n^(-1/2), four terms (Pelz and Good 1976); for large n. */
function pelzGoodCdf(d: number, n: number): number {
  const z = Math.sqrt(n) * d;
  const [z2, z4, z6, z8] = [z ** 2, z ** 4, z ** 6, z ** 8];
  const pi2 = Math.PI ** 2;
  let [k0, k1, k2, k3, k2b, k3b] = [0, 0, 0, 0, 0, 0];
  for (let k = 0; k < 200; k++) {
    const half = pi2 * (k + 0.5) ** 2; // pi^2 (k + 1/2)^2
    const weight = 2 * Math.exp(-half / (2 * z2)); // k and -k - 1
    const whole = pi2 * k * k; // pi^2 k^2
    const other = 2 * Math.exp(-whole / (2 * z2)); // k and -k; nothing for 0
    k0 += weight / 2;
    k1 += (half - z2) * weight;
    k2 += (6 * z6 + 2 * z4 + (2 * z4 - 5 * z2) * half + (1 - 2 * z2) * half ** 2) * weight;
    k3 +=
      ((5 - 30 * z2) * half ** 3 + (212 * z4 - 60 * z2) * half ** 2 + (135 * z4 - 96 * z6) * half - 30 * z6 - 90 * z8) *
      weight;
    k2b += whole * other;
    k3b += (3 * whole * z2 - whole ** 2) * other;
    if (weight < 1e-30) break;
  }
  const root = Math.sqrt(Math.PI / 2);
  return (
    (Math.sqrt(2 * Math.PI) / z) * k0 +
    (root * k1) / (6 * z4) / Math.sqrt(n) +
    (root * (k2 / (72 * z ** 7) - k2b / (36 * z ** 3))) / n +
    (root * (k3 / (6480 * z ** 10) + k3b / (216 * z6))) / n ** 1.5
  );
}
