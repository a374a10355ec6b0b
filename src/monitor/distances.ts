// How far two distributions lie apart, and whether chance explains it: from counts by category, or from sorted values.
// Which of them a column is judged by is decided in drift.ts.

import type { TestResult } from './kolmogorov.ts';
import { chiSquaredSf, normalSf } from './special.ts';

/** In place of an empty share, where a logarithm needs one. */
const LEAST_SHARE = 1e-4;

/**
 * Pearson's test that two sets of counts come of one distribution, without continuity correction. Categories that both
 * lack are left out.
 * @param first, second counts, category by category
 * @returns p = 1 where fewer than two categories are left, or one of the sets is empty
 */
export function chiSquaredTest(first: ArrayLike<number>, second: ArrayLike<number>): TestResult {
  const [n, m] = [total(first), total(second)];
  let statistic = 0;
  let categories = 0;
  for (let i = 0; i < first.length; i++) {
    const both = first[i] + second[i];
    if (both === 0) continue;
    categories++;
    const expected = (both * n) / (n + m);
    const expectedSecond = (both * m) / (n + m);
    if (n === 0 || m === 0) continue;
    statistic += (first[i] - expected) ** 2 / expected + (second[i] - expectedSecond) ** 2 / expectedSecond;
  }
  if (categories < 2 || n === 0 || m === 0) return { statistic: 0, pValue: 1 };
  return { statistic, pValue: chiSquaredSf(statistic, categories - 1) };
}

/** Two-sided test that two shares are one, with the pooled variance. @returns z of the first less the second */
export function proportionTest(hits: number, of: number, otherHits: number, otherOf: number): TestResult {
  const pooled = (hits + otherHits) / (of + otherOf);
  const variance = pooled * (1 - pooled) * (1 / of + 1 / otherOf);
  if (!(variance > 0)) return { statistic: 0, pValue: 1 };
  const statistic = (hits / of - otherHits / otherOf) / Math.sqrt(variance);
  return { statistic, pValue: 2 * normalSf(Math.abs(statistic)) };
}

/**
 * The first Wasserstein distance: the area between the two empirical distribution functions, in the values' unit.
 * @param first, second ascending, without NaN; not empty
 */
export function wasserstein(first: ArrayLike<number>, second: ArrayLike<number>): number {
  let [i, j, area] = [0, 0, 0];
  let last = Math.min(first[0], second[0]);
  while (i < first.length || j < second.length) {
    const value = j >= second.length || (i < first.length && first[i] <= second[j]) ? first[i] : second[j];
    area += Math.abs(i / first.length - j / second.length) * (value - last);
    while (i < first.length && first[i] === value) i++;
    while (j < second.length && second[j] === value) j++;
    last = value;
  }
  return area;
}

/** The square root of Jensen and Shannon's divergence, natural logarithm; 0 to sqrt(ln 2) = 0.833. */
export function jensenShannon(first: ArrayLike<number>, second: ArrayLike<number>): number {
  const [n, m] = [total(first), total(second)];
  let divergence = 0;
  for (let i = 0; i < first.length; i++) {
    const [p, q] = [first[i] / n, second[i] / m];
    const middle = (p + q) / 2;
    if (p > 0) divergence += p * Math.log(p / middle);
    if (q > 0) divergence += q * Math.log(q / middle);
  }
  return Math.sqrt(Math.max(0, divergence / 2));
}

/** Population stability index: the sum of (q - p) ln(q / p), shares below 1e-4 taken as 1e-4. */
export function populationStability(first: ArrayLike<number>, second: ArrayLike<number>): number {
  const [n, m] = [total(first), total(second)];
  let sum = 0;
  for (let i = 0; i < first.length; i++) {
    if (first[i] === 0 && second[i] === 0) continue;
    const p = Math.max(first[i] / n, LEAST_SHARE);
    const q = Math.max(second[i] / m, LEAST_SHARE);
    sum += (q - p) * Math.log(q / p);
  }
  return sum;
}

/** Hellinger's distance: the root of half the sum of (sqrt p - sqrt q)^2; 0 to 1. */
export function hellinger(first: ArrayLike<number>, second: ArrayLike<number>): number {
  const [n, m] = [total(first), total(second)];
  let sum = 0;
  for (let i = 0; i < first.length; i++) sum += (Math.sqrt(first[i] / n) - Math.sqrt(second[i] / m)) ** 2;
  return Math.sqrt(sum / 2);
}

/**
 * p-values raised for their number, so that the chance of any false alarm among them stays what one test's was (Holm 1979).
 * @returns in the order given, each at most 1
 */
export function adjustHolm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a] - pValues[b]);
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  order.forEach((index, rank) => {
    largest = Math.max(largest, Math.min(1, pValues[index] * (pValues.length - rank)));
    adjusted[index] = largest;
  });
  return adjusted;
}

function total(counts: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += counts[i];
  return sum;
}
