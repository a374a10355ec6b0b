// A model's rules as a rule file of Prometheus, with the same thresholds.

import { writeYaml } from '../../base/yaml.ts';
import { FIGURES } from '../../monitor/rules.ts';
import type { Bound } from './bounds.ts';
import type { Monitored } from './metrics.ts';
import { literal, numberText, selector, subjectLabel, wellFormed } from './text.ts';

/** @param batchSeconds how often a batch comes, for rules that want several in a row */
export function writeAlertRules(
  { model, version }: Pick<Monitored, 'model' | 'version'>,
  bounds: readonly Bound[],
  batchSeconds: number,
): string {
  if (bounds.length === 0) return writeYaml({ groups: [] });
  const rules = bounds.map((bound) => {
    const { rule, low, high } = bound;
    const series = `${rule.figure}${selector({ model, ...(bound.ofVersion ? { version } : {}), ...bound.labels })}`;
    const above = high === null ? null : `${series} > ${numberText(high)}`;
    const below = low === null ? null : `${series} < ${numberText(low)}`;
    const subject = subjectLabel(rule.figure);
    const which = subject ? ` of {{ $labels.${subject} }}` : '';
    return {
      alert: alertName(rule.id),
      expr: [above, below].filter((part) => part !== null).join(' or '),
      ...(rule.forBatches > 1 ? { for: `${heldSeconds(rule.forBatches, batchSeconds)}s` } : {}),
      labels: { severity: rule.severity, model: literal(model) },
      annotations: {
        summary: `${literal(`${rule.name}: ${model}`)}${subject ? `, {{ $labels.${subject} }}` : ''}`,
        description: `${FIGURES[rule.figure]} It is {{ $value }}${which}; expected ${expected(low, high)}.`,
      },
    };
  });
  return writeYaml({ groups: [{ name: wellFormed(`lathe ${model}`), rules }] });
}

/** Half an interval after the last of the batches came: one that comes early or late is counted once all the same. */
function heldSeconds(batches: number, batchSeconds: number): number {
  return Math.max(1, Math.round((batches - 0.5) * batchSeconds));
}

function expected(low: number | null, high: number | null): string {
  if (low === null) return `up to ${numberText(high!)}`;
  return high === null ? `from ${numberText(low)} on` : `from ${numberText(low)} to ${numberText(high)}`;
}

/** What a rule's alert is called: `LatheDriftColumn`. */
export function alertName(id: string): string {
  const words = id.split(/[^A-Za-z0-9]+/).filter(Boolean);
  return `Lathe${words.map((word) => word[0].toUpperCase() + word.slice(1)).join('')}`;
}
