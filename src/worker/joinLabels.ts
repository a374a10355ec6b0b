// Labels that come later than their rows: joined by a key that both tables have, or by the order of the rows where they
// are as many. Pure.

import { UserError } from '../base/errors.ts';
import type { Repair } from '../data/repairs.ts';
import { type Column, type ColumnType, isNumeric } from '../data/table.ts';
import { rowsOf } from './readBatchFiles.ts';

export interface JoinOptions {
  /** the column that the labels become */
  target: string;
  type: ColumnType;
  /** a column that both have; left out: the one other than the label that both have, or none where there are as many rows */
  key?: string;
  /** the column that has the labels; left out: the one called as the target */
  label?: string;
}

/**
 * @returns the batch's columns with the target put in or replaced, and what did not fit
 * @throws UserError where a column is not there, the key is not one, or nothing matches
 */
export function joinLabels(
  batch: readonly Column[],
  labels: readonly Column[],
  { target, type, key, label = target }: JoinOptions,
): { columns: Column[]; matched: number; repairs: Repair[] } {
  const given = labels.find(({ name }) => name === label);
  if (!given) {
    throw new UserError(
      'missing',
      `column '${label}': the file with labels has none of this name, but ${list(labels)}. Name the column with the labels.`,
    );
  }
  const rows = rowsOf(batch);
  const by = key ?? sharedKey(batch, labels, label);
  const place = placesOf(batch, labels, rows, { key: by, label });
  const matched = place.reduce((sum, at) => sum + Number(at >= 0), 0);
  if (matched === 0) {
    throw new UserError(
      'invalid',
      `key '${by ?? ''}': no row of the batch has a key that the labels have too. Check that both are of the same rows.`,
    );
  }
  const columns = [...batch.filter(({ name }) => name !== target), taken(given, place, target, type)];
  return { columns, matched, repairs: misfits(place, rowsOf(labels), matched) };
}

/** The kinds of what did not fit, so that a later join can say it anew. */
export const MISFITS = ['unmatchedRows', 'unusedLabels', 'repeatedKeys'];

function misfits(place: Int32Array, labels: number, matched: number): Repair[] {
  const used = new Set(place.filter((at) => at >= 0)).size;
  const [unmatched, unused, repeated] = [place.length - matched, labels - used, matched - used];
  const rows = (count: number) => `${count} row${count === 1 ? '' : 's'} of the batch`;
  return [
    { kind: 'unmatchedRows', count: unmatched, message: `${rows(unmatched)} found no label in the file` },
    { kind: 'unusedLabels', count: unused, message: `${unused} label${unused === 1 ? '' : 's'} in the file belong${unused === 1 ? 's' : ''} to no row of the batch` },
    { kind: 'repeatedKeys', count: repeated, message: `${rows(repeated)} have the key of an earlier row and got the same label` },
  ].filter(({ count }) => count > 0); // prettier-ignore
}

/** The one column that both have beside the label; undefined where there is none or several. */
function sharedKey(batch: readonly Column[], labels: readonly Column[], label: string): string | undefined {
  const own = new Set(batch.map(({ name }) => name));
  const shared = labels.filter(({ name }) => name !== label && own.has(name));
  return shared.length === 1 ? shared[0].name : undefined;
}

/** [rows]: the row of the labels that belongs to each row of the batch, -1 for none. */
function placesOf(
  batch: readonly Column[],
  labels: readonly Column[],
  rows: number,
  { key, label }: { key: string | undefined; label: string },
): Int32Array {
  if (key === undefined) {
    const given = rowsOf(labels);
    if (given !== rows) {
      throw new UserError(
        'missing',
        `key: the batch has ${rows} rows and the file ${given} labels in '${label}', so that they cannot be joined by order. Name a column that both have.`,
      );
    }
    return Int32Array.from({ length: rows }, (_, i) => i);
  }
  const [left, right] = [batch, labels].map((columns) => columns.find(({ name }) => name === key));
  if (!left || !right) {
    throw new UserError('unknown', `key '${key}': ${left ? 'the file with labels' : 'the batch'} has no such column.`);
  }
  const places = new Map<string, number>();
  for (let row = 0; row < rowsOf(labels); row++) {
    const value = textAt(right, row);
    if (value === null) continue;
    if (places.has(value)) {
      throw new UserError('invalid', `key '${key}': the labels have the value '${value}' twice. Name a column whose values differ.`); // prettier-ignore
    }
    places.set(value, row);
  }
  return Int32Array.from({ length: rows }, (_, row) => places.get(textAt(left, row) ?? '') ?? -1);
}

/** A value as text that is equal where the values are, whatever the two columns were taken for. */
function textAt(column: Column, row: number): string | null {
  if (isNumeric(column)) return Number.isNaN(column.values[row]) ? null : String(column.values[row]);
  return column.codes[row] < 0 ? null : column.categories[column.codes[row]];
}

function taken(column: Column, place: Int32Array, name: string, type: ColumnType): Column {
  if (isNumeric(column)) {
    return { name, type: column.type, values: Float64Array.from(place, (at) => (at < 0 ? NaN : column.values[at])) };
  }
  const kept = type === 'boolean' || type === 'category' ? type : column.type;
  return { ...column, name, type: kept, codes: place.map((at) => (at < 0 ? -1 : column.codes[at])) };
}

function list(columns: readonly Column[]): string {
  return columns.slice(0, 5).map(({ name }) => `'${name}'`).join(', '); // prettier-ignore
}
