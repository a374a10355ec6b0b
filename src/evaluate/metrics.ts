// The single figures of a model: of classes from a confusion matrix and probabilities, of values from residuals. Each
// equals scikit-learn 1.2's function of that name to 1e-9. Curves and their areas are in curves.ts.

/** Rows by actual (first index) and predicted class, flat: [classes * classes]. */
export type Counts = Float64Array;

/** Precision, recall and F1 of one class; `support` is the number of rows whose actual class it is. */
export interface ClassScore {
  precision: number;
  recall: number;
  f1: number;
  support: number;
}

/**
 * The class of the largest probability in each row; of equal ones the first, as NumPy's argmax. A row without a number
 * gets class 0.
 * @param probabilities [rows, classes]
 * @returns [rows]
 */
export function mostProbable(probabilities: ArrayLike<number>, classes: number): Int32Array {
  const rows = probabilities.length / classes;
  const predicted = new Int32Array(rows);
  for (let row = 0, at = 0; row < rows; row++, at += classes) {
    let best = 0;
    for (let c = 1; c < classes; c++) if (probabilities[at + c] > probabilities[at + best]) best = c;
    predicted[row] = best;
  }
  return predicted;
}

/** @param actual class of each row: [rows], 0..classes - 1, as `predicted` */
export function confusionMatrix(actual: Int32Array, predicted: Int32Array, classes: number): Counts {
  const counts = new Float64Array(classes * classes);
  for (let row = 0; row < actual.length; row++) counts[actual[row] * classes + predicted[row]]++;
  return counts;
}

/** `precision_recall_fscore_support(labels=all, zero_division=0)`: a ratio without a denominator is 0. */
export function classScores(counts: Counts, classes: number): ClassScore[] {
  return Array.from({ length: classes }, (_, c) => {
    const hits = counts[c * classes + c];
    const support = rowSum(counts, classes, c);
    const predicted = columnSum(counts, classes, c);
    return {
      precision: ratio(hits, predicted),
      recall: ratio(hits, support),
      f1: ratio(2 * hits, support + predicted),
      support,
    };
  });
}

/**
 * The figures that need only the confusion matrix, by the names of `Evaluation.metrics`. As scikit-learn does where it is
 * not told the labels, macro averages go over the classes that occur here as actual or as predicted, and balanced
 * accuracy over those that occur as actual: a class without any row says nothing about the model. Two classes add
 * `precision`, `recall` and `f1` of the second, the positive one (data/positive.ts). No rows, no figures.
 */
export function labelMetrics(counts: Counts, classes: number): Record<string, number> {
  const scores = classScores(counts, classes);
  const rows = scores.reduce((sum, score) => sum + score.support, 0);
  if (rows === 0) return {};
  const seen = scores.filter((score, c) => score.support > 0 || columnSum(counts, classes, c) > 0);
  const hits = scores.reduce((sum, _, c) => sum + counts[c * classes + c], 0);
  const macro = (key: keyof ClassScore) => mean(seen.map((score) => score[key]));
  const weighted = (key: keyof ClassScore) => scores.reduce((sum, score) => sum + score[key] * score.support, 0) / rows;
  return {
    accuracy: hits / rows,
    balancedAccuracy: mean(scores.filter((score) => score.support > 0).map((score) => score.recall)),
    ...(classes === 2 && { precision: scores[1].precision, recall: scores[1].recall, f1: scores[1].f1 }),
    precisionMacro: macro('precision'),
    recallMacro: macro('recall'),
    f1Macro: macro('f1'),
    precisionWeighted: weighted('precision'),
    recallWeighted: weighted('recall'),
    f1Weighted: weighted('f1'),
  };
}

/**
 * Mean of -ln(probability of the actual class), `log_loss(labels=all)` of the probabilities as float64: each is first
 * clipped to [e, 1 - e] with e = 2^-52, then a row is divided by its sum. So no row costs more than 36.04 nats.
 * @param probabilities [rows, classes]
 */
export function logLoss(actual: Int32Array, probabilities: ArrayLike<number>, classes: number): number {
  let total = 0;
  for (let row = 0; row < actual.length; row++) total += rowLoss(actual[row], probabilities, classes, row);
  return total / actual.length;
}

/** The log loss of one row, whose class is `actual`. */
export function rowLoss(actual: number, probabilities: ArrayLike<number>, classes: number, row: number): number {
  const at = row * classes;
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += clip(probabilities[at + c]);
  return -Math.log(clip(probabilities[at + actual]) / sum);
}

/**
 * `mae`, `rmse` and `r2` (coefficient of determination: 1 - squared error / squared deviation from the actual mean).
 * Where all actual values are equal, or there is only one, r2 is not defined and left out; scikit-learn says 0, 1 or nan.
 * @param actual [rows]
 * @param predict the prediction of a row
 */
export function valueMetrics(actual: Float64Array, predict: (row: number) => number): Record<string, number> {
  const rows = actual.length;
  if (rows === 0) return {};
  let absolute = 0;
  let squared = 0;
  let sum = 0;
  let varies = false;
  for (let row = 0; row < rows; row++) {
    const residual = actual[row] - predict(row);
    absolute += Math.abs(residual);
    squared += residual * residual;
    sum += actual[row];
    varies ||= actual[row] !== actual[0];
  }
  const metrics: Record<string, number> = { mae: absolute / rows, rmse: Math.sqrt(squared / rows) };
  if (varies) {
    const center = sum / rows;
    let deviation = 0;
    for (let row = 0; row < rows; row++) deviation += (actual[row] - center) ** 2;
    metrics.r2 = 1 - squared / deviation;
  }
  return metrics;
}

/** Arithmetic mean; of nothing it is NaN. */
export function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function clip(probability: number): number {
  return Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, probability));
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function rowSum(counts: Counts, classes: number, c: number): number {
  let sum = 0;
  for (let other = 0; other < classes; other++) sum += counts[c * classes + other];
  return sum;
}

function columnSum(counts: Counts, classes: number, c: number): number {
  let sum = 0;
  for (let other = 0; other < classes; other++) sum += counts[other * classes + c];
  return sum;
}
