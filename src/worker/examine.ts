// A batch held against the reference of its version: the report, what it looks like before and after, and the parts on which
// the version does worst.

import { takeRows } from '../data/rows.ts';
import { type Column, isNumeric } from '../data/table.ts';
import { mostProbable } from '../evaluate/metrics.ts';
import { type BatchReport, examineBatch } from '../monitor/batch.ts';
import { type BeforeAfter, beforeAfter } from '../monitor/beforeAfter.ts';
import type { EmbeddingDrift } from '../monitor/embeddings.ts';
import type { BatchOutputs } from '../monitor/outputs.ts';
import { knownRows, type Quality, qualityOf } from '../monitor/quality.ts';
import { drawRows, sampleColumn } from '../monitor/reference.ts';
import type { Figure } from '../monitor/rules.ts';
import { compareSchemas, type SchemaChange } from '../monitor/schema.ts';
import { methodsOf } from '../monitor/settings.ts';
import { findWorstSlices, inSlice, type Slice } from '../monitor/slices.ts';
import { takeOutputs } from '../monitor/takeOutputs.ts';
import { type Trust, trustOf } from '../monitor/trust.ts';
import type { Version } from '../store/versions.ts';
import type { Context } from './context.ts';
import { foreseeEffects } from './effects.ts';
import { examineEmbeddings } from './embedImages.ts';
import { MOST_HELD_OUT } from './makeReference.ts';
import { watchedColumns } from './readBatchFiles.ts';
import type { ShadowReport } from './shadow.ts';
import { asOutputs, judgingMetric, type Subject } from './subject.ts';

/** Rows that a column is drawn from, and that the worst parts are looked for in. */
const DRAWN_ROWS = 50_000;
const SLICED_ROWS = 100_000;

/** What is kept of a batch beside its figures. Batches of an older Lathe lack what is optional. */
export interface KeptReport extends Omit<BatchReport, 'figures'> {
  schema?: SchemaChange[];
  /** of images: what the network makes of them against the held-out ones; null where that cannot be told */
  embedding?: EmbeddingDrift | null;
  /** before and after of each watched column */
  distributions: BeforeAfter[];
  /** where the version does worst; [] without labels */
  slices: SliceReport[];
  /** what the judging metric is foreseen to be with the batch's values of a column, less with the reference's */
  effects: Record<string, number>;
  /** the metric that the task is judged by */
  metric: string;
  /** how far `estimate` can be relied on; null where there is none. Reports of earlier days have none of it */
  trust?: Trust | null;
  /** what was not looked at, and why, a sentence each */
  limits?: string[];
  /** what the challenger said, where it scored in the shadow */
  shadow?: ShadowReport | null;
}

export interface SliceReport extends Slice {
  /** of its rows */
  quality?: Pick<Quality, 'metrics' | 'intervals'>;
}

export async function examine(
  context: Context,
  subject: Subject,
): Promise<{ figures: BatchReport['figures']; report: KeptReport }> {
  const { version, trained, reference, settings, content, rows } = subject;
  const columns = await watchedColumns(content, trained.preparation);
  const outputs = asOutputs(version, subject.outputs, subject.actual);
  const { figures, ...report } = examineBatch(
    reference.profile,
    { rows, columns, outputs },
    { seed: version.recipe.seed, ...methodsOf(settings, columns.map(({ name }) => name)) }, // prettier-ignore
  );
  const schema =
    content.kind === 'table' ? compareSchemas(version.recipe.columns, content.columns, reference.profile.columns) : [];
  for (const change of ['gone', 'type', 'new'] as const) {
    const value = schema.filter(({ kind }) => kind === change).length;
    if (content.kind === 'table') figures.push({ name: 'lathe_schema_changes', labels: { change }, value });
  }
  const { drift: embedding, limit } = await examineEmbeddings(context, subject);
  figures.push(...imageFigures(content.kind === 'images' ? columns : [], embedding));
  const metric = judgingMetric(version);
  const { profile } = reference;
  const whole = report.drift.columns.length === profile.columns.length;
  const heldOut = Math.min(profile.rows.heldOut, MOST_HELD_OUT);
  return {
    figures,
    report: {
      ...report,
      trust: report.estimate && trustOf(heldOut, report.estimate, report.domain, whole),
      schema,
      embedding,
      ...(limit === null ? {} : { limits: [limit] }),
      distributions: drawColumns(subject, columns),
      slices: worstSlices(version, columns, rows, outputs),
      effects: await foreseeEffects(context, subject, columns, report.drift, metric),
      metric,
    },
  };
}

function imageFigures(columns: readonly Column[], embedding: EmbeddingDrift | null): Figure[] {
  const means = (['brightness', 'contrast', 'sharpness'] as const).flatMap((name): Figure[] => {
    const column = columns.find((own) => own.name === name);
    if (!column || !isNumeric(column)) return [];
    const value = column.values.reduce((sum, own) => sum + own, 0) / column.values.length;
    return [{ name: `lathe_image_${name}_mean`, labels: {}, value }];
  });
  if (!embedding) return means;
  const { pValue, squared } = embedding;
  return [
    ...means,
    { name: 'lathe_embedding_drift_p_value', labels: {}, value: pValue },
    { name: 'lathe_embedding_discrepancy', labels: {}, value: squared },
  ];
}

function drawColumns({ reference, rows }: Subject, columns: readonly Column[]): BeforeAfter[] {
  const drawn = drawRows(Int32Array.from({ length: rows }, (_, i) => i), DRAWN_ROWS, 1); // prettier-ignore
  const byName = new Map(columns.map((column) => [column.name, column]));
  return reference.profile.columns.flatMap(({ sample }) => {
    const own = byName.get(sample.name);
    return (own && beforeAfter(sample, sampleColumn(own, drawn))) ?? [];
  });
}

/** Of the rows whose truth is known, the rest would look right. */
function worstSlices(version: Version, columns: Column[], rows: number, outputs: BatchOutputs): SliceReport[] {
  const known = drawRows(knownRows(outputs), SLICED_ROWS, version.recipe.seed);
  if (known.length === 0) return [];
  const taken = takeRows({ rows, columns }, known).columns;
  const said = takeOutputs(outputs, rows, known);
  return findWorstSlices(taken, lossOf(said, version.labels.length)).map((slice) => {
    const inside = known.map((_, i) => i).filter((row) => inSlice(slice, taken, row));
    const quality = qualityOf(version.labels, takeOutputs(said, known.length, inside));
    return quality ? { ...slice, quality: { metrics: quality.metrics, intervals: quality.intervals } } : slice;
  });
}

/** [rows] 1 where a class is wrong, or the absolute error. */
function lossOf(outputs: BatchOutputs, classes: number): Float64Array {
  if (outputs.kind === 'value') return outputs.predictions.map((value, i) => Math.abs(value - outputs.actual![i]));
  const said = mostProbable(outputs.probabilities, classes);
  return Float64Array.from(said, (c, i) => Number(c !== outputs.actual![i]));
}
