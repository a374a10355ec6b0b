// How the columns of a batch differ from those of the data that a version was made with: gone, new, or of another type.

import { type Column, type ColumnSpec, type ColumnType, isNumeric } from '../data/table.ts';
import type { ReferenceColumn } from './reference.ts';

export type SchemaChange =
  /** a column that the version takes is not there */
  | { kind: 'gone'; column: string; was: ColumnType }
  /** one that the data of the version did not have; it is not looked at */
  | { kind: 'new'; column: string; now: ColumnType }
  /** `unreadable`: it was a number or a date, and not one of its values is; else numbers, where words were, or words */
  | { kind: 'type'; column: string; was: ColumnType; now: 'number' | 'words' | 'unreadable' };

/**
 * @param before the columns of the data that the version was made with
 * @param now those of the batch, read as the types before where they could be
 * @param reference of the features
 */
export function compareSchemas(
  before: readonly ColumnSpec[],
  now: readonly Column[],
  reference: readonly ReferenceColumn[],
): SchemaChange[] {
  const byName = new Map(now.map((column) => [column.name, column]));
  const known = new Set(before.map(({ name }) => name));
  const references = new Map(reference.map((column) => [column.sample.name, column]));
  const changes = before.flatMap(({ name: column, role, type: was }): SchemaChange[] => {
    if (role !== 'feature') return []; // labels may come later, and what was not learned from is not needed
    const own = byName.get(column);
    if (!own) return [{ kind: 'gone', column, was }];
    const type = typeNow(own, references.get(column));
    return type ? [{ kind: 'type', column, was, now: type }] : [];
  });
  const fresh = now.filter(({ name }) => !known.has(name));
  return [...changes, ...fresh.map(({ name, type }): SchemaChange => ({ kind: 'new', column: name, now: type }))];
}

/** What the values have become; null where they are as before. */
function typeNow(column: Column, reference: ReferenceColumn | undefined): 'number' | 'words' | 'unreadable' | null {
  if (!reference) return null;
  const { sample } = reference;
  if (isNumeric(column) !== (sample.kind === 'number')) return isNumeric(column) ? 'number' : 'words';
  if (isNumeric(column)) {
    const had = sample.kind === 'number' && sample.values.length > 0;
    return had && column.values.every(Number.isNaN) ? 'unreadable' : null;
  }
  const wereNumbers = reference.categories.some(looksLikeNumber);
  return !wereNumbers && column.categories.length > 0 && column.categories.every(looksLikeNumber) ? 'number' : null;
}

function looksLikeNumber(text: string): boolean {
  return text.trim() !== '' && Number.isFinite(Number(text));
}
