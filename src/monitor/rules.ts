// Rules on the figures of batches, and the alerts they raise. A rule looks at one figure of each batch in turn; it says
// what happened and weighs nothing against anything else.

/** One number of one batch, named as Prometheus would: `lathe_column_drift_p_value` with `column="age"`. */
export interface Figure {
  name: FigureName;
  labels: Readonly<Record<string, string>>;
  value: number;
  /** its 95 % interval, where it has one */
  low?: number;
  high?: number;
}

/** Every figure there is, with the sentence that explains it. Ratios are 0 to 1. */
export const FIGURES = {
  lathe_batch_rows: 'Rows of the newest batch.',
  lathe_column_drift_p_value: 'Chance of so large a difference of the column from the reference without any drift, allowing for the number of columns.',
  lathe_column_drift_distance: 'Distance of the column from the reference, by the method in the label.',
  lathe_drifted_columns_ratio: 'Share of the columns that drift.',
  lathe_domain_classifier_auc: 'How well a classifier tells the rows of the batch from those of the reference; 0.5 is not at all.',
  lathe_pca_reconstruction_error_ratio: 'Reconstruction error of the batch by the components of the reference, as a multiple of the reference’s own.',
  lathe_column_missing_ratio: 'Share of the rows without a value in the column.',
  lathe_column_out_of_range_ratio: 'Share of the values below the least or above the greatest of the reference.',
  lathe_column_unseen_ratio: 'Share of the values that are categories which the reference does not have.',
  lathe_schema_changes: 'Columns that are gone, new or of another type, as the label says.',
  lathe_duplicate_rows_ratio: 'Share of the rows that equal an earlier row of the batch.',
  lathe_prediction_ratio: 'Share of the rows that are predicted as the class.',
  lathe_prediction_drift_p_value: 'Chance of so large a difference of the predictions from the reference without any drift.',
  lathe_confidence_drift_p_value: 'Chance of so large a difference of the confidence from the reference without any drift.',
  lathe_confidence_mean: 'Mean probability of the predicted class.',
  lathe_entropy_mean: 'Mean entropy of the predicted probabilities, in nats.',
  lathe_quality: 'The metric in the label, against the labels that came with the batch.',
  lathe_class_quality: 'The metric in the label of one class against all others, against the labels that came with the batch.',
  lathe_estimated_quality: 'The metric in the label as it is foreseen without labels.',
  lathe_challenger_agreement_ratio: 'Share of the rows for which the challenger, scoring in the shadow, predicts the same.',
  lathe_challenger_difference_mean: 'Mean absolute difference of the challenger’s predictions, scored in the shadow, from the champion’s.',
  lathe_challenger_quality: 'The metric in the label of the challenger, scoring in the shadow, against the labels that came with the batch.',
  lathe_embedding_drift_p_value: 'Chance of so large a difference of the images’ embeddings from the held-out ones without any drift.',
  lathe_embedding_discrepancy: 'Squared maximum mean discrepancy of the images’ embeddings from the held-out ones; about 0 without drift.',
  lathe_image_brightness_mean: 'Mean brightness of the images, 0 to 1.',
  lathe_image_contrast_mean: 'Mean standard deviation of the brightness within an image, 0 to 1.',
  lathe_image_sharpness_mean: 'Mean variance of the Laplacian of an image.',
} as const satisfies Record<string, string>; // prettier-ignore

export type FigureName = keyof typeof FIGURES;

export type Severity = 'info' | 'warning' | 'critical';

/** When a figure is out of bounds. `deviations` are the reference's own, from its chunks: mean plus or minus so many. */
export type Condition =
  { kind: 'above'; value: number } | { kind: 'below'; value: number } | { kind: 'deviations'; number: number };

export interface Rule {
  id: string;
  /** for people */
  name: string;
  figure: FigureName;
  /** the labels it must have; one that is not named may have any value, each counted for itself */
  labels: Readonly<Record<string, string>>;
  condition: Condition;
  /** batches in a row */
  forBatches: number;
  severity: Severity;
  enabled: boolean;
}

/** Mean and standard deviation of a figure over chunks of the reference. */
export interface Spread {
  mean: number;
  std: number;
}

export interface BatchFigures {
  /** sequence number of the batch */
  batch: number;
  figures: readonly Figure[];
  /** by `figureKey`: how far each figure varies by chance in a batch of this size; left out: the reference's */
  spread?: ReadonlyMap<string, Spread>;
}

/** A rule that holds for a figure since a batch. */
export interface Alert {
  rule: Rule;
  /** of the figure */
  labels: Readonly<Record<string, string>>;
  /** the batch that completed the row of `forBatches` */
  batch: number;
  /** the first batch of that row */
  since: number;
  value: number;
  /** what the value has crossed */
  bound: number;
}

/** The key of a figure: its name and its labels in order, as Prometheus writes them. */
export function figureKey({ name, labels }: Pick<Figure, 'name' | 'labels'>): string {
  const pairs = Object.keys(labels).sort().map((key) => `${key}=${JSON.stringify(labels[key])}`); // prettier-ignore
  return pairs.length > 0 ? `${name}{${pairs.join(',')}}` : name;
}

/** The name and the labels that a key is of. @throws SyntaxError on what `figureKey` has not written */
export function parseFigureKey(key: string): Pick<Figure, 'name' | 'labels'> {
  const [name] = key.split('{', 1);
  const pairs = [...key.slice(name.length).matchAll(/(\w+)=("(?:\\.|[^"\\])*")/g)];
  return {
    name: name as FigureName,
    labels: Object.fromEntries(pairs.map(([, label, value]) => [label, JSON.parse(value) as string])),
  };
}

/** The bounds beyond which a condition holds; null on a side without one, both null where the reference says nothing. */
export function boundsOf(
  condition: Condition,
  spread: Spread | undefined,
): { low: number | null; high: number | null } {
  switch (condition.kind) {
    case 'above':
      return { low: null, high: condition.value };
    case 'below':
      return { low: condition.value, high: null };
    case 'deviations':
      if (!spread) return { low: null, high: null };
      return {
        low: spread.mean - condition.number * spread.std,
        high: spread.mean + condition.number * spread.std,
      };
  }
}

/**
 * Goes through the batches in order. An alert is raised once for each unbroken row of batches, or, where it is to go on, by
 * each batch of the row from that one on; a batch without the figure breaks no row and makes none longer.
 * @param reference spread by `figureKey`
 */
export function raiseAlerts(
  rules: readonly Rule[],
  batches: readonly BatchFigures[],
  reference: ReadonlyMap<string, Spread>,
  { goesOn = false } = {},
): Alert[] {
  const alerts: Alert[] = [];
  for (const rule of rules) {
    if (!rule.enabled) continue;
    const rows = new Map<string, { since: number; length: number }>();
    for (const { batch, figures, spread = reference } of batches) {
      for (const figure of figures) {
        if (figure.name !== rule.figure || !hasLabels(figure, rule.labels)) continue;
        const key = figureKey(figure);
        const crossed = crossedBound(figure.value, boundsOf(rule.condition, spread.get(key)));
        if (crossed === null) {
          rows.delete(key);
          continue;
        }
        const row = rows.get(key) ?? { since: batch, length: 0 };
        row.length++;
        rows.set(key, row);
        if (goesOn ? row.length < rule.forBatches : row.length !== rule.forBatches) continue;
        alerts.push({ rule, labels: figure.labels, batch, since: row.since, value: figure.value, bound: crossed });
      }
    }
  }
  return alerts.sort((a, b) => a.batch - b.batch);
}

function hasLabels(figure: Figure, wanted: Readonly<Record<string, string>>): boolean {
  return Object.entries(wanted).every(
    ([key, value]) => Object.hasOwn(figure.labels, key) && figure.labels[key] === value,
  );
}

/** The bound that the value lies beyond, or null. A figure that is not a number lies beyond none. */
function crossedBound(value: number, { low, high }: { low: number | null; high: number | null }): number | null {
  if (high !== null && value > high) return high;
  if (low !== null && value < low) return low;
  return null;
}
