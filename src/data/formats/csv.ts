// CSV and its relatives to a typed table and back. Read in pieces: no more of the file's text is held at a time than a
// piece and the row it ends in. Types come from all rows. Splitting into cells is Papa Parse's work.

import Papa from 'papaparse';
import { UserError } from '../../base/errors.ts';
import { cellKind } from '../cells.ts';
import { type ColumnBuilder, createColumnBuilder, type TextBudget } from '../column.ts';
import { createRepairLog, quote, type Repair, type RepairLog } from '../repairs.ts';
import type { Column, ColumnType, Table } from '../table.ts';
import { readText } from './text.ts';

const DELIMITERS = [',', '\t', ';', '|'];
/** A row longer than this is an open quote or a cell that no table has. */
const MAX_ROW_CHARACTERS = 4_000_000;
const MAX_COLUMNS = 20_000;
const MAX_NAME_CHARACTERS = 500;
const MAX_CELLS = 200_000_000;

export interface ReadCsvOptions {
  /** the type of a column by its (repaired) name, where a person has corrected it */
  types?: Record<string, ColumnType>;
  signal?: AbortSignal;
  onProgress?: (fraction: number, rows: number) => void;
}

/**
 * Reads a delimited text file; the delimiter and the encoding are detected, a missing header is made up.
 * @throws UserError when it is empty, has no rows, is binary, has an open quote, or is larger than a tab can hold;
 * AbortError
 */
export async function readCsv(
  file: Blob,
  o: ReadCsvOptions = {},
): Promise<{ table: Table; delimiter: string; repairs: Repair[] }> {
  const repairs = createRepairLog();
  const first = await buildColumns(file, o, repairs, null);
  const again = first.columns.flatMap((column, i) => (column ? [] : [i]));
  if (again.length > 0) {
    // numbers at first, words later: their spellings are read in a second pass
    const second = await buildColumns(file, o, createRepairLog(), new Set(again));
    for (const i of again) first.columns[i] = second.columns[i];
  }
  const columns = first.columns.filter((column) => column !== null);
  return { table: { rows: first.rows, columns }, delimiter: first.delimiter, repairs: repairs.list() };
}

/** @param only the columns to build with their spellings kept; null builds all */
async function buildColumns(
  file: Blob,
  o: ReadCsvOptions,
  repairs: RepairLog,
  only: Set<number> | null,
): Promise<{ columns: (Column | null)[]; rows: number; delimiter: string }> {
  const types = new Map(Object.entries(o.types ?? {}));
  const budget: TextBudget = { characters: 0, spellings: 0 };
  let builders: (ColumnBuilder | null)[] = [];
  let names: string[] | null = null;
  let rows = 0;
  let delimiter = ',';

  const addRow = (cells: string[]) => {
    rows++;
    const surplus = cells.length > builders.length && cells.slice(builders.length).some((cell) => cell.trim() !== '');
    if (cells.length < builders.length || surplus) {
      repairs.add('raggedRows', 1, `data row ${rows} with ${cells.length} cells instead of ${builders.length}`);
    }
    for (let i = 0; i < builders.length; i++) builders[i]?.add(cells[i] ?? '');
  };

  for await (const piece of readRows(file, repairs, o)) {
    let { cells } = piece;
    if (!names && cells.length > 0) {
      delimiter = piece.delimiter;
      const header = readHeader(cells, repairs);
      names = header.names;
      if (header.isStated) cells = cells.slice(1);
      builders = names.map((name, i) =>
        only && !only.has(i)
          ? null
          : createColumnBuilder(name, budget, { type: types.get(name), keepSpellings: only !== null }),
      );
    }
    for (const row of cells) addRow(row);
    if (rows * builders.length > MAX_CELLS) {
      throw new UserError(
        'unsupported',
        `table size: more than ${MAX_CELLS / 1e6} million cells. Use fewer rows or columns`,
      );
    }
    o.onProgress?.(piece.fraction, rows);
  }
  if (!names) throw new UserError('missing', 'content: the file has no row. Choose a file with a header and rows');
  if (rows === 0) {
    throw new UserError(
      'missing',
      `rows: the file has a header of ${names.length} columns and nothing below it. Add rows`,
    );
  }
  const columns: (Column | null)[] = [];
  for (let i = 0; i < builders.length; i++) {
    columns.push(builders[i]?.build(i, repairs) ?? null);
    builders[i] = null; // so that its memory can go before the next one is built
  }
  return { columns, rows, delimiter };
}

interface RowsPiece {
  cells: string[][];
  delimiter: string;
  fraction: number;
}

/** Yields rows of cells, blank lines left out. */
async function* readRows(file: Blob, repairs: RepairLog, o: ReadCsvOptions): AsyncGenerator<RowsPiece> {
  let parser: Papa.Parser | null = null;
  let delimiter = ',';
  let rest = '';
  let lines = 0;
  for await (const piece of readText(file, repairs, o)) {
    let text = rest + piece.text;
    if (!parser) {
      const newline = text.includes('\n') || !text.includes('\r') ? '\n' : '\r';
      const stated = /^sep=(.)\r?\n?/.exec(text); // how Excel states it
      if (stated) text = text.slice(stated[0].length);
      delimiter = stated?.[1] ?? sniffDelimiter(text, newline, piece.isLast);
      parser = createParser(delimiter, newline);
    }
    const parsed = parser.parse(text, 0, !piece.isLast) as Papa.ParseResult<string[]>;
    for (const error of parsed.errors) {
      if (error.code === 'MissingQuotes') throw openQuote(lines + (error.row ?? 0) + 1);
      if (error.row! < parsed.data.length)
        repairs.add('malformedQuotes', 1, `row ${lines + error.row! + 1} of the file`);
    }
    rest = text.slice(parsed.meta.cursor);
    if (rest.length > MAX_ROW_CHARACTERS)
      throw rest.includes('"') ? openQuote(lines + parsed.data.length + 1) : longRow(lines + parsed.data.length + 1);
    lines += parsed.data.length;
    const cells = parsed.data.filter((row) => row.length > 1 || row[0].trim() !== '');
    yield { cells, delimiter, fraction: piece.fraction };
  }
}

function createParser(delimiter: string, newline: string): Papa.Parser {
  return new Papa.Parser({ delimiter, newline: newline as '\n' | '\r' });
}

function openQuote(row: number): UserError {
  return new UserError(
    'invalid',
    `quote in row ${row}: a cell opens with " and is not closed before the end of the file or ${MAX_ROW_CHARACTERS / 1e6} million characters. Close it, or double a " that belongs to the text`,
  );
}

function longRow(row: number): UserError {
  return new UserError(
    'unsupported',
    `row ${row}: it is longer than ${MAX_ROW_CHARACTERS / 1e6} million characters. Check that the file is a table with line breaks, and shorten its cells`,
  );
}

/** The delimiter that cuts the most rows into as many cells as the first one has; a comma where there is but one column. */
function sniffDelimiter(text: string, newline: string, isWhole: boolean): string {
  const sample = text.slice(0, 1 << 16);
  const score = (delimiter: string) => {
    const config = { delimiter, newline: newline as '\n' | '\r', preview: 100 };
    const isCut = (!isWhole || sample.length < text.length) && sample.includes(newline);
    const { data } = new Papa.Parser(config).parse(sample, 0, isCut);
    const rows = (data as string[][]).filter((row) => row.length > 1 || row[0].trim() !== '');
    const cells = rows[0]?.length ?? 1;
    const alike = rows.filter((row) => row.length === cells).length / rows.length;
    return cells > 1 ? alike * 1000 + Math.min(cells, 999) / 1000 : 0;
  };
  const scores = DELIMITERS.map(score);
  const best = Math.max(...scores);
  return best > 0 ? DELIMITERS[scores.indexOf(best)] : ',';
}

/** The names of the columns, made unique; a first row that looks like data is not one of names. */
function readHeader(rows: string[][], repairs: RepairLog): { names: string[]; isStated: boolean } {
  const first = rows[0].map((cell) => cell.trim());
  if (first.length > MAX_COLUMNS) {
    throw new UserError(
      'unsupported',
      `number of columns: ${first.length.toLocaleString('en')}, more than ${MAX_COLUMNS.toLocaleString('en')}. Check the delimiter, or use fewer columns`,
    );
  }
  if (looksLikeData(first, rows)) {
    repairs.add('missingHeader', 1);
    return { names: first.map((_, i) => `column_${i + 1}`), isStated: false };
  }
  const taken = new Set(first);
  const seen = new Set<string>();
  const names = first.map((cell, i) => {
    let name = cell.slice(0, MAX_NAME_CHARACTERS) || `column_${i + 1}`;
    if (name.length < cell.length) repairs.add('longHeaders', 1, quote(name));
    if (cell === '') repairs.add('blankHeaders', 1, quote(name));
    if (seen.has(name) || (cell === '' && taken.has(name))) {
      const base = name;
      for (let n = 2; seen.has(name) || taken.has(name); n++) name = `${base}_${n}`;
      if (cell !== '') repairs.add('duplicateHeaders', 1, `${quote(base)}, now ${quote(name)}`);
    }
    seen.add(name);
    return name;
  });
  return { names, isStated: true };
}

/** Numbers only, or numbers beside words that come again further down in their own column, as a class does. */
function looksLikeData(first: string[], rows: string[][]): boolean {
  const kinds = first.map(cellKind);
  if (!kinds.includes('number')) return false;
  return kinds.every((kind, i) => {
    if (kind !== 'string') return true;
    return rows.slice(1, 200).some((row) => row[i]?.trim() === first[i]);
  });
}

/** Characters at a cell's start that a spreadsheet takes for a formula. */
const FORMULA = /^[=+\-@\t\r\0\uff1d\uff0b\uff0d\uff20]/;
const NEEDS_QUOTES = /[",\r\n]|^\s|\s$/;

/**
 * A comma-separated file in UTF-8 with CRLF. A text that a spreadsheet would run as a formula gets a `'` before it,
 * unless it is for this reader alone; numbers, also those given as text, stay numbers. Null is an empty cell.
 */
export function writeCsv(
  header: string[],
  rows: Iterable<(string | number | boolean | null)[]>,
  { forPeople = true } = {},
): Blob {
  const parts: string[] = [];
  let part = writeRow(header, forPeople);
  for (const row of rows) {
    part += writeRow(row, forPeople);
    if (part.length > 1 << 20) {
      parts.push(part);
      part = '';
    }
  }
  return new Blob([...parts, part], { type: 'text/csv;charset=utf-8' });
}

function writeRow(cells: (string | number | boolean | null)[], forPeople: boolean): string {
  return cells.map((cell) => writeCell(cell, forPeople)).join(',') + '\r\n';
}

function writeCell(cell: string | number | boolean | null, forPeople: boolean): string {
  if (cell === null || (typeof cell === 'number' && Number.isNaN(cell))) return '';
  if (typeof cell !== 'string') return String(cell);
  const text = forPeople && FORMULA.test(cell) && cellKind(cell.trim()) !== 'number' ? `'${cell}` : cell;
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
