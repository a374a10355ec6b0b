// One batch held against the reference of a version: what is wrong with its data, how its columns and predictions
// drift, how good the model is on it or is foreseen to be, and all of it as figures that rules can look at.
//
// What is looked at in a sample, drawn by a seed: the order of numbers, for their drift (100,000 rows; the reference has 5,000,
// so that more would hardly tell more), several columns at once (domain classifier 2,000 rows a side, reconstruction 5,000)
// and the estimate without labels (100,000). All else is of every row.

import { type Column, isNumeric } from '../data/table.ts';
import { type ColumnState, matrixOf, stateOfColumn } from './columnStates.ts';
import { compareColumns, type DriftMethod, type DriftReport } from './drift.ts';
import { countDuplicates } from './duplicates.ts';
import { figuresOf } from './figures.ts';
import { detectDomain, type DomainDrift, reconstructionErrors } from './multivariate.ts';
import { type BatchOutputs, examineOutputs, type OutputReport } from './outputs.ts';
import { type Estimate, ESTIMATE_ROWS, estimateQuality, type Quality, qualityOf } from './quality.ts';
import { drawRows, type ReferenceProfile, sampleColumn } from './reference.ts';
import type { Figure } from './rules.ts';
import { takeOutputs } from './takeOutputs.ts';

export interface Batch {
  rows: number;
  /** by name; one that the reference has and the batch lacks counts as missing in every row */
  columns: readonly Column[];
  outputs: BatchOutputs;
}

export interface BatchOptions {
  methods?: Readonly<Record<string, DriftMethod>>;
  thresholds?: Readonly<Record<string, number>>;
  /** false leaves out what looks at several columns at once */
  several?: boolean;
  seed: number;
}

export interface BatchReport extends OutputReport {
  rows: number;
  columns: ColumnState[];
  /** share of the rows that equal an earlier one; null where there are no rows, but a profile of them */
  duplicates: number | null;
  drift: DriftReport;
  /** null where there are too few rows or columns for it */
  domain: DomainDrift | null;
  /** mean error of the batch by the reference's components, as a multiple of the reference's own */
  reconstruction: number | null;
  /** of the rows whose truth is known */
  quality: Quality | null;
  /** null where the held-out part was too small to learn it from */
  estimate: Estimate | null;
  figures: Figure[];
}

/** Fewer rows than these say nothing of several columns at once. */
const LEAST_ROWS = 30;
/** Rows whose numbers are put in order. */
export const SORTED_ROWS = 100_000;
/** Rows that the comparison of several columns looks at. */
const SEVERAL_ROWS = 5000;

/** @throws RangeError where the batch has no row */
export function examineBatch(reference: ReferenceProfile, batch: Batch, options: BatchOptions): BatchReport {
  const { rows, outputs } = batch;
  if (rows === 0) throw new RangeError('examineBatch: the batch has no row');
  const all = allRows(rows);
  const byName = new Map(batch.columns.map((column) => [column.name, column]));
  const present = reference.columns.filter(({ sample }) => {
    const column = byName.get(sample.name);
    return column && isNumeric(column) === (sample.kind === 'number');
  });
  const drawn = drawRows(all, SORTED_ROWS, options.seed);
  /** a column at a time, for its sorted values take as much room as itself */
  function* pairs() {
    for (const { sample } of present) {
      const column = byName.get(sample.name)!;
      yield { reference: sample, current: sampleColumn(column, isNumeric(column) ? drawn : all) };
    }
  }
  const known = reference.columns.flatMap(({ sample }) => byName.get(sample.name) ?? []);
  const several =
    options.several !== false && present.length === reference.columns.length
      ? examineSeveral(reference, byName, rows, options.seed)
      : { domain: null, reconstruction: null };
  const report: Omit<BatchReport, 'figures'> = {
    rows,
    columns: reference.columns.map((column) => stateOfColumn(column, byName.get(column.sample.name), rows)),
    duplicates: countDuplicates(known, rows) / rows,
    drift: compareColumns(pairs(), options.methods, options.thresholds),
    ...several,
    ...examineOutputs(reference.outputs, outputs, drawn),
    quality: qualityOf(reference.outputs.kind === 'classes' ? reference.outputs.labels : [], outputs),
    estimate: foresee(reference, batch, options.seed, several.domain?.overlap),
  };
  return { ...report, figures: figuresOf(report) };
}

function examineSeveral(
  reference: ReferenceProfile,
  byName: ReadonlyMap<string, Column>,
  rows: number,
  seed: number,
): Pick<BatchReport, 'domain' | 'reconstruction'> {
  const { components, reconstructionError } = reference;
  if (reference.columns.length === 0 || reference.matrix[0].length < LEAST_ROWS) return { domain: null, reconstruction: null }; // prettier-ignore
  const matrix = matrixOf(reference.columns, byName, drawRows(allRows(rows), SEVERAL_ROWS, seed));
  return {
    domain: rows >= LEAST_ROWS ? detectDomain(reference.matrix, matrix, seed) : null,
    reconstruction:
      components && reconstructionError > 0
        ? meanOf(reconstructionErrors(components, matrix)) / reconstructionError
        : null,
  };
}

/**
 * What the quality on these rows is foreseen to be, without their labels.
 * @param overlap the share of the held-out rows that counts: those that are like these
 * @returns null where the held-out part of the version was too small to learn it from
 */
export function foresee(
  reference: ReferenceProfile,
  { rows, columns, outputs }: Batch,
  seed: number,
  overlap = 1,
): Estimate | null {
  const index = drawRows(allRows(rows), ESTIMATE_ROWS, seed);
  const taken = index.length === rows ? outputs : takeOutputs(outputs, rows, index);
  const byName = new Map(columns.map((column) => [column.name, column]));
  return estimateQuality(reference.outputs, taken, () => matrixOf(reference.columns, byName, index), overlap);
}

function allRows(rows: number): Int32Array {
  const all = new Int32Array(rows);
  for (let i = 0; i < rows; i++) all[i] = i;
  return all;
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
