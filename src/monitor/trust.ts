// How far an estimate of quality without labels can be relied on. It supposes that what the columns say of the target has
// not changed, which no data without labels can show; what can be seen is whether the reference has rows like these at all.

import type { DomainDrift } from './multivariate.ts';
import type { Estimate } from './quality.ts';

/** Rows that a classifier tells apart as well as this are hardly ever met in the reference. */
const MOST_AUC = 0.85;
/** As many held-out rows must be like the batch's at least: fewer say too little to calibrate by. */
const LEAST_ROWS = 30;
/** An accuracy is told closely where its interval reaches no further from it than this. */
export const CLOSE = 0.02;

export interface Trust {
  /**
   * why the quality cannot be told, null where it can: `unlike` the reference are the rows, `absent` is a column or of
   * another type, `fewRows` of the held-out part are like the batch's
   */
  reason: 'unlike' | 'absent' | 'fewRows' | null;
  /** held-out rows that count, weighed as the batch's rows are */
  heldOutRows: number;
  /** the further end of the accuracy's 95 % interval from it is `CLOSE` by; null for numbers */
  close: boolean | null;
}

/** @param whole every column is there, of its type */
export function trustOf(
  heldOutRows: number,
  { metrics: { accuracy }, intervals }: Pick<Estimate, 'metrics' | 'intervals'>,
  domain: Pick<DomainDrift, 'auc' | 'overlap'> | null,
  whole: boolean,
): Trust {
  const effective = heldOutRows * (domain?.overlap ?? 1);
  const around = intervals.accuracy;
  return {
    reason: !whole ? 'absent' : (domain?.auc ?? 0) >= MOST_AUC ? 'unlike' : effective < LEAST_ROWS ? 'fewRows' : null,
    heldOutRows: effective,
    close: around ? Math.max(around.high - accuracy, accuracy - around.low) <= CLOSE : null,
  };
}
