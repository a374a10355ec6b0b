// Sets of rules to begin with, from which a person goes on.

import type { Condition, FigureName, Rule, Severity } from './rules.ts';

export interface RulePreset {
  id: 'standard' | 'sensitive' | 'quiet' | 'data' | 'quality';
  name: string;
  /** for whom it is, one sentence */
  what: string;
  rules: Rule[];
}

/**
 * The rules of a model until others are set.
 * @param metric what the task is judged by, such as `accuracy` @param images whether it takes images
 */
export function presetRules(metric: string, images = false): Rule[] {
  const deviations = (number: number): Condition => ({ kind: 'deviations', number });
  const above = (value: number): Condition => ({ kind: 'above', value });
  const below = (value: number): Condition => ({ kind: 'below', value });
  const [one, several] = images ? ['property', 'properties'] : ['column', 'columns'];
  return [
    rule('gone', 'A column is gone', 'lathe_schema_changes', above(0), 'critical', { change: 'gone' }),
    rule('type', 'A column has another type', 'lathe_schema_changes', above(0), 'critical', { change: 'type' }),
    rule('drift-column', `A ${one} drifts`, 'lathe_column_drift_p_value', below(0.05), 'warning'),
    rule('drift-dataset', `Half of the ${several} drift`, 'lathe_drifted_columns_ratio', above(0.499), 'critical'),
    rule('missing', 'Values are missing', 'lathe_column_missing_ratio', deviations(3), 'warning'),
    rule('unseen', 'New categories', 'lathe_column_unseen_ratio', above(0.01), 'warning'),
    rule(
      'duplicates',
      images ? 'Images repeat' : 'Rows repeat',
      'lathe_duplicate_rows_ratio',
      deviations(3),
      'warning',
    ),
    ...(images ? [rule('embeddings', 'The images look otherwise', 'lathe_embedding_drift_p_value', below(0.05), 'warning')] : []), // prettier-ignore
    rule('predictions', 'The predictions shift', 'lathe_prediction_drift_p_value', below(0.05), 'warning'),
    rule('estimate', 'The foreseen quality leaves its band', 'lathe_estimated_quality', deviations(3), 'critical', { metric }), // prettier-ignore
    rule('quality', 'The quality leaves its band', 'lathe_quality', deviations(3), 'critical', { metric }),
  ];
}

/** @param metric what the task is judged by */
export function rulePresets(metric: string, images = false): RulePreset[] {
  const standard = presetRules(metric, images);
  const only = (...ids: string[]) => standard.filter(({ id }) => ids.includes(id));
  const range = rule('range', 'Values are out of range', 'lathe_column_out_of_range_ratio', { kind: 'above', value: 0.01 }, 'warning'); // prettier-ignore
  const fresh = rule('new', 'A column is new', 'lathe_schema_changes', { kind: 'above', value: 0 }, 'info', { change: 'new' }); // prettier-ignore
  const sure = rule('confidence', 'The confidence shifts', 'lathe_confidence_drift_p_value', { kind: 'below', value: 0.05 }, 'info'); // prettier-ignore
  return [
    { id: 'standard', name: 'Standard', what: 'Drift, broken data and quality, one batch at a time.', rules: standard },
    {
      id: 'sensitive',
      name: 'Sensitive',
      what: 'More rules and bounds of 2 deviations: more is noticed, and more of it is chance.',
      rules: [...standard.map(narrower), range, fresh, sure],
    },
    {
      id: 'quiet',
      name: 'Quiet',
      what: 'What breaks a model, and quality that is down for two batches in a row.',
      rules: only('gone', 'type', 'estimate', 'quality', 'drift-dataset').map((own) =>
        own.id === 'gone' || own.id === 'type' ? own : { ...own, forBatches: 2 },
      ),
    },
    {
      id: 'data',
      name: 'Data alone',
      what: 'Columns, values and drift; nothing of what the model makes of them.',
      rules: [...standard.filter(({ id }) => !['predictions', 'estimate', 'quality'].includes(id)), range, fresh],
    },
    {
      id: 'quality',
      name: 'Quality alone',
      what: 'Quality by labels or foreseen, and nothing of the data.',
      rules: only('estimate', 'quality'),
    },
  ];
}

function narrower(own: Rule): Rule {
  return own.condition.kind === 'deviations' ? { ...own, condition: { kind: 'deviations', number: 2 } } : own;
}

function rule(
  id: string,
  name: string,
  figure: FigureName,
  condition: Condition,
  severity: Severity,
  labels: Record<string, string> = {},
): Rule {
  return { id, name, figure, labels, condition, forBatches: 1, severity, enabled: true };
}
