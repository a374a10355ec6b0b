// The whole evaluation of one model on one part of the data, beside a dummy's. Pure: predictions in, figures out.

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

/** A curve of one class against the rest. Points in order of falling threshold; at most a few hundred, thinned without losing the ends. */
export interface RocCurve {
  label: string;
  fpr: number[];
  tpr: number[];
  thresholds: number[];
  /** null where the class or its complement has no row */
  auc: number | null;
}

export interface PrCurve {
  label: string;
  precision: number[];
  recall: number[];
  thresholds: number[];
  averagePrecision: number | null;
}

export interface Residuals {
  /** a sample of at most 2,000 rows: [points] */
  actual: number[];
  predicted: number[];
  histogram: { edges: number[]; counts: number[] };
}

/**
 * `metrics` keys. Classes: accuracy, balancedAccuracy, precisionMacro, recallMacro, f1Macro, precisionWeighted,
 * recallWeighted, f1Weighted, logLoss, rocAuc (one against the rest, macro), averagePrecision (macro). Value: mae, rmse, r2.
 * A figure that is not defined on these rows is left out.
 */
export interface Evaluation {
  rows: number;
  metrics: Record<string, number>;
  /** the same figures of a dummy that always says the training part's most frequent class (probability: the class shares), or mean */
  dummy: Record<string, number>;
  confusion?: Confusion;
  classes?: ClassFigures[];
  roc?: RocCurve[];
  precisionRecall?: PrCurve[];
  residuals?: Residuals;
}
