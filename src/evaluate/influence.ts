// What a row's weight does to the area under a curve: the derivative at weights of 1, the same for all rows of one score and
// one side. The squares of these, added up over the rows, are the variance of the area (see intervals.ts).

import { averagePrecision, rocAuc, type ThresholdCounts } from './curves.ts';

export interface Influence {
  /** of the area itself */
  value: number;
  /** at each threshold, for a row of the class and for one of the rest: [points] */
  positive: Float64Array;
  negative: Float64Array;
}

/** Of the ROC curve: how many of the other side a row is rightly ordered with, ties half. Null where a side has no row. */
export function areaInfluence(counts: ThresholdCounts): Influence | null {
  const { truePositives, falsePositives, positives, negatives } = counts;
  const value = rocAuc(counts);
  if (value === null) return null;
  const at = (points: Int32Array, k: number) => (points[k] + (k > 0 ? points[k - 1] : 0)) / 2;
  return {
    value,
    positive: Float64Array.from(truePositives, (_, k) => (1 - at(falsePositives, k) / negatives - value) / positives),
    negative: Float64Array.from(truePositives, (_, k) => (at(truePositives, k) / positives - value) / negatives),
  };
}

/**
 * Of the average precision, the sum over rows i of the class of T(i) / (T(i) + F(i)) / positives, T and F being the rows of
 * the class and of the rest that score at least as high. A row counts by itself and in T or F of all that score no higher.
 * Null where the class has no row.
 */
export function precisionInfluence(counts: ThresholdCounts): Influence | null {
  const { truePositives, falsePositives, positives } = counts;
  const value = averagePrecision(counts);
  if (value === null) return null;
  const points = truePositives.length;
  const positive = new Float64Array(points);
  const negative = new Float64Array(points);
  let [byTrue, byFalse] = [0, 0];
  for (let k = points - 1; k >= 0; k--) {
    const [hits, alarms] = [truePositives[k], falsePositives[k]];
    const own = hits - (k > 0 ? truePositives[k - 1] : 0);
    const both = hits + alarms;
    byTrue += (own * alarms) / (both * both);
    byFalse += (own * hits) / (both * both);
    positive[k] = (hits / both - value + byTrue) / positives;
    negative[k] = -byFalse / positives;
  }
  return { value, positive, negative };
}
