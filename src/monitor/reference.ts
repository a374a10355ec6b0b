// What a version remembers of the data it was made with, so that later data can be held against it without that data:
// a sample of each column, of its predictions, what calibrates them, and how much each figure varies by chance.

import type { Column } from '../data/table.ts';
import { isNumeric } from '../data/table.ts';
import { mostProbable } from '../evaluate/metrics.ts';
import { createRandom } from '../base/random.ts';
import type { ColumnSample } from './drift.ts';
import { type ClassCalibrators, fitClassCalibrators, fitLossModel, type LossModel } from './estimate.ts';
import { type Components, fitComponents, reconstructionErrors } from './multivariate.ts';

/** Rows of the reference that are kept as they are; beyond them a seeded draw. */
const MOST_ROWS = 5000;
/** Values that a distribution is drawn from. */
const MOST_RANKS = 500;

export interface ReferenceColumn {
  sample: ColumnSample;
  /** numbers: least and greatest of all rows, not of the sample alone; null where there is none */
  range: [number, number] | null;
  /** rows that were looked at, those without a value among them */
  rows: number;
  /** labels: codes of the sampled rows stand for these */
  categories: string[];
}

export interface ReferenceProfile {
  /** rows of the training part, which the columns are from, and of the held-out part, which quality is from */
  rows: { train: number; heldOut: number };
  columns: ReferenceColumn[];
  /** [columns][sampled rows] numbers, or codes into `categories`; NaN where missing: for comparisons of several columns */
  matrix: Float64Array[];
  components: Components | null;
  /** mean reconstruction error of the sampled rows */
  reconstructionError: number;
  outputs: ReferenceOutputs;
}

export type ReferenceOutputs =
  | {
      kind: 'classes';
      labels: string[];
      /** held-out rows by predicted class */
      counts: number[];
      /** of the predicted class, ascending */
      confidence: Float64Array;
      /** at even ranks, ascending, for drawing: entropy in nats, and the probability of each class; older versions lack them */
      entropy?: Float64Array;
      scores?: Float64Array[];
      calibrators: ClassCalibrators | null;
    }
  | { kind: 'value'; /** held-out, ascending */ predictions: Float64Array; loss: LossModel | null };

/** What a version said of its held-out rows. `probabilities` is [rows, classes]; `actual` class indices or values. */
export type HeldOut =
  | { kind: 'classes'; labels: string[]; probabilities: Float32Array; actual: ArrayLike<number> }
  | { kind: 'value'; predictions: Float64Array; actual: ArrayLike<number> };

/** Fewer held-out rows than these say too little to calibrate by. */
const LEAST_CALIBRATION_ROWS = 30;

/**
 * @param columns the feature columns, all rows
 * @param trainRows, heldOutRows rows of each part
 * @param heldOut in the order of `heldOutRows`
 */
export function profileReference(
  columns: readonly Column[],
  trainRows: Int32Array,
  heldOutRows: Int32Array,
  heldOut: HeldOut,
  seed: number,
): ReferenceProfile {
  const sampled = drawRows(trainRows, MOST_ROWS, seed);
  const kept = columns.map((column) => referenceColumn(column, trainRows, sampled));
  const matrix = columns.map((column) => numbersAt(column, sampled));
  const components = columns.length > 1 && sampled.length > 1 ? fitComponents(matrix) : null;
  const errors = components ? reconstructionErrors(components, matrix) : new Float64Array(0);
  const heldOutMatrix = columns.map((column) => numbersAt(column, heldOutRows));
  return {
    rows: { train: trainRows.length, heldOut: heldOutRows.length },
    columns: kept,
    matrix,
    components,
    reconstructionError: errors.length > 0 ? meanOf(errors) : 0,
    outputs: referenceOutputs(heldOut, heldOutMatrix),
  };
}

function referenceColumn(column: Column, trainRows: Int32Array, sampled: Int32Array): ReferenceColumn {
  const sample = sampleColumn(column, sampled);
  const rows = trainRows.length;
  if (!isNumeric(column)) {
    // categories are counted over all rows: a rare one must not be news later
    return { sample: sampleColumn(column, trainRows), range: null, rows, categories: column.categories };
  }
  let [low, high] = [Infinity, -Infinity];
  for (const row of trainRows) {
    const value = column.values[row];
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { sample, range: low <= high ? [low, high] : null, rows, categories: [] };
}

/** Some rows of a column as a comparison needs them. */
export function sampleColumn(column: Column, rows: Int32Array): ColumnSample {
  if (isNumeric(column)) {
    const values = new Float64Array(rows.length);
    let count = 0;
    for (const row of rows) if (!Number.isNaN(column.values[row])) values[count++] = column.values[row];
    return { kind: 'number', name: column.name, values: values.slice(0, count).sort(), missing: rows.length - count };
  }
  const byCode = new Float64Array(column.categories.length);
  let missing = 0;
  for (const row of rows) {
    const code = column.codes[row];
    if (code < 0) missing++;
    else byCode[code]++;
  }
  const counts = new Map<string, number>();
  byCode.forEach((count, code) => count > 0 && counts.set(column.categories[code], count));
  return { kind: 'category', name: column.name, counts, missing };
}

/** [rows] as numbers: codes for labels, NaN where missing. */
export function numbersAt(column: Column, rows: Int32Array): Float64Array {
  if (isNumeric(column)) return Float64Array.from(rows, (row) => column.values[row]);
  return Float64Array.from(rows, (row) => (column.codes[row] < 0 ? NaN : column.codes[row]));
}

function referenceOutputs(heldOut: HeldOut, matrix: Float64Array[]): ReferenceOutputs {
  const rows = heldOut.actual.length;
  const enough = rows >= LEAST_CALIBRATION_ROWS;
  if (heldOut.kind === 'value') {
    const errors = heldOut.predictions.map((prediction, i) => prediction - heldOut.actual[i]);
    return {
      kind: 'value',
      predictions: heldOut.predictions.slice().sort(),
      loss: enough ? fitLossModel(matrix, heldOut.predictions, errors) : null,
    };
  }
  const { labels, probabilities, actual } = heldOut;
  const { predicted, confidence } = decide(probabilities, labels.length);
  const counts = new Array<number>(labels.length).fill(0);
  for (const c of predicted) counts[c]++;
  return {
    kind: 'classes',
    labels,
    counts,
    confidence: confidence.sort(),
    entropy: evenRanks(entropies(probabilities, labels.length)),
    scores: labels.map((_, c) => evenRanks(Float64Array.from(predicted, (_, i) => probabilities[i * labels.length + c]))), // prettier-ignore
    calibrators: enough ? fitClassCalibrators(probabilities, actual, labels.length) : null,
  };
}

/** The most probable class of each row, of equal ones the first, and its probability. */
export function decide(
  probabilities: ArrayLike<number>,
  classes: number,
): { predicted: Int32Array; confidence: Float64Array } {
  const predicted = mostProbable(probabilities, classes);
  const confidence = new Float64Array(predicted.length);
  for (let i = 0; i < predicted.length; i++) confidence[i] = probabilities[i * classes + predicted[i]];
  return { predicted, confidence };
}

/** [rows]: how undecided each row's probabilities are, in nats. */
export function entropies(probabilities: ArrayLike<number>, classes: number): Float64Array {
  const rows = probabilities.length / classes;
  const entropy = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    for (let c = 0; c < classes; c++) {
      const p = probabilities[i * classes + c];
      if (p > 0) entropy[i] -= p * Math.log(p);
    }
  }
  return entropy;
}

/** At most so many of the values, the least and the greatest among them, ascending. */
function evenRanks(values: Float64Array): Float64Array {
  const sorted = values.sort();
  if (sorted.length <= MOST_RANKS) return sorted;
  return Float64Array.from({ length: MOST_RANKS }, (_, k) => sorted[Math.round((k * (sorted.length - 1)) / (MOST_RANKS - 1))]); // prettier-ignore
}

/** So many of the rows by chance, in their order; all of them where they are no more. */
export function drawRows(rows: Int32Array, most: number, seed: number): Int32Array {
  if (rows.length <= most) return rows;
  const random = createRandom(seed);
  const drawn = rows.slice();
  for (let i = 0; i < most; i++) {
    const j = i + random.below(drawn.length - i);
    [drawn[i], drawn[j]] = [drawn[j], drawn[i]];
  }
  return drawn.subarray(0, most).sort();
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
