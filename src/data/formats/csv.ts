// CSV and its relatives to a typed table and back. Read in pieces: no more of the file's text is held at a time than a
// piece and the row it ends in. Types come from all rows. Splitting into cells is Papa Parse's work.

import Papa from 'papaparse';
import { UserError } from '../../base/errors.ts';
import { cellKind, isWrittenNumber } from '../cells.ts';
import type { RepairLog } from '../repairs.ts';
import { buildTable, createNamer, MAX_COLUMNS, type ReadTable, type ReadTableOptions, type TableBuilder, tooManyColumns } from '../tableBuilder.ts'; // prettier-ignore
import { readText } from './text.ts';

const DELIMITERS = [',', '\t', ';', '|'];
/** A row longer than this is an open quote or a cell that no table has. */
const MAX_ROW_CHARACTERS = 4_000_000;

/**
 * Reads a delimited text file; the delimiter and the encoding are detected, a missing header is made up.
 * @throws UserError when it is empty, has no rows, is binary, has an open quote, or is larger than a tab can hold;
 * AbortError
 */
export async function readCsv(file: Blob, o: ReadTableOptions = {}): Promise<ReadTable & { delimiter: string }> {
  let delimiter = ',';
  const read = await buildTable(async (into, repairs) => {
    for await (const piece of readRows(file, repairs, o)) {
      let { cells } = piece;
      if (into.width === 0 && cells.length > 0) {
        delimiter = piece.delimiter;
        const header = readHeader(cells, repairs);
        if (header.isStated) cells = cells.slice(1);
        header.names.forEach(into.addColumn);
      }
      for (const row of cells) addRow(into, row, repairs);
      o.onProgress?.(piece.fraction, into.rows);
    }
    const { width, rows } = into;
    if (width === 0) throw new UserError('missing', 'content: the file has no row. Choose a file with a header and rows'); // prettier-ignore
    if (rows === 0) {
      throw new UserError('missing', `rows: the file has a header of ${width} columns and nothing below it. Add rows`);
    }
  }, o);
  return { ...read, delimiter };
}

function addRow(into: TableBuilder, cells: string[], repairs: RepairLog): void {
  into.addRow(cells);
  const { width } = into;
  if (cells.length === width) return;
  const surplus = cells.length > width && cells.slice(width).some((cell) => cell.trim() !== '');
  if (cells.length < width || surplus) {
    repairs.add('raggedRows', 1, `data row ${into.rows} with ${cells.length} cells instead of ${width}`);
  }
}

interface RowsPiece {
  cells: string[][];
  delimiter: string;
  fraction: number;
}

/** Yields rows of cells, blank lines left out. */
async function* readRows(file: Blob, repairs: RepairLog, o: ReadTableOptions): AsyncGenerator<RowsPiece> {
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

/**
 * The delimiter that cuts the most rows into as many cells as the first one has. Where there is but one column: a comma, or
 * none that its numbers have in them.
 */
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
  if (best > 0) return DELIMITERS[scores.indexOf(best)];
  const [, ...cells] = sample.split(newline);
  return cells.every((cell) => isWrittenNumber(cell.trim())) ? '\t' : ','; // the comma of 1,234 ends no cell
}

/** The names of the columns, made unique; a first row that looks like data is not one of names. */
function readHeader(rows: string[][], repairs: RepairLog): { names: string[]; isStated: boolean } {
  const first = rows[0].map((cell) => cell.trim());
  if (first.length > MAX_COLUMNS) throw tooManyColumns(first.length.toLocaleString('en'));
  if (looksLikeData(first, rows)) {
    repairs.add('missingHeader', 1);
    return { names: first.map((_, i) => `column_${i + 1}`), isStated: false };
  }
  return { names: first.map(createNamer(repairs, first)), isStated: true };
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
