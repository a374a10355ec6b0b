// How good a model is on rows whose truth is not known. Classes: confidence-based performance estimation (CBPE), which
// asks what calibrated probabilities promise. Numbers: direct loss estimation (DLE), which learns to foresee the error.
// Both assume that what the inputs say of the target has not changed; a page that shows them must say so.

import { BOOST_DEFAULTS, type Boosted, type Features, fitBoosted, predictBoosted } from './boost.ts';

/** Maps a model's probability to the share of rows in which it came true: a step function by isotonic regression. */
export interface Calibrator {
  /** ascending */
  scores: Float64Array;
  /** ascending; of each score */
  shares: Float64Array;
}

/**
 * Isotonic regression by pooling adjacent violators (Barlow et al. 1972).
 * @param scores [rows] probabilities a model gave
 * @param hits [rows] 1 where it came true, 0 elsewhere
 */
export function fitCalibrator(scores: ArrayLike<number>, hits: ArrayLike<number>): Calibrator {
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[a] - scores[b]);
  const blocks: { first: number; last: number; sum: number; rows: number }[] = [];
  for (const i of order) {
    const tied = blocks.at(-1);
    // equal scores are one block from the beginning: they cannot be told apart later
    if (tied?.last === scores[i]) {
      tied.sum += hits[i];
      tied.rows++;
    } else {
      blocks.push({ first: scores[i], last: scores[i], sum: hits[i], rows: 1 });
    }
  }
  const pooled: typeof blocks = [];
  for (const block of blocks) {
    pooled.push(block);
    // a block that is not above the one before it becomes one with it
    while (pooled.length > 1 && shareOf(pooled.at(-2)!) >= shareOf(pooled.at(-1)!)) {
      const last = pooled.pop()!;
      const before = pooled.pop()!;
      pooled.push({ first: before.first, last: last.last, sum: before.sum + last.sum, rows: before.rows + last.rows });
    }
  }
  const points = pooled.flatMap(
    ({ first, last, sum, rows }) =>
    first === last ? [[first, sum / rows]] : [[first, sum / rows], [last, sum / rows]], // prettier-ignore
  );
  return {
    scores: Float64Array.from(points, ([score]) => score),
    shares: Float64Array.from(points, ([, share]) => share),
  };
}

function shareOf({ sum, rows }: { sum: number; rows: number }): number {
  return sum / rows;
}

/** Between two known scores linearly, outside them as the nearest. */
export function calibrate({ scores, shares }: Calibrator, score: number): number {
  let [low, high] = [0, scores.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (scores[middle] < score) low = middle + 1;
    else high = middle;
  }
  if (low === 0) return shares[0];
  if (low === scores.length) return shares[low - 1];
  const span = scores[low] - scores[low - 1];
  const part = span > 0 ? (score - scores[low - 1]) / span : 1;
  return shares[low - 1] + part * (shares[low] - shares[low - 1]);
}

/** One calibrator a class, each against the rest. */
export type ClassCalibrators = Calibrator[];

/**
 * @param probabilities [rows, classes] on rows that the model has not learned from
 * @param actual [rows] class index
 */
export function fitClassCalibrators(
  probabilities: ArrayLike<number>,
  actual: ArrayLike<number>,
  classes: number,
): ClassCalibrators {
  return Array.from({ length: classes }, (_, c) => {
    const scores = Float64Array.from({ length: actual.length }, (_, i) => probabilities[i * classes + c]);
    const hits = Float64Array.from({ length: actual.length }, (_, i) => Number(actual[i] === c));
    return fitCalibrator(scores, hits);
  });
}

/** Calibrated probabilities [rows, classes], each row summing to 1. */
export function calibrateRows(calibrators: ClassCalibrators, probabilities: ArrayLike<number>): Float64Array {
  const classes = calibrators.length;
  const calibrated = new Float64Array(probabilities.length);
  for (let start = 0; start < probabilities.length; start += classes) {
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      calibrated[start + c] = calibrate(calibrators[c], probabilities[start + c]);
      sum += calibrated[start + c];
    }
    for (let c = 0; c < classes; c++) calibrated[start + c] = sum > 0 ? calibrated[start + c] / sum : 1 / classes;
  }
  return calibrated;
}

export interface ClassEstimate {
  rows: number;
  accuracy: number;
  /** of the accuracy, from the spread of the probabilities alone: sqrt(sum p (1 - p)) / rows */
  standardError: number;
  /** expected counts by actual class (not known, so shared out by probability) and predicted class */
  confusion: number[][];
  /** macro averages over the classes that are expected at all; two classes: also those of the second */
  metrics: Record<string, number>;
}

/**
 * CBPE: each row counts for every class with its calibrated probability, under the class that the model predicts for it,
 * which gives an expected confusion matrix and with it every metric that follows from one.
 * @param calibrated [rows, classes], rows summing to 1
 * @param predicted [rows] class index
 */
export function estimateClasses(
  calibrated: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
): ClassEstimate {
  const rows = predicted.length;
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  let variance = 0;
  for (let i = 0; i < rows; i++) {
    for (let c = 0; c < classes; c++) confusion[c][predicted[i]] += calibrated[i * classes + c];
    const right = calibrated[i * classes + predicted[i]];
    variance += right * (1 - right);
  }
  const right = confusion.reduce((sum, row, c) => sum + row[c], 0);
  const figures = confusion.map((row, c) => {
    const support = row.reduce((sum, count) => sum + count, 0);
    const named = confusion.reduce((sum, other) => sum + other[c], 0);
    const precision = named > 0 ? row[c] / named : 0;
    const recall = support > 0 ? row[c] / support : 0;
    const f1 = support + named > 0 ? (2 * row[c]) / (support + named) : 0;
    return { support, precision, recall, f1 };
  });
  const present = figures.filter(({ support }) => support > 0);
  const macro = (key: 'precision' | 'recall' | 'f1') =>
    present.reduce((sum, figure) => sum + figure[key], 0) / Math.max(1, present.length);
  const accuracy = right / rows;
  const metrics: Record<string, number> = {
    accuracy,
    balancedAccuracy: macro('recall'),
    precisionMacro: macro('precision'),
    recallMacro: macro('recall'),
    f1Macro: macro('f1'),
  };
  if (classes === 2) {
    const { precision, recall, f1 } = figures[1];
    Object.assign(metrics, { precision, recall, f1 });
  }
  return { rows, accuracy, standardError: Math.sqrt(variance) / rows, confusion, metrics };
}

/** What foresees a regression model's errors. */
export interface LossModel {
  absolute: Boosted;
  squared: Boosted;
}

/**
 * DLE: learns the absolute and the squared error of each row from its columns and its prediction.
 * @param errors [rows] prediction less truth, on rows that the model has not learned from
 */
export function fitLossModel(features: Features, predictions: Float64Array, errors: ArrayLike<number>): LossModel {
  const inputs = [...features, predictions];
  const fit = (target: Float64Array) =>
    fitBoosted(inputs, target, {
      ...BOOST_DEFAULTS,
      loss: 'squares',
      leafRows: Math.max(5, Math.round(target.length / 50)),
    });
  return {
    absolute: fit(Float64Array.from(errors, Math.abs)),
    squared: fit(Float64Array.from(errors, (error) => error * error)),
  };
}

/** Expected figures of these rows: `mae` and `rmse` in the target's unit. */
export function estimateValues(
  model: LossModel,
  features: Features,
  predictions: Float64Array,
): { rows: number; metrics: Record<string, number> } {
  const inputs = [...features, predictions];
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + Math.max(0, value), 0) / values.length;
  const mae = mean(predictBoosted(model.absolute, inputs));
  const rmse = Math.sqrt(mean(predictBoosted(model.squared, inputs)));
  return { rows: predictions.length, metrics: { mae, rmse } };
}
