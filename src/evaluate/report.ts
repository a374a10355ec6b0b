// The whole evaluation of one model on one part of the data, beside a dummy's. Pure: predictions in, figures out.

import { UserError } from '../base/errors.ts';
import {
  averagePrecision,
  countThresholds,
  precisionRecallPoints,
  rocAuc,
  rocPoints,
  type ThresholdCounts,
} from './curves.ts';
import { classScores, confusionMatrix, labelMetrics, logLoss, mean, mostProbable, valueMetrics } from './metrics.ts';
import { sampleResiduals, type Residuals } from './residuals.ts';

export type { Residuals };

/** Rows by actual (first index) and predicted (second), in the order of `labels`. */
export interface Confusion {
  labels: string[];
  counts: number[][];
}

export interface ClassFigures {
  label: string;
  precision: number;
  recall: number;
  f1: number;
  /** rows whose actual class it is */
  support: number;
}

/**
 * A curve of one class against the rest. Points in order of falling threshold, from (0, 0) to (1, 1); at most 400, thinned
 * without losing the ends. The first point's threshold is the highest score + 1. Two classes have one curve, of the second.
 */
export interface RocCurve {
  label: string;
  fpr: number[];
  tpr: number[];
  thresholds: number[];
  /** null, and no points, where the class or its complement has no row */
  auc: number | null;
}

/** As RocCurve, from recall 0 and precision 1 to recall 1; empty and null where the class has no row. */
export interface PrCurve {
  label: string;
  precision: number[];
  recall: number[];
  thresholds: number[];
  averagePrecision: number | null;
}

/**
 * `metrics` keys. Classes: accuracy, balancedAccuracy, precisionMacro, recallMacro, f1Macro, precisionWeighted,
 * recallWeighted, f1Weighted, logLoss, rocAuc (one against the rest, macro), averagePrecision (macro); two classes also
 * precision, recall, f1 of the second, the positive one, whose rocAuc and averagePrecision it then is. Value: mae, rmse, r2.
 * A figure that is not defined on these rows is left out. Macro averages go over the classes that occur here: rocAuc over
 * those with rows both of the class and of the rest, averagePrecision over those with rows.
 */
export interface Evaluation {
  rows: number;
  metrics: Record<string, number>;
  /**
   * The same figures of a dummy. Classes: it always says the training part's most frequent class, from which come accuracy,
   * precision, recall and F1; its probabilities are the training part's class shares, from which come logLoss, rocAuc and
   * averagePrecision. Value: it always says the training part's mean.
   */
  dummy: Record<string, number>;
  confusion?: Confusion;
  classes?: ClassFigures[];
  roc?: RocCurve[];
  precisionRecall?: PrCurve[];
  residuals?: Residuals;
}

/**
 * @param o.labels in the order of the probabilities, two at least; one without a row here is fine
 * @param o.actual index into `labels`: [rows]
 * @param o.probabilities [rows, classes]; the largest is the prediction, of equal ones the first
 * @param o.dummyShares share of each class in the training part: [classes]
 * @throws UserError where a probability is not a finite number
 */
export function evaluateClasses(o: {
  labels: string[];
  actual: Int32Array;
  probabilities: Float32Array;
  dummyShares: number[];
}): Evaluation {
  const { labels, actual, probabilities, dummyShares } = o;
  const classes = labels.length;
  const rows = actual.length;
  if (probabilities.length !== rows * classes || dummyShares.length !== classes) {
    throw new RangeError(
      `${rows} rows of ${classes} classes do not go with ${probabilities.length} probabilities and ${dummyShares.length} shares`,
    );
  }
  checkFinite(probabilities, 'probability', classes);

  const confusion = confusionMatrix(actual, mostProbable(probabilities, classes), classes);
  const scored = labels.length === 2 ? [1] : labels.map((_, c) => c);
  const roc: RocCurve[] = [];
  const precisionRecall: PrCurve[] = [];
  for (const c of scored) {
    const counts = countThresholds(actual, probabilities, classes, c);
    roc.push({ label: labels[c], ...rocPoints(counts), auc: rocAuc(counts) });
    const points = precisionRecallPoints(counts);
    precisionRecall.push({ label: labels[c], ...points, averagePrecision: averagePrecision(counts) });
  }
  return {
    rows,
    metrics: defined({
      ...labelMetrics(confusion, classes),
      logLoss: logLoss(actual, probabilities, classes),
      rocAuc: meanOfDefined(roc.map((curve) => curve.auc)),
      averagePrecision: meanOfDefined(precisionRecall.map((curve) => curve.averagePrecision)),
    }),
    dummy: dummyOfClasses(actual, dummyShares, scored),
    confusion: {
      labels,
      counts: labels.map((_, c) => Array.from(confusion.subarray(c * classes, (c + 1) * classes))),
    },
    classes: classScores(confusion, classes).map((score, c) => ({ label: labels[c], ...score })),
    roc,
    precisionRecall,
  };
}

/**
 * @param o.actual in the target's own unit: [rows]
 * @param o.predicted likewise: [rows]
 * @param o.dummyMean mean of the training part's targets
 * @throws UserError where a prediction is not a finite number
 */
export function evaluateValues(o: { actual: Float64Array; predicted: Float64Array; dummyMean: number }): Evaluation {
  const { actual, predicted, dummyMean } = o;
  if (predicted.length !== actual.length) {
    throw new RangeError(`${actual.length} actual values do not go with ${predicted.length} predicted ones`);
  }
  checkFinite(predicted, 'prediction', 1);
  return {
    rows: actual.length,
    metrics: valueMetrics(actual, (row) => predicted[row]),
    dummy: valueMetrics(actual, () => dummyMean),
    residuals: sampleResiduals(actual, predicted),
  };
}

/** `DummyClassifier(strategy='prior')`: one prediction and one row of probabilities for all. */
function dummyOfClasses(actual: Int32Array, shares: number[], scored: number[]): Record<string, number> {
  const classes = shares.length;
  const mostFrequent = shares.indexOf(Math.max(...shares));
  const confusion = confusionMatrix(actual, new Int32Array(actual.length).fill(mostFrequent), classes);
  const support = classScores(confusion, classes).map((score) => score.support);
  const loss = support.reduce(
    (sum, rows, c) => (rows === 0 ? sum : sum + rows * logLoss(Int32Array.of(c), shares, classes)),
    0,
  );
  // One threshold takes all rows in: the curve is a straight line.
  const counts = scored.map((c): ThresholdCounts => ({
    thresholds: Float32Array.of(shares[c]),
    truePositives: Int32Array.of(support[c]),
    falsePositives: Int32Array.of(actual.length - support[c]),
    positives: support[c],
    negatives: actual.length - support[c],
  }));
  return defined({
    ...labelMetrics(confusion, classes),
    logLoss: loss / actual.length,
    rocAuc: meanOfDefined(counts.map(rocAuc)),
    averagePrecision: meanOfDefined(counts.map(averagePrecision)),
  });
}

function meanOfDefined(values: (number | null)[]): number {
  return mean(values.filter((value) => value !== null));
}

/** Leaves out what no rows define. */
function defined(metrics: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => !Number.isNaN(value)));
}

function checkFinite(values: Float32Array | Float64Array, what: string, perRow: number): void {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at >= 0) {
    throw new UserError(
      'invalid',
      `${what} of row ${Math.floor(at / perRow) + 1} of this part: ${values[at]}. The model has overflowed; train it again with a lower learning rate`,
    );
  }
}
