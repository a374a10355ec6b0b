// Figures, alerts and rules in a person's words.

import type { BatchAlert, DriftMethod, Figure, FigureName, Rule } from '../../worker/api.ts';
import { metricNoun } from '../evaluate/metrics.ts';
import { formatNumber, formatPercent, formatPValue, formatQuantity } from '../parts/format.ts';

/** Each figure a rule can look at: its name, and whether it is a share of a whole. */
export const FIGURE_NAMES: Record<FigureName, { name: string; share: boolean }> = {
  lathe_batch_rows: { name: 'Size of a batch', share: false },
  lathe_column_drift_p_value: { name: 'Drift of a column (p)', share: false },
  lathe_column_drift_distance: { name: 'Drift of a column (distance)', share: false },
  lathe_drifted_columns_ratio: { name: 'Columns that drift', share: true },
  lathe_domain_classifier_auc: { name: 'Telling new from old rows (AUC)', share: false },
  lathe_pca_reconstruction_error_ratio: { name: 'Reconstruction error, against the reference', share: false },
  lathe_column_missing_ratio: { name: 'Missing in a column', share: true },
  lathe_column_out_of_range_ratio: { name: 'Out of range in a column', share: true },
  lathe_column_unseen_ratio: { name: 'Unseen categories in a column', share: true },
  lathe_schema_changes: { name: 'Columns gone, new or of another type', share: false },
  lathe_duplicate_rows_ratio: { name: 'Duplicates', share: true },
  lathe_prediction_ratio: { name: 'Share of a predicted class', share: true },
  lathe_prediction_drift_p_value: { name: 'Drift of the predictions (p)', share: false },
  lathe_confidence_drift_p_value: { name: 'Drift of the confidence (p)', share: false },
  lathe_confidence_mean: { name: 'Mean confidence', share: true },
  lathe_entropy_mean: { name: 'Mean entropy', share: false },
  lathe_quality: { name: 'Quality, by labels', share: false },
  lathe_class_quality: { name: 'Quality of a class, by labels', share: false },
  lathe_estimated_quality: { name: 'Quality, foreseen without labels', share: false },
  lathe_challenger_agreement_ratio: { name: 'Agreement with the challenger', share: true },
  lathe_challenger_difference_mean: { name: 'Difference from the challenger', share: false },
  lathe_challenger_quality: { name: 'Quality of the challenger, by labels', share: false },
  lathe_embedding_drift_p_value: { name: 'Drift of the embeddings (p)', share: false },
  lathe_embedding_discrepancy: { name: 'Drift of the embeddings (discrepancy)', share: false },
  lathe_image_brightness_mean: { name: 'Mean brightness', share: false },
  lathe_image_contrast_mean: { name: 'Mean contrast', share: false },
  lathe_image_sharpness_mean: { name: 'Mean sharpness', share: false },
};

/** What columns are compared by. */
export const METHOD_NAMES: Record<DriftMethod, string> = {
  ks: 'Kolmogorov and Smirnov',
  chiSquared: 'chi-squared',
  proportions: 'two proportions',
  wasserstein: 'Wasserstein',
  jensenShannon: 'Jensen and Shannon',
  psi: 'PSI',
  hellinger: 'Hellinger',
};

export const SEVERITIES = {
  critical: { name: 'Critical', tone: 'bad' },
  warning: { name: 'Warning', tone: 'warn' },
  info: { name: 'Note', tone: 'neutral' },
} as const;

/** The part of a figure that tells it from others of its name, such as the column. */
export function subjectOf(labels: Readonly<Record<string, string>>): string {
  if (labels.class !== undefined && labels.metric !== undefined)
    return `${metricNoun(labels.metric)} of ${labels.class}`;
  return (
    labels.column ?? labels.class ?? (labels.metric === undefined ? (labels.change ?? '') : metricNoun(labels.metric))
  );
}

/** `0.0012, below 0.05`, `for 3 batches` */
export function describeAlert({ rule, value, bound, batches }: BatchAlert): string {
  const { share } = FIGURE_NAMES[rule.figure];
  const isChance = rule.figure.endsWith('_p_value') && rule.condition.kind !== 'deviations';
  const show = (number: number) => (share ? formatPercent(number) : isChance ? formatPValue(number) : formatNumber(number)); // prettier-ignore
  const way = value > bound ? 'above' : 'below';
  const row = batches > 1 ? `, for ${formatQuantity(batches, 'batch', 'batches')} in a row` : '';
  return `${FIGURE_NAMES[rule.figure].name}: ${show(value)}, ${way} ${show(bound)}${row}`;
}

/** What an alert does to the metric, foreseen or, of the quality by labels, measured. */
export function describeEffect({ effect, rule }: Pick<BatchAlert, 'effect' | 'rule'>, metric: string): string {
  if (effect === null) return '';
  const way = effect > 0 ? 'raise' : 'lower';
  const amount = metric === 'accuracy' ? `${formatNumber(Math.abs(effect * 100))} points` : formatNumber(Math.abs(effect)); // prettier-ignore
  const noun = metricNoun(metric);
  if (rule.figure === 'lathe_quality') return `${noun} is ${effect > 0 ? 'up' : 'down'} by ${amount}`;
  return Math.abs(effect) < 1e-4 ? `no effect on ${noun} foreseen` : `foreseen to ${way} ${noun} by ${amount}`;
}

/** The figure of this name and label with its interval, or undefined. */
export function wholeFigureOf(figures: readonly Figure[], name: FigureName, label: Record<string, string> = {}) {
  return figures.find(
    (figure) => figure.name === name && Object.entries(label).every(([key, value]) => figure.labels[key] === value),
  );
}

/** Its value, or undefined. */
export function figureOf(figures: readonly Figure[], name: FigureName, label: Record<string, string> = {}) {
  return wholeFigureOf(figures, name, label)?.value;
}

/** A rule's condition, such as `below 0.05`. */
export function describeCondition({ condition }: Rule): string {
  if (condition.kind === 'deviations') return `more than ${condition.number} deviations from the reference`;
  return `${condition.kind} ${formatNumber(condition.value)}`;
}
