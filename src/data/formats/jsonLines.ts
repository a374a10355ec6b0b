// JSON to a typed table: one object a line (JSON Lines, NDJSON), read in pieces, or one array of objects, read whole. A
// value counts as the text it would be in a CSV, so that a column has the same type whichever file it came in.

import { abortError, UserError } from '../../base/errors.ts';
import { quote, type RepairLog } from '../repairs.ts';
import { buildTable, createNamer, type ReadTable, type ReadTableOptions, type TableBuilder } from '../tableBuilder.ts';
import { readText } from './text.ts';

/** An array beyond this would not fit into one string, and not into the memory of most. */
const MOST_BYTES = 400 * 2 ** 20;
/** Longer than any row of a table. */
const MOST_LINE_CHARACTERS = 16_000_000;

/**
 * Keys become columns in the order in which they are first met; a key that an object lacks is missing there.
 * @throws UserError that names the line where one is no JSON, or no object of plain values; AbortError
 */
export async function readJsonLines(file: Blob, o: ReadTableOptions = {}): Promise<ReadTable> {
  const isArray = await startsArray(file);
  if (isArray && file.size > MOST_BYTES) {
    throw new UserError('unsupported', 'JSON file: it is one array of more than 400 MB. Save it with one object a line, or as CSV'); // prettier-ignore
  }
  return buildTable(async (into, repairs) => {
    const addObject = objectAdder(into, repairs);
    await (isArray ? addArray : addLines)(file, addObject, into, repairs, o);
    if (into.rows === 0) throw new UserError('missing', 'rows: the JSON file has none. Add one object a line');
  }, o);
}

type AddObject = (value: unknown, where: () => string) => void;

async function addLines(file: Blob, add: AddObject, into: TableBuilder, repairs: RepairLog, o: ReadTableOptions) {
  let rest = '';
  let number = 0;
  for await (const piece of readText(file, repairs, o)) {
    const lines = (rest + piece.text).split(/\r?\n/);
    rest = piece.isLast ? '' : lines.pop()!;
    if (rest.length > MOST_LINE_CHARACTERS) {
      throw new UserError('unsupported', `JSON file, line ${number + lines.length + 1}: it is longer than ${MOST_LINE_CHARACTERS / 1e6} million characters. Give one object a line`); // prettier-ignore
    }
    for (const line of lines) {
      number++;
      const where = () => `line ${number}`;
      if (line.trim() !== '') add(parse(line, where), where);
    }
    o.onProgress?.(piece.fraction, into.rows);
  }
}

async function addArray(file: Blob, add: AddObject, into: TableBuilder, repairs: RepairLog, o: ReadTableOptions) {
  let text = '';
  for await (const piece of readText(file, repairs, o)) text += piece.text;
  const items = parse(text, () => 'the array') as unknown[];
  for (const [i, item] of items.entries()) {
    add(item, () => `item ${i + 1}`);
    if (i % 10_000 > 0) continue;
    if (o.signal?.aborted) throw abortError();
    o.onProgress?.(i / items.length, into.rows);
  }
}

function objectAdder(into: TableBuilder, repairs: RepairLog): AddObject {
  const nameOf = createNamer(repairs);
  const places = new Map<string, number>();
  return (value, where) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new UserError('invalid', `JSON file, ${where()}: it is no object. Give one object a line, such as {"size": 1.5}`); // prettier-ignore
    }
    const cells = new Array<string>(into.width).fill('');
    for (const [key, cell] of Object.entries(value)) {
      if (typeof cell === 'object' && cell !== null) {
        throw new UserError('invalid', `JSON file, ${where()}: ${quote(key)} holds a list or an object. Give a number, a text, true, false or null`); // prettier-ignore
      }
      let place = places.get(key);
      if (place === undefined) {
        place = into.width;
        places.set(key, place);
        into.addColumn(nameOf(key));
      }
      if (typeof cell === 'number') into.takesNumbers(place);
      cells[place] = cell === null ? '' : String(cell);
    }
    into.addRow(cells);
  };
}

function parse(text: string, where: () => string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UserError('invalid', `JSON file, ${where()}: it is no JSON, such as ${quote(text.trim())}. Give one object a line`, { cause }); // prettier-ignore
  }
}

async function startsArray(file: Blob): Promise<boolean> {
  return (await openingOf(file)).startsWith('[');
}

/** The first characters of a text in whatever encoding, those of it that are ASCII; without white space and byte order marks. */
export async function openingOf(file: Blob): Promise<string> {
  const bytes = new Uint8Array(await file.slice(0, 4096).arrayBuffer());
  return String.fromCharCode(...bytes.filter((byte) => byte > 0 && byte < 128)).trimStart();
}
