// How good a model is on rows whose truth is not known. Classes: confidence-based performance estimation (CBPE), which
// asks what calibrated probabilities promise. Numbers: direct loss estimation (DLE), which learns to foresee the error.
// Both assume that what the inputs say of the target has not changed; a page that shows them must say so.

import { labelMetrics } from '../evaluate/metrics.ts';
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
  /** as `labelMetrics` has them */
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
  const metrics = labelMetrics(Float64Array.from(confusion.flat()), classes);
  const { accuracy } = metrics;
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

/**
 * Expected figures of these rows: `mae` and `rmse` in the target's unit. `variances`: of one row's absolute and squared error.
 * The second takes each row's error for normal with the variance foreseen for it, whose fourth moment is three times that
 * variance squared.
 */
export function estimateValues(
  model: LossModel,
  features: Features,
  predictions: Float64Array,
): { rows: number; metrics: { mae: number; rmse: number }; variances: { absolute: number; squared: number } } {
  const inputs = [...features, predictions];
  const rows = predictions.length;
  const mean = (values: Float64Array, of: (value: number) => number) => {
    let sum = 0;
    for (const value of values) sum += of(Math.max(0, value));
    return sum / rows;
  };
  const squared = predictBoosted(model.squared, inputs);
  const mae = mean(predictBoosted(model.absolute, inputs), (value) => value);
  const mse = mean(squared, (value) => value);
  const fourth = 3 * mean(squared, (value) => value * value);
  return {
    rows,
    metrics: { mae, rmse: Math.sqrt(mse) },
    variances: { absolute: Math.max(0, mse - mae * mae), squared: Math.max(0, fourth - mse * mse) },
  };
}
