// Two models on the same rows: whether the difference is more than chance, and which rows changed their prediction.
// What is good enough to replace a model is said elsewhere.

import { createRandom } from '../base/random.ts';

export interface PairedTest {
  /** rows that only the first, and only the second, had right */
  onlyFirst: number;
  onlySecond: number;
  /** two-sided, exact */
  pValue: number;
}

/**
 * McNemar's exact test: of the rows that one model has right and the other wrong, either is as likely where they are
 * equally good.
 * @param first, second [rows] 1 where the model is right
 */
export function mcNemar(first: ArrayLike<number>, second: ArrayLike<number>): PairedTest {
  let [onlyFirst, onlySecond] = [0, 0];
  for (let i = 0; i < first.length; i++) {
    if (first[i] && !second[i]) onlyFirst++;
    if (!first[i] && second[i]) onlySecond++;
  }
  return { onlyFirst, onlySecond, pValue: signTest(onlyFirst, onlyFirst + onlySecond) };
}

/** Twice the smaller tail of a binomial of one half, at most 1. */
function signTest(hits: number, trials: number): number {
  if (trials === 0) return 1;
  const least = Math.min(hits, trials - hits);
  // terms C(n, k) / 2^n upwards from k = 0, in logarithms as 2^-n is soon no number any more
  let log = -trials * Math.LN2;
  let tail = Math.exp(log);
  for (let k = 1; k <= least; k++) {
    log += Math.log(trials - k + 1) - Math.log(k);
    tail += Math.exp(log);
  }
  return Math.min(1, 2 * tail);
}

export interface Interval {
  value: number;
  low: number;
  high: number;
}

const RESAMPLES = 1000;

/**
 * Percentile bootstrap of a figure over rows (Efron 1979), 95 %. For the difference of two models the figure takes the
 * same resampled rows for both.
 * @param figure of some rows, by their numbers; the first call gets all of them in order. NaN results are left out
 */
export function bootstrap(rows: number, figure: (rows: Int32Array) => number, seed: number): Interval {
  const random = createRandom(seed);
  const all = Int32Array.from({ length: rows }, (_, i) => i);
  const value = figure(all);
  const drawn = new Int32Array(rows);
  const values: number[] = [];
  for (let r = 0; r < RESAMPLES; r++) {
    for (let i = 0; i < rows; i++) drawn[i] = random.below(rows);
    const resampled = figure(drawn);
    if (!Number.isNaN(resampled)) values.push(resampled);
  }
  values.sort((a, b) => a - b);
  const at = (share: number) => values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? NaN;
  return { value, low: at(0.025), high: at(0.975) };
}

/** A row whose prediction differs between two models. */
export interface Flip {
  /** place in the compared rows */
  row: number;
  first: number;
  second: number;
  /** class index; -1 where it is not known */
  actual: number;
}

/** Rows predicted differently, those that became wrong first, then those that became right, then the rest. */
export function findFlips(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  actual: ArrayLike<number> | null,
): Flip[] {
  const flips: Flip[] = [];
  for (let row = 0; row < first.length; row++) {
    if (first[row] !== second[row])
      flips.push({ row, first: first[row], second: second[row], actual: actual?.[row] ?? -1 });
  }
  const rank = ({ first, second, actual }: Flip) => (first === actual ? 0 : second === actual ? 1 : 2);
  return flips.sort((a, b) => rank(a) - rank(b) || a.row - b.row);
}
