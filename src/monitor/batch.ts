// One batch held against the reference of a version: what is wrong with its data, how its columns and predictions
// drift, how good the model is on it or is foreseen to be, and all of it as figures that rules can look at.

import type { Column } from '../data/table.ts';
import { isNumeric } from '../data/table.ts';
import { evaluateClasses, evaluateValues, type Evaluation } from '../evaluate/report.ts';
import { type ColumnDrift, compareColumns, type DriftMethod, type DriftReport } from './drift.ts';
import { calibrateRows, estimateClasses, estimateValues } from './estimate.ts';
import { detectDomain, type DomainDrift, reconstructionErrors } from './multivariate.ts';
import { decide, drawRows, numbersAt, type ReferenceColumn, type ReferenceProfile, sampleColumn } from './reference.ts';
import type { Figure } from './rules.ts';

/** What the model said of the batch, and what turned out to be true where it is known. */
export type BatchOutputs =
  | {
      kind: 'classes';
      /** [rows, classes] */
      probabilities: ArrayLike<number>;
      /** [rows] class index, -1 where it is not known; null where none is */
      actual: Int32Array | null;
    }
  | { kind: 'value'; predictions: Float64Array; /** NaN where it is not known */ actual: Float64Array | null };

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

/** What is wrong with a column of a batch. Shares of rows, or of the rows with a value. */
export interface ColumnState {
  column: string;
  /** the batch has no column of this name */
  absent: boolean;
  missing: number;
  outOfRange: number;
  unseen: number;
  /** the commonest at most 10 of the unseen categories */
  unseenNames: string[];
}

export interface BatchReport {
  rows: number;
  columns: ColumnState[];
  /** columns of the batch that the reference does not know */
  surplus: string[];
  duplicates: number;
  drift: DriftReport;
  /** null where there are too few rows or columns for it */
  domain: DomainDrift | null;
  /** mean error of the batch by the reference's components, as a multiple of the reference's own */
  reconstruction: number | null;
  outputDrift: ColumnDrift;
  /** of the rows whose truth is known */
  quality: Evaluation | null;
  /** of all rows; null where the held-out part was too small to learn it from */
  estimate: { rows: number; metrics: Record<string, number>; standardError: number | null } | null;
  figures: Figure[];
}

/** Fewer rows than these say nothing of several columns at once. */
const LEAST_ROWS = 30;
const MOST_NAMES = 10;

/** @throws RangeError where the batch has no row */
export function examineBatch(reference: ReferenceProfile, batch: Batch, options: BatchOptions): BatchReport {
  if (batch.rows === 0) throw new RangeError('examineBatch: the batch has no row');
  const all = Int32Array.from({ length: batch.rows }, (_, i) => i);
  const byName = new Map(batch.columns.map((column) => [column.name, column]));
  const known = new Set(reference.columns.map(({ sample }) => sample.name));
  const states = reference.columns.map((column) => columnState(column, byName.get(column.sample.name), batch.rows));
  const present = reference.columns.filter(({ sample }) => {
    const column = byName.get(sample.name);
    return column && isNumeric(column) === (sample.kind === 'number');
  });
  const drift = compareColumns(
    present.map(({ sample }) => ({ reference: sample, current: sampleColumn(byName.get(sample.name)!, all) })),
    options.methods,
    options.thresholds,
  );
  const matrix =
    options.several !== false && present.length === reference.columns.length
      ? sameCodes(reference, byName, batch.rows, options.seed)
      : null;
  const domain = matrix && batch.rows >= LEAST_ROWS ? detectDomain(reference.matrix, matrix, options.seed) : null;
  const reconstruction =
    matrix && reference.components && reference.reconstructionError > 0
      ? meanOf(reconstructionErrors(reference.components, matrix)) / reference.reconstructionError
      : null;
  const report: Omit<BatchReport, 'figures'> = {
    rows: batch.rows,
    columns: states,
    surplus: batch.columns.map(({ name }) => name).filter((name) => !known.has(name)),
    duplicates: countDuplicates(batch.columns.filter(({ name }) => known.has(name)), batch.rows) / batch.rows, // prettier-ignore
    drift,
    domain,
    reconstruction,
    ...examineOutputs(reference, batch, matrixOf(reference, byName, all)),
  };
  return { ...report, figures: figuresOf(report, batch.outputs, reference) };
}

function columnState(reference: ReferenceColumn, column: Column | undefined, rows: number): ColumnState {
  const state = {
    column: reference.sample.name,
    absent: !column,
    missing: 1,
    outOfRange: 0,
    unseen: 0,
    unseenNames: [],
  };
  if (!column) return state;
  if (isNumeric(column)) {
    let [missing, outside] = [0, 0];
    for (const value of column.values) {
      if (Number.isNaN(value)) missing++;
      else if (reference.range && (value < reference.range[0] || value > reference.range[1])) outside++;
    }
    return { ...state, missing: missing / rows, outOfRange: outside / Math.max(1, rows - missing) };
  }
  const counts = new Map<string, number>();
  let [missing, unseen] = [0, 0];
  const { sample } = reference;
  for (const code of column.codes) {
    if (code < 0) missing++;
    else if (sample.kind === 'category' && !sample.counts.has(column.categories[code])) {
      unseen++;
      counts.set(column.categories[code], (counts.get(column.categories[code]) ?? 0) + 1);
    }
  }
  const unseenNames = [...counts].sort((a, b) => b[1] - a[1]).slice(0, MOST_NAMES).map(([name]) => name); // prettier-ignore
  return { ...state, missing: missing / rows, unseen: unseen / Math.max(1, rows - missing), unseenNames };
}

/** The reference's columns of a batch as numbers, its codes those of the reference; unseen categories are one more code. */
function matrixOf(reference: ReferenceProfile, byName: ReadonlyMap<string, Column>, rows: Int32Array): Float64Array[] {
  return reference.columns.map(({ sample, categories }) => {
    const column = byName.get(sample.name);
    if (!column || isNumeric(column) !== (sample.kind === 'number')) return new Float64Array(rows.length).fill(NaN);
    const numbers = numbersAt(column, rows);
    if (isNumeric(column)) return numbers;
    const place = new Map(categories.map((name, code) => [name, code]));
    const codes = column.categories.map((name) => place.get(name) ?? categories.length);
    return numbers.map((code) => (Number.isNaN(code) ? NaN : codes[code]));
  });
}

/** As many rows as the comparison of several columns looks at. */
function sameCodes(
  reference: ReferenceProfile,
  byName: ReadonlyMap<string, Column>,
  rows: number,
  seed: number,
): Float64Array[] | null {
  if (reference.columns.length === 0 || reference.matrix[0].length < LEAST_ROWS) return null;
  const all = Int32Array.from({ length: rows }, (_, i) => i);
  return matrixOf(reference, byName, drawRows(all, 5000, seed));
}

/** Rows that equal an earlier one in every known column; told by 53 bits of a hash, so that a million rows take little. */
function countDuplicates(columns: readonly Column[], rows: number): number {
  if (columns.length === 0) return 0;
  const seen = new Set<number>();
  const bits = new Float64Array(1);
  const halves = new Uint32Array(bits.buffer);
  for (let i = 0; i < rows; i++) {
    let [high, low] = [0x9e3779b9, 0x85ebca6b];
    for (const column of columns) {
      bits[0] = isNumeric(column) ? column.values[i] : column.codes[i];
      high = Math.imul(high ^ halves[1], 0x2c1b3c6d) + halves[0];
      high ^= high >>> 15;
      low = Math.imul(low ^ halves[0], 0x297a2d39) + high;
      low ^= low >>> 13;
    }
    seen.add((high >>> 11) * 2 ** 32 + (low >>> 0));
  }
  return rows - seen.size;
}

type Outcome = Pick<BatchReport, 'outputDrift' | 'quality' | 'estimate'>;

function examineOutputs(reference: ReferenceProfile, { outputs }: Batch, matrix: Float64Array[]): Outcome {
  if (outputs.kind === 'classes') {
    const known = reference.outputs;
    if (known.kind !== 'classes')
      throw new RangeError('examineBatch: the version predicts a number, the batch has classes');
    const { labels } = known;
    const { predicted } = decide(outputs.probabilities, labels.length);
    const counts = new Array<number>(labels.length).fill(0);
    for (const c of predicted) counts[c]++;
    const sample = (values: readonly number[]) => ({
      kind: 'category' as const,
      name: 'prediction',
      counts: new Map(labels.map((label, c) => [label, values[c]])),
      missing: 0,
    });
    const [outputDrift] = compareColumns([{ reference: sample(known.counts), current: sample(counts) }]).columns;
    return {
      outputDrift,
      quality: outputs.actual ? classQuality(labels, outputs.probabilities, outputs.actual) : null,
      estimate: foreseeQuality(reference, outputs, matrix),
    };
  }
  const known = reference.outputs;
  if (known.kind !== 'value') throw new RangeError('examineBatch: the version predicts classes, the batch has numbers');
  const sample = (values: Float64Array) => ({ kind: 'number' as const, name: 'prediction', values, missing: 0 });
  const [outputDrift] = compareColumns([
    { reference: sample(known.predictions), current: sample(outputs.predictions.slice().sort()) },
  ]).columns;
  return {
    outputDrift,
    quality: outputs.actual ? valueQuality(outputs.predictions, outputs.actual) : null,
    estimate: foreseeQuality(reference, outputs, matrix),
  };
}

/** @param matrix the reference's columns as `matrixOf` gives them @returns null where the held-out part was too small to learn it from */
function foreseeQuality(
  { outputs: known }: ReferenceProfile,
  outputs: BatchOutputs,
  matrix: Float64Array[],
): BatchReport['estimate'] {
  if (outputs.kind === 'value') {
    if (known.kind !== 'value' || !known.loss) return null;
    return { ...estimateValues(known.loss, matrix, outputs.predictions), standardError: null };
  }
  if (known.kind !== 'classes' || !known.calibrators) return null;
  const classes = known.labels.length;
  const { predicted } = decide(outputs.probabilities, classes);
  const calibrated = calibrateRows(known.calibrators, outputs.probabilities);
  const { rows, metrics, standardError } = estimateClasses(calibrated, predicted, classes);
  return { rows, metrics, standardError };
}

/** What the quality on these rows is foreseen to be, without their labels. @param columns all that the reference has */
export function foresee(reference: ReferenceProfile, columns: readonly Column[], rows: number, outputs: BatchOutputs) {
  const byName = new Map(columns.map((column) => [column.name, column]));
  return foreseeQuality(
    reference,
    outputs,
    matrixOf(
      reference,
      byName,
      Int32Array.from({ length: rows }, (_, i) => i),
    ),
  );
}

function classQuality(labels: string[], probabilities: ArrayLike<number>, actual: Int32Array): Evaluation | null {
  const known = Int32Array.from(actual.keys()).filter((i) => actual[i] >= 0);
  if (known.length === 0) return null;
  const classes = labels.length;
  const rows = new Float32Array(known.length * classes);
  known.forEach((from, to) => {
    for (let c = 0; c < classes; c++) rows[to * classes + c] = probabilities[from * classes + c];
  });
  const dummyShares = new Array<number>(classes).fill(1 / classes); // a dummy has no place here; it is left unread
  return evaluateClasses({ labels, actual: known.map((i) => actual[i]), probabilities: rows, dummyShares });
}

function valueQuality(predictions: Float64Array, actual: Float64Array): Evaluation | null {
  const known = Array.from(actual.keys()).filter((i) => !Number.isNaN(actual[i]));
  if (known.length === 0) return null;
  return evaluateValues({
    actual: Float64Array.from(known, (i) => actual[i]),
    predicted: Float64Array.from(known, (i) => predictions[i]),
    dummyMean: 0,
  });
}

function figuresOf(report: Omit<BatchReport, 'figures'>, outputs: BatchOutputs, reference: ReferenceProfile): Figure[] {
  const figures: Figure[] = [];
  const add = (name: Figure['name'], value: number | null | undefined, labels: Record<string, string> = {}) => {
    if (value !== null && value !== undefined) figures.push({ name, labels, value });
  };
  add('lathe_batch_rows', report.rows);
  add('lathe_duplicate_rows_ratio', report.duplicates);
  for (const { column, adjustedPValue, value, method } of report.drift.columns) {
    add('lathe_column_drift_p_value', adjustedPValue, { column });
    if (!['ks', 'chiSquared', 'proportions'].includes(method)) {
      add('lathe_column_drift_distance', value, { column, method });
    }
  }
  add('lathe_drifted_columns_ratio', report.drift.driftedShare);
  add('lathe_domain_classifier_auc', report.domain?.auc);
  add('lathe_pca_reconstruction_error_ratio', report.reconstruction);
  for (const { column, missing, outOfRange, unseen } of report.columns) {
    add('lathe_column_missing_ratio', missing, { column });
    add('lathe_column_out_of_range_ratio', outOfRange, { column });
    add('lathe_column_unseen_ratio', unseen, { column });
  }
  add('lathe_prediction_drift_p_value', report.outputDrift.pValue);
  if (outputs.kind === 'classes' && reference.outputs.kind === 'classes') {
    const { labels } = reference.outputs;
    const { predicted, confidence } = decide(outputs.probabilities, labels.length);
    labels.forEach((label, c) => {
      const share = predicted.reduce((sum, one) => sum + Number(one === c), 0) / report.rows;
      add('lathe_prediction_ratio', share, { class: label });
    });
    add('lathe_confidence_mean', meanOf(confidence));
    let entropy = 0;
    for (let i = 0; i < outputs.probabilities.length; i++) {
      const p = outputs.probabilities[i];
      if (p > 0) entropy -= (p * Math.log(p)) / report.rows;
    }
    add('lathe_entropy_mean', entropy);
  }
  for (const [metric, value] of Object.entries(report.quality?.metrics ?? {})) add('lathe_quality', value, { metric });
  for (const [metric, value] of Object.entries(report.estimate?.metrics ?? {})) {
    add('lathe_estimated_quality', value, { metric });
  }
  return figures;
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
