// Rows out of JSON: one object a line (JSON Lines, NDJSON), or one array of objects. The files are small beside CSV and
// are read whole.

import { UserError } from '../../base/errors.ts';
import { createRepairLog, quote, type Repair } from '../repairs.ts';
import type { Row } from '../table.ts';
import { readText } from './text.ts';

export const JSON_NAME = /\.(jsonl|ndjson|jsonlines|json)$/i;

/** Beyond this a file would not fit into one string, and not into the memory of most. */
const MOST_BYTES = 400 * 2 ** 20;

/**
 * @returns the rows, and every key in the order in which they are first met
 * @throws UserError that names the line where one is no JSON, or no object of plain values; AbortError
 */
export async function readJsonLines(
  file: Blob,
  o: { signal?: AbortSignal; onProgress?: (fraction: number, rows: number) => void } = {},
): Promise<{ rows: Row[]; keys: string[]; repairs: Repair[] }> {
  if (file.size > MOST_BYTES) throw new UserError('unsupported', 'JSON file: it is larger than 400 MB. Cut it into parts, or use CSV'); // prettier-ignore
  const repairs = createRepairLog();
  let text = '';
  for await (const piece of readText(file, repairs, o)) {
    text += piece.text;
    o.onProgress?.(piece.fraction, 0);
  }
  const rows = /^\s*\[/.test(text) ? readArray(text) : readLines(text);
  if (rows.length === 0) throw new UserError('missing', 'rows: the JSON file has none. Add one object a line');
  const keys = new Set(rows.flatMap((row) => Object.keys(row)));
  return { rows, keys: [...keys], repairs: repairs.list() };
}

function readArray(text: string): Row[] {
  const value = parse(text, 'the array');
  return (value as unknown[]).map((item, i) => toRow(item, `item ${i + 1}`));
}

function readLines(text: string): Row[] {
  return text
    .split(/\r?\n|\r/)
    .flatMap((line, i) => (line.trim() === '' ? [] : [toRow(parse(line, `line ${i + 1}`), `line ${i + 1}`)]));
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UserError('invalid', `JSON file, ${where}: it is no JSON, such as ${quote(text.trim())}. Give one object a line`, { cause }); // prettier-ignore
  }
}

function toRow(value: unknown, where: string): Row {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UserError('invalid', `JSON file, ${where}: it is no object. Give one object a line, such as {"size": 1.5}`); // prettier-ignore
  }
  for (const [key, cell] of Object.entries(value)) {
    if (typeof cell === 'object' && cell !== null) {
      throw new UserError('invalid', `JSON file, ${where}: ${quote(key)} holds a list or an object. Give a number, a text, true, false or null`); // prettier-ignore
    }
  }
  return value as Row;
}
