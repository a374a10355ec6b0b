// What is wrong with the columns of a batch, one by one, and the batch's columns in the terms of the reference. Whether a
// column drifts is drift.ts.

import { type Column, isNumeric } from '../data/table.ts';
import { numbersAt, type ReferenceColumn } from './reference.ts';

/** Shares of rows, or of the rows with a value. */
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

const MOST_NAMES = 10;

/** @param column the batch's of the same name; one that it lacks is missing in every row */
export function stateOfColumn(reference: ReferenceColumn, column: Column | undefined, rows: number): ColumnState {
  const { sample, range } = reference;
  const state = { column: sample.name, absent: !column, missing: 1, outOfRange: 0, unseen: 0, unseenNames: [] };
  if (!column) return state;
  if (isNumeric(column)) {
    let [missing, outside] = [0, 0];
    for (const value of column.values) {
      if (Number.isNaN(value)) missing++;
      else if (range && (value < range[0] || value > range[1])) outside++;
    }
    return { ...state, missing: missing / rows, outOfRange: outside / Math.max(1, rows - missing) };
  }
  const { counts, missing } = countCodes(column.codes, column.categories.length);
  const isNew = (name: string) => sample.kind === 'category' && !sample.counts.has(name);
  const fresh = column.categories.flatMap((name, code) => (counts[code] > 0 && isNew(name) ? [{ name, count: counts[code] }] : [])); // prettier-ignore
  const unseen = fresh.reduce((sum, { count }) => sum + count, 0);
  const unseenNames = fresh.sort((a, b) => b.count - a.count).slice(0, MOST_NAMES).map(({ name }) => name); // prettier-ignore
  return { ...state, missing: missing / rows, unseen: unseen / Math.max(1, rows - missing), unseenNames };
}

function countCodes(codes: Int32Array, categories: number): { counts: Float64Array; missing: number } {
  const counts = new Float64Array(categories);
  let missing = 0;
  for (const code of codes) {
    if (code < 0) missing++;
    else counts[code]++;
  }
  return { counts, missing };
}

/**
 * Some rows of the reference's columns as numbers, the codes those of the reference; unseen categories are one more code,
 * and a column that the batch lacks or has of another kind is missing.
 * @returns [columns][rows]
 */
export function matrixOf(
  columns: readonly ReferenceColumn[],
  byName: ReadonlyMap<string, Column>,
  rows: Int32Array,
): Float64Array[] {
  return columns.map(({ sample, categories }) => {
    const column = byName.get(sample.name);
    if (!column || isNumeric(column) !== (sample.kind === 'number')) return new Float64Array(rows.length).fill(NaN);
    const numbers = numbersAt(column, rows);
    if (isNumeric(column)) return numbers;
    const place = new Map(categories.map((name, code) => [name, code]));
    const codes = column.categories.map((name) => place.get(name) ?? categories.length);
    return numbers.map((code) => (Number.isNaN(code) ? NaN : codes[code]));
  });
}
