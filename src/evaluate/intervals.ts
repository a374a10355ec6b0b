// How far each figure may lie from what very many rows of the same kind would give: 95 % intervals, without resampling.
// A share of rows has Wilson's interval (1927). Any other figure t of n rows has t ± 1.96 s: by the infinitesimal jackknife
// (Jaeckel 1972) s² = n / (n - 1) · Σ (dt/dw)² over all rows, w being a row's weight. For a mean that is its standard error,
// for the area under the ROC curve DeLong's (1988).

import { countThresholds } from './curves.ts';
import { areaInfluence, precisionInfluence } from './influence.ts';
import {
  classScores,
  confusionMatrix,
  type Counts,
  labelMetrics,
  mostProbable,
  rowLoss,
  valueMetrics,
} from './metrics.ts';

export interface Bounds {
  low: number;
  high: number;
}

/** Of one class. Null where no row says anything of it. */
export type ClassBounds = Record<'precision' | 'recall' | 'f1', Bounds | null>;

export interface Intervals {
  /** by the names of `Evaluation.metrics`; a figure that one row alone gives has none */
  metrics: Record<string, Bounds>;
  /** in the order of the labels; left out for values */
  classes?: ClassBounds[];
}

/** The standard normal quantile of 97.5 %. */
export const Z = 1.959963984540054;

/**
 * Wilson's interval of a share.
 * @param rows that it is the share of, above 0; a fraction where some say less than a whole one
 */
export function wilson(share: number, rows: number): Bounds {
  const square = (Z * Z) / rows;
  const center = (share + square / 2) / (1 + square);
  const margin = (Z / (1 + square)) * Math.sqrt((share * (1 - share)) / rows + square / (4 * rows));
  return { low: Math.max(0, center - margin), high: Math.min(1, center + margin) };
}

/**
 * @param actual [rows], 0..classes - 1
 * @param probabilities [rows, classes]
 */
export function classIntervals(actual: Int32Array, probabilities: Float32Array, classes: number): Intervals {
  const rows = actual.length;
  const counts = confusionMatrix(actual, mostProbable(probabilities, classes), classes);
  const { metrics, classes: byClass } = labelIntervals(counts, classes);
  if (rows < 2) return { metrics, classes: byClass };

  const losses = new Float64Array(rows);
  for (let i = 0; i < rows; i++) losses[i] = rowLoss(actual[i], probabilities, classes, i);
  metrics.logLoss = around(meanOf(losses), errorOfMean(losses), 0, Infinity);

  const scored = classes === 2 ? [1] : Array.from({ length: classes }, (_, c) => c);
  const all = scored.map((c) => countThresholds(actual, probabilities, classes, c));
  const add = (name: string, influence: typeof areaInfluence) => {
    const sums = new Float64Array(rows);
    let [value, defined] = [0, 0];
    scored.forEach((c, k) => {
      const own = influence(all[k]);
      if (!own) return;
      defined++;
      value += own.value;
      addAtScores(sums, own, all[k].thresholds, actual, probabilities, classes, c);
    });
    if (defined === 0) return;
    const error = Math.sqrt((sumOfSquares(sums) / defined ** 2) * (rows / (rows - 1)));
    metrics[name] = shareAround(value / defined, error, rows);
  };
  add('rocAuc', areaInfluence);
  add('averagePrecision', precisionInfluence);
  return { metrics, classes: byClass };
}

/**
 * The intervals of what a confusion matrix alone gives.
 * @param counts may be fractions, as where they are expected
 * @param trust part of its rows that the matrix is as sure as
 * @param steps the bounds are for what will be counted in whole rows: those of shares go half a row further
 */
export function labelIntervals(
  counts: Counts,
  classes: number,
  { trust = 1, steps = false }: { trust?: number; steps?: boolean } = {},
): Required<Intervals> {
  const scores = classScores(counts, classes);
  const values = labelMetrics(counts, classes);
  const rows = scores.reduce((sum, { support }) => sum + support, 0);
  const named = scores.map((_, c) => sumTo(classes, (a) => counts[a * classes + c]));
  const share = (value: number, of: number) =>
    of > 0 ? outward(wilson(value, of * trust), steps ? 0.5 / of : 0) : null;

  // what one more row does to a figure of a class: one of it that is found, one of it that is missed, one that is taken for it
  const changes = scores.map(({ precision, recall, f1, support }, c) => ({
    precision: { hit: over(1 - precision, named[c]), missed: 0, taken: over(-precision, named[c]) },
    recall: { hit: over(1 - recall, support), missed: over(-recall, support), taken: 0 },
    f1: { hit: over(2 - 2 * f1, support + named[c]), missed: over(-f1, support + named[c]), taken: over(-f1, support + named[c]) }, // prettier-ignore
  }));
  type Key = keyof (typeof changes)[number];
  /** @param weights of each class' figure in the sum @param bySupport they are the shares of the classes, which a row changes too */
  const errorOf = (key: Key, weights: readonly number[], bySupport = false) => {
    let squares = 0;
    const sum = sumTo(classes, (c) => weights[c] * scores[c][key]);
    for (let a = 0; a < classes; a++) {
      for (let p = 0; p < classes; p++) {
        const count = counts[a * classes + p];
        if (count === 0) continue;
        const own = changes[a][key];
        let change = weights[a] * (a === p ? own.hit : own.missed);
        if (a !== p) change += weights[p] * changes[p][key].taken;
        if (bySupport) change += (scores[a][key] - sum) / rows;
        squares += count * change * change;
      }
    }
    return corrected(squares);
  };
  const corrected = (squares: number) => Math.sqrt((squares * rows) / Math.max(rows - 1, 1e-9) / trust);

  const evenly = (chosen: (c: number) => boolean) => {
    const count = sumTo(classes, (c) => Number(chosen(c)));
    return scores.map((_, c) => (chosen(c) ? 1 / count : 0));
  };
  const seen = evenly((c) => scores[c].support + named[c] > 0);
  const shares = scores.map(({ support }) => support / rows);
  const metrics: Record<string, Bounds> = {};
  if (rows > 0) metrics.accuracy = metrics.recallWeighted = share(values.accuracy, rows)!;
  if (rows > 1) {
    const put = (name: string, error: number) => (metrics[name] = shareAround(values[name], error, rows * trust));
    const supported = evenly((c) => scores[c].support > 0);
    put('balancedAccuracy', errorOf('recall', supported));
    put('precisionMacro', errorOf('precision', seen));
    put('recallMacro', errorOf('recall', seen));
    put('f1Macro', errorOf('f1', seen));
    put('precisionWeighted', errorOf('precision', shares, true));
    put('f1Weighted', errorOf('f1', shares, true));
  }
  const byClass = scores.map(({ precision, recall, f1, support }, c): ClassBounds => {
    const hits = counts[c * classes + c];
    const { hit, missed, taken } = changes[c].f1;
    const error = corrected(hits * hit ** 2 + (support - hits) * missed ** 2 + (named[c] - hits) * taken ** 2);
    return {
      precision: share(precision, named[c]),
      recall: share(recall, support),
      f1: support + named[c] > 0 && rows > 1 ? shareAround(f1, error, ((support + named[c]) / 2) * trust) : null,
    };
  });
  if (classes === 2) {
    for (const [name, bounds] of Object.entries(byClass[1])) if (bounds) metrics[name] = bounds;
  }
  return { metrics, classes: byClass };
}

/** @param actual, predicted [rows] */
export function valueIntervals(actual: Float64Array, predicted: Float64Array): Intervals {
  const rows = actual.length;
  if (rows < 2) return { metrics: {} };
  const { mae, rmse, r2 } = valueMetrics(actual, (row) => predicted[row]);
  const errors = actual.map((value, i) => Math.abs(value - predicted[i]));
  const squares = errors.map((error) => error * error);
  const metrics: Record<string, Bounds> = { mae: around(mae, errorOfMean(errors), 0, Infinity), rmse: rootBounds(rmse, errorOfMean(squares)) }; // prettier-ignore
  if (r2 !== undefined) {
    const center = meanOf(actual);
    const deviation = actual.reduce((sum, value) => sum + (value - center) ** 2, 0);
    const changes = actual.map((value, i) => ((1 - r2) * (value - center) ** 2 - squares[i]) / deviation);
    metrics.r2 = around(r2, Math.sqrt((sumOfSquares(changes) * rows) / (rows - 1)), -Infinity, 1);
  }
  return { metrics };
}

/** Of a root, from the standard error of what it is the root of. */
export function rootBounds(root: number, errorOfSquare: number): Bounds {
  const { low, high } = around(root * root, errorOfSquare, 0, Infinity);
  return { low: Math.sqrt(low), high: Math.sqrt(high) };
}

/** The normal interval, within what the figure can be. */
export function around(value: number, error: number, least: number, most: number): Bounds {
  return { low: Math.max(least, value - Z * error), high: Math.min(most, value + Z * error) };
}

/** Both ends of a share further out. */
function outward({ low, high }: Bounds, by: number): Bounds {
  return { low: Math.max(0, low - by), high: Math.min(1, high + by) };
}

/** The same of a figure from 0 to 1; where no row disagrees with another, Wilson's of so many rows. */
function shareAround(value: number, error: number, rows: number): Bounds {
  return error > 1e-12 ? around(value, error, 0, 1) : wilson(Math.min(1, Math.max(0, value)), rows);
}

/** Of the mean of these. */
export function errorOfMean(values: Float64Array): number {
  const mean = meanOf(values);
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return Math.sqrt(squares / Math.max(1, values.length - 1) / values.length);
}

/** Adds to each row what its score stands for. @param sums [rows], changed in place */
function addAtScores(
  sums: Float64Array,
  { positive, negative }: { positive: Float64Array; negative: Float64Array },
  thresholds: Float32Array,
  actual: Int32Array,
  probabilities: Float32Array,
  classes: number,
  c: number,
): void {
  for (let row = 0; row < sums.length; row++) {
    const score = probabilities[row * classes + c];
    let [low, high] = [0, thresholds.length - 1]; // falling
    while (low < high) {
      const middle = (low + high) >> 1;
      if (thresholds[middle] > score) low = middle + 1;
      else high = middle;
    }
    sums[row] += actual[row] === c ? positive[low] : negative[low];
  }
}

function over(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

function sumTo(end: number, term: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < end; i++) sum += term(i);
  return sum;
}

function sumOfSquares(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}

function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
