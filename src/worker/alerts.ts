// The alerts that rules raise on a batch, ranked by what each is foreseen to do to the quality.

import { type BatchFigures, type Figure, figureKey, raiseAlerts, type Rule, type Spread } from '../monitor/rules.ts';
import { spreadFor } from '../monitor/spread.ts';
import type { BatchAlert } from '../store/batches.ts';
import type { Reference } from '../store/references.ts';

/** An earlier or the newest batch as the rules see it. */
export interface Judged {
  figures: readonly Figure[];
  rows: number;
  reference: Reference | null;
}

/** What is needed of a report to rank by. */
export interface Weighed {
  /** by column: how far the metric is foreseen to move by its drift */
  effects: Readonly<Record<string, number>>;
  metric: string;
}

/** The alerts of the last of these batches. @param batches in order */
export function alertsOf(rules: readonly Rule[], batches: readonly Judged[], weighed: Weighed): BatchAlert[] {
  const numbered = batches.map(({ figures, rows, reference }, i): BatchFigures => ({
    batch: i + 1,
    figures,
    spread: reference?.spread ? spreadFor(reference.spread, rows) : new Map(),
  }));
  const spread = numbered.at(-1)?.spread ?? new Map<string, Spread>();
  return raiseAlerts(rules, numbered, new Map(), { goesOn: true })
    .filter(({ batch }) => batch === batches.length)
    .map(({ rule, labels, value, bound, batch, since }): BatchAlert => {
      const key = figureKey({ name: rule.figure, labels });
      return {
        id: `${rule.id} ${key}`,
        rule,
        labels: { ...labels },
        value,
        bound,
        batches: batch - since + 1,
        effect: effectOf(rule, labels, value, weighed, spread.get(key)),
        acknowledged: null,
      };
    })
    .sort(byWeight);
}

/** How far the judging metric moves by it; of that metric's own figures, how far it is from the reference's mean. */
function effectOf(
  { figure }: Rule,
  labels: Readonly<Record<string, string>>,
  value: number,
  { effects, metric }: Weighed,
  spread: Spread | undefined,
): number | null {
  const isQuality = figure === 'lathe_quality' || figure === 'lathe_estimated_quality';
  if (isQuality) return labels.metric === metric && spread ? value - spread.mean : null;
  return labels.column !== undefined && Object.hasOwn(effects, labels.column) ? effects[labels.column] : null;
}

const WEIGHTS = { critical: 0, warning: 1, info: 2 };

/** The largest foreseen effect first, and of those without one the most severe. */
function byWeight(a: BatchAlert, b: BatchAlert): number {
  return (
    Math.abs(b.effect ?? 0) - Math.abs(a.effect ?? 0) ||
    WEIGHTS[a.rule.severity] - WEIGHTS[b.rule.severity] ||
    (a.id < b.id ? -1 : 1)
  );
}
