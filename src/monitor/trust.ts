// How far an estimate of quality without labels can be relied on. It supposes that what the columns say of the target has
// not changed, which no data without labels can show; what can be seen is whether the reference has rows like these at all.

import type { DomainDrift } from './multivariate.ts';
import { normalQuantile } from './special.ts';

/** Rows that a classifier tells apart as well as this are hardly ever met in the reference. */
const MOST_AUC = 0.85;
/** As many held-out rows must be like the batch's at least: fewer say too little to calibrate by. */
const LEAST_ROWS = 30;
/** A margin up to this, of an accuracy, is told as a figure; a wider one is said to be rough. */
export const CLOSE = 0.02;

export interface Trust {
  /**
   * why the quality cannot be told, null where it can: `unlike` the reference are the rows, `absent` is a column or of
   * another type, `fewRows` of the held-out part are like the batch's
   */
  reason: 'unlike' | 'absent' | 'fewRows' | null;
  /** held-out rows that count, weighed as the batch's rows are */
  heldOutRows: number;
  /** half of the 95 % interval of the accuracy; null for numbers */
  margin: number | null;
}

/** @param whole every column is there, of its type */
export function trustOf(
  heldOutRows: number,
  estimate: { metrics: Readonly<Record<string, number>>; standardError: number | null },
  domain: Pick<DomainDrift, 'auc' | 'overlap'> | null,
  whole: boolean,
): Trust {
  const effective = heldOutRows * (domain?.overlap ?? 1);
  const { accuracy } = estimate.metrics;
  // the batch's own chance, and that of the held-out rows by which the probabilities were calibrated
  const variance =
    estimate.standardError === null
      ? null
      : estimate.standardError ** 2 + shrunk(accuracy, effective) * (1 - shrunk(accuracy, effective)) / effective; // prettier-ignore
  return {
    reason: !whole ? 'absent' : (domain?.auc ?? 0) >= MOST_AUC ? 'unlike' : effective < LEAST_ROWS ? 'fewRows' : null,
    heldOutRows: effective,
    margin: variance === null ? null : normalQuantile(0.975) * Math.sqrt(variance),
  };
}

/** Laplace's rule: a share that is 1 in so many rows is not known to be 1. */
function shrunk(share: number, rows: number): number {
  return (share * rows + 1) / (rows + 2);
}
