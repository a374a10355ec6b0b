// A report of a batch as figures that rules can look at, and that others can read under the names Prometheus would have.

import type { Bounds } from '../evaluate/intervals.ts';
import type { BatchReport } from './batch.ts';
import type { Figure } from './rules.ts';

/** Classes whose figures are told one by one. */
const MOST_CLASSES = 100;

export function figuresOf(report: Omit<BatchReport, 'figures'>): Figure[] {
  const figures: Figure[] = [];
  const add = (
    name: Figure['name'],
    value: number | null | undefined,
    labels: Record<string, string> = {},
    bounds?: Bounds | null,
  ) => {
    if (value !== null && value !== undefined) figures.push({ name, labels, value, ...bounds });
  };
  add('lathe_batch_rows', report.rows);
  add('lathe_duplicate_rows_ratio', report.duplicates);
  for (const { column, adjustedPValue, value, method } of report.drift.columns) {
    add('lathe_column_drift_p_value', adjustedPValue, { column });
    if (!['ks', 'chiSquared', 'proportions'].includes(method)) {
      add('lathe_column_drift_distance', value, { column, method });
    }
  }
  if (report.drift.columns.length > 0) add('lathe_drifted_columns_ratio', report.drift.driftedShare);
  add('lathe_domain_classifier_auc', report.domain?.auc);
  add('lathe_pca_reconstruction_error_ratio', report.reconstruction);
  for (const { column, missing, outOfRange, unseen } of report.columns) {
    add('lathe_column_missing_ratio', missing, { column });
    add('lathe_column_out_of_range_ratio', outOfRange, { column });
    add('lathe_column_unseen_ratio', unseen, { column });
  }
  add('lathe_prediction_drift_p_value', report.outputDrift.pValue);
  add('lathe_confidence_drift_p_value', report.confidenceDrift?.pValue);
  if (report.said) {
    const { labels, shares, confidence, entropy } = report.said;
    labels.forEach((label, c) => add('lathe_prediction_ratio', shares[c], { class: label }));
    add('lathe_confidence_mean', confidence.now);
    add('lathe_entropy_mean', entropy.now);
  }
  const { quality, estimate } = report;
  for (const [metric, value] of Object.entries(quality?.metrics ?? {})) {
    add('lathe_quality', value, { metric }, quality!.intervals.metrics[metric]);
  }
  for (const [c, own] of (quality?.classes ?? []).slice(0, MOST_CLASSES).entries()) {
    const bounds = quality!.intervals.classes![c];
    for (const metric of ['precision', 'recall', 'f1'] as const) {
      // a class that is not there says nothing, and is no zero
      if (bounds[metric]) add('lathe_class_quality', own[metric], { class: own.label, metric }, bounds[metric]);
    }
  }
  for (const [metric, value] of Object.entries(estimate?.metrics ?? {})) {
    add('lathe_estimated_quality', value, { metric }, estimate!.intervals[metric]);
  }
  return figures;
}
