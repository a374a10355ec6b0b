// What the log of a run says of an epoch. Plain JSON.

/** One line of a run's log. Losses are means over rows, the penalty not counted; `metric` is accuracy, or MAE in the target's unit. */
export interface EpochLog {
  /** from 1 */
  epoch: number;
  loss: number;
  metric: number;
  /** null where there is no validation part */
  valLoss: number | null;
  valMetric: number | null;
  learningRate: number;
  durationMs: number;
}
