// The parts of the data on which a model does worst: rows that share a value or a range of one column, or of two. Each is
// held against all other rows, and counts where chance does not explain it.

import { type Column, isNumeric, type NumericColumn } from '../data/table.ts';
import type { Interval } from '../evaluate/paired.ts';
import { normalSf } from './special.ts';

/** One condition on a column: a category, or a range from `low` (included) to `high` (left out; the last one included). */
export type Condition =
  | { column: string; kind: 'category'; category: string }
  | {
      column: string;
      kind: 'range';
      low: number;
      high: number;
      /** its numbers are days since 1970 */
      date?: true;
    };

export interface Slice {
  /** one or two, all of which hold */
  conditions: Condition[];
  rows: number;
  /** mean loss of its rows, and of all others */
  loss: number;
  otherLoss: number;
  /** one-sided, by Welch's test in its normal limit, times the number of slices that were looked at (Bonferroni), at most 1 */
  pValue: number;
}

export interface SliceOptions {
  /** how many to give at most */
  most?: number;
  /** rows that a slice must have at least */
  leastRows?: number;
}

/** Ranges of a numeric column, between its quantiles. */
const RANGES = 4;
/** Categories of a column that are looked at, the commonest. */
const CATEGORIES = 20;
/** Slices of one condition, the worst, that are combined with each other. */
const COMBINED = 12;
/** Standard errors of a mean that 95 % lie within. */
const NORMAL_95 = 1.959963984540054;
/** Above this chance a slice is not told. */
const LEVEL = 0.05;

/**
 * The worst slices first: by how much more loss they hold than the same rows would elsewhere. A slice of two conditions is
 * told only where it is worse than each of them alone.
 * @param columns of the rows @param loss [rows], such as 1 where the prediction is wrong, or its absolute error
 */
export function findWorstSlices(
  columns: readonly Column[],
  loss: ArrayLike<number>,
  { most = 5, leastRows = leastOf(loss.length) }: SliceOptions = {},
): Slice[] {
  const total = sums(loss);
  const { told, looked } = search(columns, loss, leastRows, (own) => against(total, own));
  return told
    .map(({ members, rows, mean, otherMean, z }): Slice => ({
      conditions: conditionsOf(members),
      rows,
      loss: mean,
      otherLoss: otherMean,
      pValue: Math.min(1, normalSf(z) * looked),
    }))
    .filter(({ pValue }) => pValue < LEVEL)
    .sort((a, b) => excess(b) - excess(a))
    .slice(0, most);
}

/** A part of the rows on which one model is worse than another. */
export interface WorseSlice extends Pick<Slice, 'conditions' | 'rows'> {
  /** mean loss of the second model less that of the first, with its 95 % interval (normal) */
  difference: Interval;
  /** one-sided, of the mean difference above 0 (paired z), times the number of slices that were looked at, at most 1 */
  pValue: number;
}

/**
 * The parts of the rows on which the second model is worse than the first, those that hold the most of it first. Unlike
 * `findWorstSlices` a part is held against itself under the other model, not against the other rows.
 * @param differences [rows] loss of the second model less that of the first
 */
export function findWorseSlices(
  columns: readonly Column[],
  differences: ArrayLike<number>,
  { most = 5, leastRows = leastOf(differences.length) }: SliceOptions = {},
): WorseSlice[] {
  const { told, looked } = search(columns, differences, leastRows, againstZero);
  return told
    .map(({ members, rows, mean, error, z }): WorseSlice => ({
      conditions: conditionsOf(members),
      rows,
      difference: { value: mean, low: mean - NORMAL_95 * error, high: mean + NORMAL_95 * error },
      pValue: Math.min(1, normalSf(z) * looked),
    }))
    .sort((a, b) => b.rows * b.difference.value - a.rows * a.difference.value)
    .slice(0, most);
}

/** What a test says of a candidate; `z` above 0 is worse. */
interface Judgement {
  mean: number;
  z: number;
}

/** Every slice of one condition, and those of two that are worse than either, that a test finds worse at all. */
function search<J extends Judgement>(
  columns: readonly Column[],
  loss: ArrayLike<number>,
  leastRows: number,
  test: (candidate: Candidate) => J | null,
): { told: (Candidate & J)[]; looked: number } {
  const parts = columns.flatMap(partsOf);
  const judge = (candidates: Candidate[]) =>
    candidates.flatMap((candidate) => {
      const judged = test(candidate);
      return judged && candidate.rows >= leastRows ? [{ ...candidate, ...judged }] : [];
    });
  const single = judge(parts.flatMap((part) => gatherOne(part, loss)));
  const worst = single.filter(({ z }) => z > 0).sort((a, b) => b.z - a.z).slice(0, COMBINED); // prettier-ignore
  const pairs: Candidate[] = [];
  worst.forEach((a, i) => {
    for (const b of worst.slice(i + 1)) if (a.members[0].part !== b.members[0].part) pairs.push(gatherTwo(a, b, loss));
  });
  const both = judge(pairs).filter(
    ({ mean, members }) =>
      !worst.some(({ members: [own], mean: alone }) => members.includes(own) && alone >= mean - 1e-12),
  );
  return { told: [...single, ...both].filter(({ z }) => z > 0), looked: single.length + pairs.length };
}

function conditionsOf(members: readonly Member[]): Condition[] {
  return members.map(({ part, bin }) => part.conditions[bin]);
}

/** Rows that a slice needs where nobody says. */
function leastOf(rows: number): number {
  return Math.max(20, Math.ceil(rows / 100));
}

function excess({ rows, loss, otherLoss }: Slice): number {
  return rows * (loss - otherLoss);
}

/** Whether a row is in a slice. @param columns as they were given to `findWorstSlices` */
export function inSlice({ conditions }: Pick<Slice, 'conditions'>, columns: readonly Column[], row: number): boolean {
  return conditions.every((condition) => {
    const column = columns.find(({ name }) => name === condition.column);
    if (!column) return false;
    if (condition.kind === 'category') {
      return (
        !isNumeric(column) && column.codes[row] >= 0 && column.categories[column.codes[row]] === condition.category
      );
    }
    return isNumeric(column) && column.values[row] >= condition.low && column.values[row] <= condition.high;
  });
}

/** A column cut up: which bin each row is in, -1 for none. */
interface Part {
  bins: Int8Array;
  conditions: Condition[];
}

type Member = { part: Part; bin: number };

interface Candidate {
  members: Member[];
  rows: number;
  sum: number;
  squares: number;
}

function partsOf(column: Column): Part[] {
  const part = isNumeric(column) ? rangesOf(column) : categoriesOf(column);
  return part.conditions.length > 1 ? [part] : [];
}

function rangesOf({ name: column, type, values }: NumericColumn): Part {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length === 0) return { bins: new Int8Array(values.length).fill(-1), conditions: [] };
  const inner = Array.from({ length: RANGES - 1 }, (_, k) => sorted[Math.floor(((k + 1) * sorted.length) / RANGES)]);
  const edges = [...new Set([sorted[0], ...inner, sorted[sorted.length - 1]])];
  const bins = Int8Array.from(values, (value) => {
    if (Number.isNaN(value)) return -1;
    let bin = 0;
    while (bin < edges.length - 2 && value >= edges[bin + 1]) bin++;
    return bin;
  });
  const conditions = edges.slice(1).map((high, k): Condition => {
    // written so that it says which rows are in it by itself, the upper edge being the next range's
    const last = k === edges.length - 2;
    const range = { column, kind: 'range' as const, low: edges[k], high: last ? high : below(sorted, high) };
    return type === 'date' ? { ...range, date: true } : range;
  });
  return { bins, conditions };
}

/** The greatest value below an edge. @param sorted ascending */
function below(sorted: Float64Array, edge: number): number {
  let [low, high] = [0, sorted.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (sorted[middle] < edge) low = middle;
    else high = middle - 1;
  }
  return sorted[low];
}

function categoriesOf(column: Column & { codes: Int32Array; categories: string[] }): Part {
  const counts = new Float64Array(column.categories.length);
  for (const code of column.codes) if (code >= 0) counts[code]++;
  const commonest = Array.from(counts.keys()).sort((a, b) => counts[b] - counts[a]).slice(0, CATEGORIES); // prettier-ignore
  const binOf = new Int8Array(counts.length).fill(-1);
  commonest.forEach((code, bin) => (binOf[code] = bin));
  const bins = Int8Array.from(column.codes, (code) => (code < 0 ? -1 : binOf[code]));
  const conditions = commonest.map((code): Condition => ({
    column: column.name,
    kind: 'category',
    category: column.categories[code],
  }));
  return { bins, conditions };
}

function gatherOne(part: Part, loss: ArrayLike<number>): Candidate[] {
  const found = part.conditions.map((_, bin): Candidate => ({ members: [{ part, bin }], rows: 0, sum: 0, squares: 0 }));
  for (let i = 0; i < loss.length; i++) if (part.bins[i] >= 0) add(found[part.bins[i]], loss[i]);
  return found;
}

function gatherTwo({ members: [a] }: Candidate, { members: [b] }: Candidate, loss: ArrayLike<number>): Candidate {
  const found: Candidate = { members: [a, b], rows: 0, sum: 0, squares: 0 };
  for (let i = 0; i < loss.length; i++) {
    if (a.part.bins[i] === a.bin && b.part.bins[i] === b.bin) add(found, loss[i]);
  }
  return found;
}

function add(candidate: Pick<Candidate, 'rows' | 'sum' | 'squares'>, loss: number): void {
  candidate.rows++;
  candidate.sum += loss;
  candidate.squares += loss * loss;
}

function sums(loss: ArrayLike<number>): Pick<Candidate, 'rows' | 'sum' | 'squares'> {
  const total = { rows: 0, sum: 0, squares: 0 };
  for (let i = 0; i < loss.length; i++) add(total, loss[i]);
  return total;
}

/** Welch's statistic of a slice's mean against that of all other rows; null where either side says nothing. */
function against(
  total: Pick<Candidate, 'rows' | 'sum' | 'squares'>,
  own: Candidate,
): { mean: number; otherMean: number; z: number } | null {
  const rest = { rows: total.rows - own.rows, sum: total.sum - own.sum, squares: total.squares - own.squares };
  if (own.rows < 2 || rest.rows < 2) return null;
  const variance = ({ rows, sum, squares }: typeof rest) => Math.max(0, squares - (sum * sum) / rows) / (rows - 1);
  const [mean, otherMean] = [own.sum / own.rows, rest.sum / rest.rows];
  const error = Math.sqrt(variance(own) / own.rows + variance(rest) / rest.rows);
  return { mean, otherMean, z: error > 0 ? (mean - otherMean) / error : 0 };
}

/** The mean of a slice against 0; null where its rows say nothing. */
function againstZero({ rows, sum, squares }: Candidate): { mean: number; error: number; z: number } | null {
  if (rows < 2) return null;
  const mean = sum / rows;
  const error = Math.sqrt(Math.max(0, squares - (sum * sum) / rows) / (rows - 1) / rows);
  // where every row differs by the same, there is no chance in it
  return { mean, error, z: error > 0 ? mean / error : Math.sign(mean) * Infinity };
}
