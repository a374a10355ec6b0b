// ROC and precision-recall curves of one class against the rest, with their areas. Areas come from all thresholds; the
// points handed out are thinned for drawing. Equals scikit-learn 1.2's roc_curve, precision_recall_curve, roc_auc_score
// and average_precision_score to 1e-9.

/** Points of a curve are at most this many. */
export const MAX_POINTS = 400;

/** Hits and false alarms at each distinct score, falling: a row counts where its score is at least the threshold. */
export interface ThresholdCounts {
  /** distinct scores, falling: [points] */
  thresholds: Float32Array;
  /** rows of the class at or above the threshold: [points] */
  truePositives: Int32Array;
  /** rows of the rest at or above the threshold: [points] */
  falsePositives: Int32Array;
  positives: number;
  negatives: number;
}

/**
 * Counts by falling score of class `c`. The scores of the class and of the rest are sorted apart, as plain floats, and
 * merged: that is ten times as fast as sorting row numbers by a comparator.
 * @param actual class of each row: [rows]
 * @param probabilities [rows, classes]
 */
export function countThresholds(
  actual: Int32Array,
  probabilities: Float32Array,
  classes: number,
  c: number,
): ThresholdCounts {
  const rows = actual.length;
  let positives = 0;
  for (let row = 0; row < rows; row++) if (actual[row] === c) positives++;
  const negatives = rows - positives;
  const hits = new Float32Array(positives);
  const rest = new Float32Array(negatives);
  for (let row = 0, h = 0, r = 0; row < rows; row++) {
    const score = probabilities[row * classes + c];
    if (actual[row] === c) hits[h++] = score;
    else rest[r++] = score;
  }
  hits.sort();
  rest.sort();

  const thresholds = new Float32Array(rows);
  const truePositives = new Int32Array(rows);
  const falsePositives = new Int32Array(rows);
  let points = 0;
  for (let h = positives - 1, r = negatives - 1; h >= 0 || r >= 0; points++) {
    const threshold = Math.max(h >= 0 ? hits[h] : -Infinity, r >= 0 ? rest[r] : -Infinity);
    while (h >= 0 && hits[h] === threshold) h--;
    while (r >= 0 && rest[r] === threshold) r--;
    thresholds[points] = threshold;
    truePositives[points] = positives - 1 - h;
    falsePositives[points] = negatives - 1 - r;
  }
  return {
    thresholds: thresholds.subarray(0, points),
    truePositives: truePositives.subarray(0, points),
    falsePositives: falsePositives.subarray(0, points),
    positives,
    negatives,
  };
}

/** Area under the ROC curve by trapezoids, so that a tie counts half; null where the class or the rest has no row. */
export function rocAuc(counts: ThresholdCounts): number | null {
  const { truePositives, falsePositives, positives, negatives } = counts;
  if (positives === 0 || negatives === 0) return null;
  let doubled = 0; // whole numbers up to 2 * positives * negatives: exact below 2^53
  for (let i = 0, hits = 0, alarms = 0; i < truePositives.length; i++) {
    doubled += (falsePositives[i] - alarms) * (truePositives[i] + hits);
    hits = truePositives[i];
    alarms = falsePositives[i];
  }
  return doubled / 2 / positives / negatives;
}

/** Sum of precision times the gain in recall over all thresholds, not interpolated; null where the class has no row. */
export function averagePrecision(counts: ThresholdCounts): number | null {
  const { truePositives, falsePositives, positives } = counts;
  if (positives === 0) return null;
  let sum = 0;
  for (let i = 0, hits = 0; i < truePositives.length; i++) {
    sum += ((truePositives[i] - hits) * truePositives[i]) / (truePositives[i] + falsePositives[i]);
    hits = truePositives[i];
  }
  return sum / positives;
}

/**
 * Points by falling threshold from (0, 0), whose threshold is the highest score + 1, to (1, 1). Points on a straight line
 * between their neighbours are left out by scikit-learn's rule. Empty where the class or the rest has no row.
 */
export function rocPoints(counts: ThresholdCounts): { fpr: number[]; tpr: number[]; thresholds: number[] } {
  const { thresholds, truePositives, falsePositives, positives, negatives } = counts;
  if (positives === 0 || negatives === 0) return { fpr: [], tpr: [], thresholds: [] };
  const last = thresholds.length - 1;
  const bends = (at: Int32Array, i: number) => at[i - 1] - 2 * at[i] + at[i + 1] !== 0;
  const corners: number[] = [];
  for (let i = 0; i <= last; i++) {
    if (i === 0 || i === last || bends(truePositives, i) || bends(falsePositives, i)) corners.push(i);
  }
  const kept = thin(corners, (i) => truePositives[i] / positives + falsePositives[i] / negatives);
  return {
    fpr: [0, ...kept.map((i) => falsePositives[i] / negatives)],
    tpr: [0, ...kept.map((i) => truePositives[i] / positives)],
    thresholds: [thresholds[0] + 1, ...kept.map((i) => thresholds[i])],
  };
}

/**
 * Points by falling threshold: first recall 0 and, by convention, precision 1, whose threshold is the highest score + 1;
 * last recall 1. scikit-learn lists the same points the other way round. Empty where the class has no row.
 */
export function precisionRecallPoints(counts: ThresholdCounts): {
  precision: number[];
  recall: number[];
  thresholds: number[];
} {
  const { thresholds, truePositives, falsePositives, positives, negatives } = counts;
  if (positives === 0) return { precision: [], recall: [], thresholds: [] };
  const all = Array.from(thresholds, (_, i) => i);
  // Precision falls fastest where false alarms are few, so their logarithm sets the pace there.
  const kept = thin(
    all,
    (i) => truePositives[i] / positives + Math.log1p(falsePositives[i]) / Math.log1p(negatives || 1),
  );
  return {
    precision: [1, ...kept.map((i) => truePositives[i] / (truePositives[i] + falsePositives[i]))],
    recall: [0, ...kept.map((i) => truePositives[i] / positives)],
    thresholds: [thresholds[0] + 1, ...kept.map((i) => thresholds[i])],
  };
}

/** At most MAX_POINTS - 1 of `points`, about evenly spaced by `progress`, which never falls; both ends stay. */
function thin(points: number[], progress: (point: number) => number): number[] {
  const most = MAX_POINTS - 1; // the curve's first point is added by the caller
  if (points.length <= most) return points;
  const start = progress(points[0]);
  const step = (progress(points[points.length - 1]) - start) / (most - 1);
  const kept = [points[0]];
  let next = start + step;
  for (let i = 1; i < points.length - 1; i++) {
    const at = progress(points[i]);
    if (at < next) continue;
    kept.push(points[i]);
    while (next <= at) next += step;
  }
  return [...kept.slice(0, most - 1), points[points.length - 1]];
}
