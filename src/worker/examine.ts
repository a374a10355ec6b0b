// A batch held against the reference of its version: the report, what it looks like before and after, the parts on which
// the version does worst, the alerts that the rules raise, and what each of them is foreseen to cost.

import { createRandom } from '../base/random.ts';
import { takeRows } from '../data/rows.ts';
import { type Column, isNumeric } from '../data/table.ts';
import { mostProbable } from '../evaluate/metrics.ts';
import { type BatchOutputs, type BatchReport, examineBatch, foresee } from '../monitor/batch.ts';
import { type BeforeAfter, beforeAfter } from '../monitor/beforeAfter.ts';
import { drawRows, type ReferenceProfile, sampleColumn } from '../monitor/reference.ts';
import { figureKey, raiseAlerts, type BatchFigures, type Rule } from '../monitor/rules.ts';
import { spreadFor, takeOutputs } from '../monitor/spread.ts';
import { findWorstSlices, type Slice } from '../monitor/slices.ts';
import { type Trust, trustOf } from '../monitor/trust.ts';
import type { BatchAlert, BatchContent } from '../store/batches.ts';
import type { Reference } from '../store/references.ts';
import type { TrainedModel, Version } from '../store/versions.ts';
import type { Context } from './context.ts';
import { tableOutputs } from './enginePredict.ts';
import { MOST_HELD_OUT } from './makeReference.ts';
import { completed, type Truth, watchedColumns } from './readBatchFiles.ts';

/** Rows of a batch on which the effect of a column is foreseen. */
const EFFECT_ROWS = 2000;
/** Columns whose effect is foreseen, those that drift most surely. */
const MOST_EFFECTS = 10;

/** What is kept of a batch beside its figures. */
export interface KeptReport extends Omit<BatchReport, 'figures'> {
  /** of each watched column, then of the prediction */
  distributions: BeforeAfter[];
  /** where the version does worst; [] without labels */
  slices: Slice[];
  /** what the judging metric is foreseen to be with the batch's values of a column, less with the reference's */
  effects: Record<string, number>;
  /** the metric that the task is judged by */
  metric: string;
  /** how far `estimate` can be relied on; null where there is none. Reports of earlier days have none of it */
  trust?: Trust | null;
}

export interface Subject {
  version: Version;
  trained: TrainedModel;
  reference: Reference;
  content: BatchContent;
  rows: number;
  outputs: Float32Array;
  actual: Truth | null;
}

/** The metric that a version's task is judged by. */
export function judgingMetric({ labels }: Pick<Version, 'labels'>): string {
  return labels.length > 0 ? 'accuracy' : 'mae';
}

export async function examine(
  context: Context,
  subject: Subject,
): Promise<{ figures: BatchReport['figures']; report: KeptReport }> {
  // prettier-ignore
  const { version, trained, reference, content, rows, actual } = subject;
  const columns = await watchedColumns(content, trained.preparation);
  const outputs = asOutputs(subject, actual);
  const { figures, ...report } = examineBatch(
    reference.profile,
    { rows, columns, outputs },
    { seed: version.recipe.seed },
  );
  const all = Int32Array.from({ length: rows }, (_, i) => i);
  const current = new Map(columns.map((column) => [column.name, sampleColumn(column, drawRows(all, 50_000, 1))]));
  const distributions = reference.profile.columns.flatMap(({ sample }) => {
    const own = current.get(sample.name);
    return (own && beforeAfter(sample, own)) ?? [];
  });
  const said = predictedSample(subject, reference.profile);
  if (said) distributions.push(said);
  const metric = judgingMetric(version);
  const { profile } = reference;
  const whole = report.drift.columns.length === profile.columns.length;
  const heldOut = Math.min(profile.rows.heldOut, MOST_HELD_OUT);
  return {
    figures,
    report: {
      ...report,
      trust: report.estimate && trustOf(heldOut, report.estimate, report.domain, whole),
      distributions,
      slices: actual ? findWorstSlices(columns, lossOf(subject, actual)) : [],
      effects: await foreseeEffects(context, subject, columns, report, metric),
      metric,
    },
  };
}

function asOutputs({ version: { labels }, outputs }: Subject, actual: Truth | null): BatchOutputs {
  return labels.length > 0
    ? { kind: 'classes', probabilities: outputs, actual: actual as Int32Array | null }
    : { kind: 'value', predictions: Float64Array.from(outputs), actual: actual as Float64Array | null };
}

/** [rows] 1 where a class is wrong, or the absolute error; 0 where what is true is not known. */
function lossOf({ version: { labels }, outputs }: Subject, actual: Truth): Float64Array {
  if (labels.length === 0) return Float64Array.from(actual, (value, i) => Math.abs(outputs[i] - value) || 0);
  const said = mostProbable(outputs, labels.length);
  return Float64Array.from(actual, (value, i) => Number(value >= 0 && said[i] !== value));
}

function predictedSample(
  { version: { labels }, outputs }: Subject,
  { outputs: known }: ReferenceProfile,
): BeforeAfter | null {
  // prettier-ignore
  if (known.kind === 'value') {
    const sample = (values: Float64Array) => ({ kind: 'number' as const, name: 'prediction', values, missing: 0 });
    return beforeAfter(sample(known.predictions), sample(Float64Array.from(outputs).sort()));
  }
  const counts = new Array<number>(labels.length).fill(0);
  for (const c of mostProbable(outputs, labels.length)) counts[c]++;
  const sample = (values: readonly number[]) => ({
    kind: 'category' as const,
    name: 'prediction',
    counts: new Map(labels.map((label, c) => [label, values[c]])),
    missing: 0,
  });
  return beforeAfter(sample(known.counts), sample(counts));
}

/**
 * What the drift of each column is foreseen to do: some rows are scored again with the column's values drawn from the
 * reference instead, all else being equal.
 */
async function foreseeEffects(
  context: Context,
  { version, trained, reference: { profile }, content, rows, outputs }: Subject,
  columns: Column[],
  { drift }: Pick<BatchReport, 'drift'>,
  metric: string,
): Promise<Record<string, number>> {
  const { preparation } = trained;
  if (content.kind !== 'table' || preparation.kind !== 'table') return {};
  const drifted = drift.columns.filter((column) => column.drifted).sort((a, b) => a.pValue - b.pValue).slice(0, MOST_EFFECTS); // prettier-ignore
  const index = drawRows(Int32Array.from({ length: rows }, (_, i) => i), EFFECT_ROWS, version.recipe.seed); // prettier-ignore
  const taken = takeRows({ rows, columns: completed(columns, preparation).columns }, index);
  const now = foresee(profile, taken.columns, index.length, takeOutputs(asOutputs({ version, outputs } as Subject, null), rows, index)); // prettier-ignore
  if (!now) return {};
  const effects: [string, number][] = [];
  for (const { column: name } of drifted) {
    const swapped = taken.columns.map((column) => (column.name === name ? drawnFrom(profile, column) : column));
    const said = await tableOutputs(context, version, trained, preparation, { rows: index.length, columns: swapped });
    const before = foresee(profile, swapped, index.length, asOutputs({ version, outputs: said } as Subject, null));
    if (before) effects.push([name, now.metrics[metric] - before.metrics[metric]]);
  }
  return Object.fromEntries(effects);
}

/** A column of the same length whose values are drawn from the reference. */
function drawnFrom({ columns }: ReferenceProfile, column: Column): Column {
  const known = columns.find(({ sample }) => sample.name === column.name)!;
  const random = createRandom(7);
  if (isNumeric(column) && known.sample.kind === 'number') {
    const { values } = known.sample;
    return { ...column, values: column.values.map(() => (values.length > 0 ? values[random.below(values.length)] : NaN)) }; // prettier-ignore
  }
  if (isNumeric(column) || known.sample.kind === 'number') return column;
  const [names, ends] = [[] as string[], [] as number[]];
  for (const [name, count] of known.sample.counts) {
    names.push(name);
    ends.push((ends.at(-1) ?? 0) + count);
  }
  const total = ends.at(-1) ?? 0;
  if (total === 0) return column;
  const codes = column.codes.map(() => {
    const at = random.below(total);
    return ends.findIndex((end) => at < end);
  });
  return { ...column, codes, categories: names };
}

/** An earlier or the newest batch as the rules see it. */
export interface Judged {
  figures: BatchReport['figures'];
  rows: number;
  reference: Reference | null;
}

/** The alerts of the last of these batches. @param batches in order */
export function alertsOf(rules: readonly Rule[], batches: readonly Judged[], { effects }: KeptReport): BatchAlert[] {
  const numbered = batches.map(({ figures, rows, reference }, i): BatchFigures => ({
    batch: i + 1,
    figures,
    spread: reference?.spread ? spreadFor(reference.spread, rows) : new Map(),
  }));
  return raiseAlerts(rules, numbered, new Map(), { goesOn: true })
    .filter(({ batch }) => batch === batches.length)
    .map(({ rule, labels, value, bound, batch, since }): BatchAlert => ({
      id: `${rule.id} ${figureKey({ name: rule.figure, labels })}`,
      rule,
      labels: { ...labels },
      value,
      bound,
      batches: batch - since + 1,
      effect: labels.column !== undefined && Object.hasOwn(effects, labels.column) ? effects[labels.column] : null,
      acknowledged: null,
    }))
    .sort(byWeight);
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
