// The figures of two models on the same rows, each with an interval, and their difference: a paired bootstrap, which
// draws the same rows for both. The figures themselves are those of metrics.ts and curves.ts, by rows that have weights.

import { createRandom } from '../base/random.ts';
import { labelMetrics, logLoss, mean, mostProbable } from './metrics.ts';

/** A figure and the interval that 95 % of resamples lie in. */
export interface Interval {
  value: number;
  low: number;
  high: number;
}

export interface PairedFigure {
  /** as `Evaluation.metrics` calls it */
  metric: string;
  first: Interval;
  second: Interval;
  /** the second's less the first's */
  difference: Interval;
  /** two-sided: twice the smaller share of resamples in which the difference is on one side of 0, or is 0 */
  pValue: number;
}

/** What a model says of some rows, and what is true. */
export type Said =
  | { kind: 'classes'; classes: number; actual: Int32Array; probabilities: Float32Array }
  | { kind: 'value'; actual: Float64Array; predicted: Float32Array };

/** The figures of rows that count as often as `weights` say: [rows], not all 0. NaN where one is not defined. */
type Figures = (weights: Uint16Array) => Record<string, number>;

/** Resamples, where that many are done in about a second; never less than the least. */
const RESAMPLES = 1000;
const LEAST_RESAMPLES = 200;
/** steps of all resamples together */
const MOST_STEPS = 4e8;

/**
 * Percentile bootstrap over rows (Efron 1979) of every figure of two models and of its difference. Figures that are not
 * defined on all rows are left out, and so are resamples on which one is not.
 * @param first, second of the same rows; `actual` is the same in both
 */
export function compareFigures(first: Said, second: Said, seed: number): PairedFigure[] {
  const rows = first.actual.length;
  const both = [figuresOf(first), figuresOf(second)];
  const weights = new Uint16Array(rows).fill(1);
  const values = both.map((figures) => figures(weights));
  const metrics = Object.keys(values[0]).filter((metric) => values.every((each) => Number.isFinite(each[metric])));
  const drawn = metrics.map(() => ({ first: [] as number[], second: [] as number[], difference: [] as number[] }));
  const random = createRandom(seed);
  for (let r = resamplesOf(first); r > 0; r--) {
    weights.fill(0);
    for (let i = 0; i < rows; i++) weights[random.below(rows)]++;
    const [a, b] = both.map((figures) => figures(weights));
    metrics.forEach((metric, m) => {
      if (!Number.isFinite(a[metric]) || !Number.isFinite(b[metric])) return;
      drawn[m].first.push(a[metric]);
      drawn[m].second.push(b[metric]);
      drawn[m].difference.push(b[metric] - a[metric]);
    });
  }
  return metrics.map((metric, m) => {
    const [a, b] = values.map((each) => each[metric]);
    return {
      metric,
      first: intervalOf(a, drawn[m].first),
      second: intervalOf(b, drawn[m].second),
      difference: intervalOf(b - a, drawn[m].difference),
      pValue: chanceOf(drawn[m].difference),
    };
  });
}

function resamplesOf(said: Said): number {
  const width = said.kind === 'value' ? 2 : 2 + (said.classes === 2 ? 1 : said.classes);
  const steps = said.actual.length * width * 2;
  return Math.max(LEAST_RESAMPLES, Math.min(RESAMPLES, Math.floor(MOST_STEPS / Math.max(1, steps))));
}

function intervalOf(value: number, drawn: number[]): Interval {
  const sorted = Float64Array.from(drawn).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  return { value, low: at(0.025), high: at(0.975) };
}

function chanceOf(drawn: readonly number[]): number {
  const below = drawn.filter((difference) => difference <= 0).length;
  const above = drawn.filter((difference) => difference >= 0).length;
  // one is added, for the rows themselves are a resample too: no chance is 0
  return Math.min(1, (2 * (Math.min(below, above) + 1)) / (drawn.length + 1));
}

function figuresOf(said: Said): Figures {
  return said.kind === 'value' ? valueFigures(said) : classFigures(said);
}

/** As `valueMetrics`. */
function valueFigures({ actual, predicted }: Said & { kind: 'value' }): Figures {
  const rows = actual.length;
  const center = mean(Array.from(actual)); // so that the squares below lose no digits
  const off = actual.map((value) => value - center);
  const error = actual.map((value, i) => value - predicted[i]);
  return (weights) => {
    let [count, absolute, squared, sum, squares] = [0, 0, 0, 0, 0];
    let [low, high] = [Infinity, -Infinity];
    for (let i = 0; i < rows; i++) {
      const w = weights[i];
      if (w === 0) continue;
      count += w;
      absolute += w * Math.abs(error[i]);
      squared += w * error[i] * error[i];
      sum += w * off[i];
      squares += w * off[i] * off[i];
      low = Math.min(low, off[i]);
      high = Math.max(high, off[i]);
    }
    const deviation = squares - (sum * sum) / count;
    return {
      mae: absolute / count,
      rmse: Math.sqrt(squared / count),
      r2: high > low ? 1 - squared / deviation : NaN,
    };
  };
}

/** As `labelMetrics`, `logLoss`, `rocAuc` and `averagePrecision`. */
function classFigures({ classes, actual, probabilities }: Said & { kind: 'classes' }): Figures {
  const rows = actual.length;
  const said = mostProbable(probabilities, classes);
  const cell = actual.map((value, i) => value * classes + said[i]);
  const loss = Float64Array.from(actual, (value, i) =>
    logLoss(Int32Array.of(value), probabilities.subarray(i * classes, (i + 1) * classes), classes),
  );
  const curves = (classes === 2 ? [1] : Array.from({ length: classes }, (_, c) => c)).map((c) =>
    curveOf(actual, probabilities, classes, c),
  );
  return (weights) => {
    const counts = new Float64Array(classes * classes);
    let [count, total] = [0, 0];
    for (let i = 0; i < rows; i++) {
      counts[cell[i]] += weights[i];
      count += weights[i];
      total += weights[i] * loss[i];
    }
    const areas = curves.map((curve) => curve(weights));
    return {
      ...labelMetrics(counts, classes),
      logLoss: total / count,
      rocAuc: meanOfDefined(areas.map(({ rocAuc }) => rocAuc)),
      averagePrecision: meanOfDefined(areas.map(({ averagePrecision }) => averagePrecision)),
    };
  };
}

/** The areas under the curves of class `c`; the rows are sorted by its probability once. */
function curveOf(
  actual: Int32Array,
  probabilities: Float32Array,
  classes: number,
  c: number,
): (weights: Uint16Array) => { rocAuc: number; averagePrecision: number } {
  const score = Float32Array.from(actual, (_, i) => probabilities[i * classes + c]);
  const order = Int32Array.from(actual.keys()).sort((a, b) => score[b] - score[a]);
  /** 1 where the next row has a lower score */
  const ends = Uint8Array.from(order, (row, i) => Number(i === order.length - 1 || score[order[i + 1]] !== score[row]));
  return (weights) => {
    let [positives, all] = [0, 0];
    for (let i = 0; i < order.length; i++) {
      all += weights[i];
      if (actual[i] === c) positives += weights[i];
    }
    let [hits, alarms, hitsBefore, alarmsBefore, area, precision] = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < order.length; i++) {
      const row = order[i];
      if (actual[row] === c) hits += weights[row];
      else alarms += weights[row];
      if (ends[i] === 0 || hits + alarms === hitsBefore + alarmsBefore) continue;
      area += (alarms - alarmsBefore) * (hits + hitsBefore);
      precision += ((hits - hitsBefore) * hits) / (hits + alarms);
      [hitsBefore, alarmsBefore] = [hits, alarms];
    }
    return { rocAuc: area / 2 / positives / (all - positives), averagePrecision: precision / positives };
  };
}

/** The mean of those that are numbers. */
function meanOfDefined(values: number[]): number {
  return mean(values.filter((value) => Number.isFinite(value)));
}
