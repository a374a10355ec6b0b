// Typed columns to rows of plain values, as a person sees them or a script gives them, and back.

import { UserError } from '../base/errors.ts';
import { type CellStyle, MISSING_TOKENS, parseNumber } from './cells.ts';
import { formatDate } from './dates.ts';
import type { FeatureEncoding, Preparation } from './preparation.ts';
import { quote } from './repairs.ts';
import { readText, stylesByColumn } from './style.ts';
import { type Column, isNumeric, type Row, type Table } from './table.ts';

/** @param index which rows of the table, in the order wanted. Dates are ISO text, what is missing is null. */
export function tableToRows(table: Table, index: ArrayLike<number>): Row[] {
  return Array.from(index, (at) => {
    const row: Row = {};
    for (const column of table.columns) setOwn(row, column.name, valueAt(column, at));
    return row;
  });
}

/** Sets an own property even where the name is `__proto__`, which plain assignment would take for the prototype. */
function setOwn(row: Row, name: string, value: Row[string]): void {
  if (name === '__proto__') {
    Object.defineProperty(row, name, { value, enumerable: true, configurable: true, writable: true });
  } else row[name] = value;
}

function valueAt(column: Column, at: number): string | number | null {
  if (!isNumeric(column)) return column.codes[at] < 0 ? null : column.categories[column.codes[at]];
  const value = column.values[at];
  if (Number.isNaN(value)) return null;
  return column.type === 'date' ? formatDate(value) : value;
}

/**
 * The columns that a model takes, out of rows that a person or a script gives. Numbers may be given as text, plain or as
 * the training data wrote them, categories as numbers or booleans; a key that a row lacks is missing in it.
 * @throws UserError that names row (from 1) and column where a value is not what the model takes, or when no row has the column
 */
export function tableFromRows(
  rows: Row[],
  { features, styles }: Pick<Preparation & { kind: 'table' }, 'features' | 'styles'>,
): Table {
  const known = stylesByColumn(styles);
  const columns = features.map((feature) => columnFromRows(rows, feature, known.get(feature.column)));
  return { rows: rows.length, columns };
}

function columnFromRows(rows: Row[], feature: FeatureEncoding, style: CellStyle | undefined): Column {
  const name = feature.column;
  if (rows.length > 0 && !rows.some((row) => Object.hasOwn(row, name))) {
    throw new UserError('missing', `column ${quote(name)}: no row has it and the model needs it. Add it to the rows`);
  }
  const cell = (row: Row) => (Object.hasOwn(row, name) ? row[name] : null);
  if (feature.kind === 'number') {
    const values = Float64Array.from(rows, (row, i) => readNumber(cell(row), feature, style, i));
    return { name, type: feature.type, values };
  }
  const categories: string[] = [];
  const codeOf = new Map<string, number>();
  const codes = Int32Array.from(rows, (row) => {
    const text = readLabel(cell(row), feature);
    if (MISSING_TOKENS.has(text)) return -1;
    const known = codeOf.get(text);
    if (known !== undefined) return known;
    codeOf.set(text, categories.length);
    return categories.push(text) - 1;
  });
  return { name, type: feature.type, codes, categories };
}

/** A boolean finds the model's own spelling of it, such as `yes`. */
function readLabel(value: Row[string] | undefined, feature: FeatureEncoding & { kind: 'oneHot' }): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean' && feature.outputs.length === 2 && !feature.outputs.includes(String(value))) {
    return feature.outputs[Number(value)];
  }
  return String(value).trim();
}

/** A number is what it is, whatever the style of text. */
function readNumber(
  value: Row[string] | undefined,
  feature: FeatureEncoding & { kind: 'number' },
  style: CellStyle | undefined,
  row: number,
): number {
  if (value === null || value === undefined) return NaN;
  if (typeof value === 'number' && Number.isNaN(value)) return NaN;
  const text = typeof value === 'boolean' ? String(Number(value)) : String(value).trim();
  if (MISSING_TOKENS.has(text)) return NaN;
  const parsed = typeof value === 'string' ? readText(text, feature.type, style) : parseNumber(text);
  if (!Number.isNaN(parsed)) return parsed;
  const number = style?.mark === ',' ? 'a number, or text with a decimal comma such as 1,5' : 'a number such as 1.5';
  const wanted = feature.type === 'date' ? 'a date such as 2024-05-31' : number;
  throw new UserError(
    'invalid',
    `value ${quote(text)} in row ${row + 1}, column ${quote(feature.column)}: give ${wanted}, or leave it empty`,
  );
}

/** Some rows of a table, in the order given. */
export function takeRows(table: Table, index: Int32Array): Table {
  return {
    rows: index.length,
    columns: table.columns.map((column) =>
      isNumeric(column)
        ? { ...column, values: Float64Array.from(index, (row) => column.values[row]) }
        : { ...column, codes: Int32Array.from(index, (row) => column.codes[row]) },
    ),
  };
}
