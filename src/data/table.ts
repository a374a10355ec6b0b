// A table is typed columns of one length. Values in, values out: this file knows no file format and no storage.

import type { CellStyle } from './cells.ts';

/** What a column's values are. `date` is days since 1970-01-01 UTC, a fraction for the time of day. */
export type ColumnType = 'number' | 'integer' | 'boolean' | 'category' | 'date' | 'text' | 'identifier';

/** What a column is for. `weight` weighs a row in the training loss, `meta` is shown and not learned from. */
export type ColumnRole = 'feature' | 'target' | 'weight' | 'meta' | 'ignore';

export interface NumericColumn {
  name: string;
  type: 'number' | 'integer' | 'date';
  /** [rows]; NaN is missing */
  values: Float64Array;
  /** how a text file wrote them, as far as it said */
  style?: CellStyle;
}

/** A column of strings, each kept once. A boolean's categories are its own two spellings, the false one first. */
export interface LabelColumn {
  name: string;
  type: 'boolean' | 'category' | 'text' | 'identifier';
  /** [rows]; index into `categories`, -1 is missing */
  codes: Int32Array;
  categories: string[];
}

export type Column = NumericColumn | LabelColumn;

export interface Table {
  rows: number;
  columns: Column[];
}

/** A column as a recipe names it. */
export interface ColumnSpec {
  name: string;
  type: ColumnType;
  role: ColumnRole;
}

/** One row as a CSV reader gives it. */
export type Row = Record<string, string | number | boolean | null>;

export function isNumeric(column: Column): column is NumericColumn {
  return column.type === 'number' || column.type === 'integer' || column.type === 'date';
}
