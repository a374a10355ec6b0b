// Cells of a file, row by row, to a typed table, whatever the file's format. Where a column of numbers turns out to have
// words further down, the file is read a second time for that column alone.

import { UserError } from '../base/errors.ts';
import { type ColumnBuilder, createColumnBuilder, type TextBudget } from './column.ts';
import type { ColumnStyle } from './preparation.ts';
import { createRepairLog, quote, type Repair, type RepairLog } from './repairs.ts';
import { stylesByColumn, turnsOpen } from './style.ts';
import type { Column, ColumnType, Table } from './table.ts';

export const MAX_COLUMNS = 20_000;
export const MAX_CELLS = 200_000_000;
const MAX_NAME_CHARACTERS = 500;

export interface ReadTableOptions {
  /** the type of a column by its (repaired) name, where a person has corrected it */
  types?: Record<string, ColumnType>;
  /** how a version's columns were written, where these are new rows for it */
  styles?: readonly ColumnStyle[];
  /** values that none is of its column's type count as missing; else they are an error */
  lenient?: boolean;
  signal?: AbortSignal;
  onProgress?: (fraction: number, rows: number) => void;
}

export interface ReadTable {
  table: Table;
  repairs: Repair[];
}

export interface TableBuilder {
  readonly rows: number;
  readonly width: number;
  /** A column more; it is missing in the rows before. */
  addColumn(name: string): void;
  /** The file itself has numbers in this column, and no text of them that could be read in two ways. */
  takesNumbers(place: number): void;
  /** A cell for each column; those that are not there are missing, surplus ones are left out. */
  addRow(cells: readonly string[]): void;
}

/**
 * @param read adds all columns and rows; it is called again where a column needs it
 * @throws UserError where there is more than a tab can hold; whatever `read` throws
 */
export async function buildTable(
  read: (into: TableBuilder, repairs: RepairLog) => Promise<void>,
  o: Pick<ReadTableOptions, 'types' | 'styles' | 'lenient'>,
): Promise<ReadTable> {
  const repairs = createRepairLog();
  const first = await readOnce(read, repairs, o, null);
  const again = first.columns.flatMap((column, i) => (column ? [] : [i]));
  if (again.length > 0) {
    const second = await readOnce(read, createRepairLog(), o, new Set(again));
    for (const i of again) first.columns[i] = second.columns[i];
  }
  const columns = first.columns.filter((column) => column !== null);
  return { table: { rows: first.rows, columns }, repairs: repairs.list() };
}

/** @param only the columns to build with their spellings kept; null builds all */
async function readOnce(
  read: (into: TableBuilder, repairs: RepairLog) => Promise<void>,
  repairs: RepairLog,
  o: Pick<ReadTableOptions, 'types' | 'styles' | 'lenient'>,
  only: Set<number> | null,
): Promise<{ columns: (Column | null)[]; rows: number }> {
  const types = new Map(Object.entries(o.types ?? {}));
  const styles = stylesByColumn(o.styles);
  const budget: TextBudget = { characters: 0, spellings: 0 };
  const builders: (ColumnBuilder | null)[] = [];
  let rows = 0;
  await read(
    {
      get rows() {
        return rows;
      },
      get width() {
        return builders.length;
      },
      addColumn(name) {
        const place = builders.length;
        if (place === MAX_COLUMNS) throw tooManyColumns(`more than ${MAX_COLUMNS.toLocaleString('en')}`);
        const wanted = !only || only.has(place);
        const builder = wanted
          ? createColumnBuilder(name, budget, {
              type: types.get(name),
              keepSpellings: only !== null,
              style: styles.get(name),
              lenient: o.lenient,
            })
          : null;
        for (let row = 0; row < rows; row++) builder?.add('');
        builders.push(builder);
      },
      takesNumbers(place) {
        builders[place]?.takesNumbers();
      },
      addRow(cells) {
        rows++;
        if (rows * builders.length > MAX_CELLS) throw tooManyCells();
        for (let i = 0; i < builders.length; i++) builders[i]?.add(cells[i] ?? '');
      },
    },
    repairs,
  );
  const isTurned = turnsOpen(o.styles, o.styles ? builders.map((builder) => builder?.side()) : []);
  const columns: (Column | null)[] = [];
  for (let i = 0; i < builders.length; i++) {
    columns.push(builders[i]?.build(i, repairs, isTurned) ?? null);
    builders[i] = null; // so that its memory can go before the next one is built
  }
  return { columns, rows };
}

/**
 * Names columns one after another so that each is unique: blank ones get their place, doubles a number, long ones are cut.
 * @param stated all names, where they are known beforehand: a made-up name is none of them
 */
export function createNamer(repairs: RepairLog, stated: readonly string[] = []): (name: string) => string {
  const taken = new Set(stated);
  const seen = new Set<string>();
  return (given) => {
    const cell = given.trim();
    let name = cell.slice(0, MAX_NAME_CHARACTERS) || `column_${seen.size + 1}`;
    if (name.length < cell.length) repairs.add('longHeaders', 1, quote(name));
    if (cell === '') repairs.add('blankHeaders', 1, quote(name));
    if (seen.has(name) || (cell === '' && taken.has(name))) {
      const base = name;
      for (let n = 2; seen.has(name) || taken.has(name); n++) name = `${base}_${n}`;
      if (cell !== '') repairs.add('duplicateHeaders', 1, `${quote(base)}, now ${quote(name)}`);
    }
    seen.add(name);
    return name;
  };
}

/** @param count how many, in words */
export function tooManyColumns(count: string): UserError {
  return new UserError(
    'unsupported',
    `number of columns: ${count}, and ${MAX_COLUMNS.toLocaleString('en')} are the most. Check the delimiter, or use fewer columns`,
  );
}

export function tooManyCells(): UserError {
  return new UserError(
    'unsupported',
    `table size: more than ${MAX_CELLS / 1e6} million cells. Use fewer rows or columns`,
  );
}
