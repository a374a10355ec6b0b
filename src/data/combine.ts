// Rows of other tables after those of one, in its columns and its types: how a data set grows by what came later. What
// does not fit is put right as a reader would put it right, and counted. Pure.

import type { CellStyle } from './cells.ts';
import { sortLabels } from './labels.ts';
import { labelsOf } from './prepare.ts';
import { quote, type RepairLog } from './repairs.ts';
import { readText } from './style.ts';
import { type Column, type ColumnSpec, isNumeric, type LabelColumn, type NumericColumn, type Table } from './table.ts';

/** Some rows of another table. */
export interface Addition {
  /** of the table they are from, for what is said of it */
  name: string;
  columns: readonly Column[];
  /** which of its rows, ascending */
  rows: Int32Array;
}

/**
 * The rows of `table` as they are, then the added ones in the order given. A column that an addition lacks is missing in
 * its rows, or 1 where it weighs them; one that the table lacks is left out.
 * @param specs the columns' roles
 * @param repairs takes what was put right
 */
export function appendRows(
  table: Table,
  specs: readonly ColumnSpec[],
  added: readonly Addition[],
  repairs: RepairLog,
): Table {
  const own = new Set(table.columns.map(({ name }) => name));
  for (const { name, columns } of added) {
    const [first, ...others] = columns.filter((column) => !own.has(column.name));
    if (first) repairs.add('extraColumns', 1 + others.length, `${quote(first.name)} in ${quote(name)}`);
  }
  const rows = added.reduce((sum, addition) => sum + addition.rows.length, table.rows);
  const columns = table.columns.map((column) => {
    const isWeight = specs.some(({ name, role }) => name === column.name && role === 'weight');
    const parts = added.map(({ name, columns: given, rows: taken }) => {
      const found = given.find((other) => other.name === column.name) ?? null;
      if (!found && isWeight) repairs.add('missingWeights', taken.length, quote(name));
      else if (!found) repairs.add('missingColumns', 1, `${quote(column.name)} in ${quote(name)}`);
      return { found, rows: taken };
    });
    return isNumeric(column)
      ? appendNumbers(column, parts, rows, isWeight ? 1 : NaN, repairs)
      : appendLabels(column, parts, rows, repairs);
  });
  return { rows, columns };
}

/** The rows of a table that have a value in a column that is to be of this type, ascending. */
export function rowsWithValue(column: Column, type: Column['type']): Int32Array {
  const found: number[] = [];
  if (type === 'number' || type === 'integer' || type === 'date') {
    numbersAs(column, type).forEach((value, row) => !Number.isNaN(value) && found.push(row));
  } else labelsOf(column).codes.forEach((code, row) => code >= 0 && found.push(row));
  return Int32Array.from(found);
}

interface Part {
  /** null: the addition has no such column */
  found: Column | null;
  rows: Int32Array;
}

function appendNumbers(
  column: NumericColumn,
  parts: Part[],
  rows: number,
  absent: number,
  repairs: RepairLog,
): NumericColumn {
  const values = new Float64Array(rows);
  values.set(column.values);
  let at = column.values.length;
  for (const { found, rows: taken } of parts) {
    const given = found && numbersAs(found, column.type, column.style);
    const labels = found && !isNumeric(found) ? found.codes : null;
    let spoilt = 0;
    for (const row of taken) {
      values[at++] = given ? given[row] : absent;
      if (labels && labels[row] >= 0 && Number.isNaN(given![row])) spoilt++;
    }
    const kind = column.type === 'date' ? 'unreadableDates' : 'unreadableNumbers';
    repairs.add(kind, spoilt, `column ${quote(column.name)}`);
  }
  return { ...column, values };
}

/** [rows]; NaN where it is missing, or no such number. */
function numbersAs(column: Column, type: NumericColumn['type'], style?: CellStyle): Float64Array {
  const fits = (value: number) => (type === 'integer' && !Number.isSafeInteger(value) ? NaN : value);
  if (isNumeric(column)) return column.values.map(fits);
  const byCode = column.categories.map((text) => fits(readText(text, type, style)));
  return Float64Array.from(column.codes, (code) => (code < 0 ? NaN : byCode[code]));
}

/** Categories in the order in which a reader gives them; a boolean keeps its two. */
function appendLabels(column: LabelColumn, parts: Part[], rows: number, repairs: RepairLog): LabelColumn {
  const { type, name } = column;
  const categories = [...column.categories];
  const codeOf = new Map(categories.map((text, code) => [text, code]));
  const codes = new Int32Array(rows).fill(-1);
  codes.set(column.codes);
  let at = column.codes.length;
  for (const { found, rows: taken } of parts) {
    const given = found && labelsOf(found);
    for (const row of taken) {
      const place = at++;
      if (!given || given.codes[row] < 0) continue;
      const text = given.categories[given.codes[row]];
      const known = codeOf.get(text);
      if (known !== undefined) codes[place] = known;
      else if (type === 'boolean' && categories.length === 2) {
        repairs.add('otherBooleans', 1, `${quote(text)} in column ${quote(name)}`);
      } else {
        codes[place] = categories.push(text) - 1;
        codeOf.set(text, codes[place]);
      }
    }
  }
  if (type !== 'category') return { ...column, codes, categories };
  const sorted = sortLabels(categories);
  const place = new Map(sorted.map((text, i) => [text, i]));
  const recoded = categories.map((text) => place.get(text)!);
  return { ...column, codes: codes.map((code) => (code < 0 ? -1 : recoded[code])), categories: sorted };
}
