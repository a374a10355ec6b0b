// Builds one typed column out of its cells, one after another, in as little memory as its type needs: distinct
// spellings are kept once, and a column of very many distinct numbers keeps the numbers alone. Reads no file.

import { UserError } from '../base/errors.ts';
import { bareOf, type CellStyle, MISSING_TOKENS, readCell } from './cells.ts';
import { isDateOrder } from './dates.ts';
import { type Evidence, gatherEvidence } from './evidence.ts';
import { booleanPair, inferLabelType, isNumberedKey } from './infer.ts';
import { byCodePoint, sortLabels } from './labels.ts';
import { exampleOf, isNumericType, noteOn, type Reading, readingOf } from './reading.ts';
import { quote, type RepairKind, type RepairLog } from './repairs.ts';
import { type Side, sideOf } from './style.ts';
import type { Column, ColumnType, LabelColumn } from './table.ts';

/** Distinct spellings after which a column of numbers stops keeping them. */
const SPELLINGS = 4096;

/** Characters and spellings that all columns together may keep: more would take the whole tab down, not just fail. */
const BUDGET = { characters: 400_000_000, spellings: 8_000_000 };

export interface TextBudget {
  characters: number;
  spellings: number;
}

export interface ColumnBuilder {
  /** @param text one cell, as it stands in the file */
  add(text: string): void;
  /** The file itself has numbers here, written plainly, so that no style of the column is asked for or learned. */
  takesNumbers(): void;
  /** What the cells say of the decimal mark that was learned, when all are there. */
  side(): Side;
  /**
   * The column; null where the numbers kept turned out to be a column of labels, to be built again with `keepSpellings`.
   * @param isTurned as `chooseReader` has it
   */
  build(position: number, repairs: RepairLog, isTurned?: boolean): Column | null;
}

/**
 * @param type what a person says it is; left out, it is inferred from all cells
 * @param style how the column was written in the data that a version learned from, for cells that leave it open
 * @param keepSpellings never drop the spellings for the numbers
 * @param lenient a column of `type` number or date of which no value is one is missing in every row, and no error
 * @throws UserError from `add` when the text of all columns is too much for the memory of a tab
 */
export function createColumnBuilder(
  name: string,
  budget: TextBudget,
  o: { type?: ColumnType; style?: CellStyle; keepSpellings?: boolean; lenient?: boolean } = {},
): ColumnBuilder {
  const isLabels = o.type && !isNumericType(o.type);
  const codeOf = new Map<string, number>();
  const spellings: string[] = [];
  let codes = new Int32Array(1024);
  let keeps = true;
  let mayDrop = !isLabels && !o.keepSpellings;
  let mostSpellings = SPELLINGS;
  let evidence: Evidence | null = null;
  let rows = 0;
  let hasNumbers = false;
  // once the spellings are dropped
  let reading: Reading = { reader: 'point', unit: '' };
  let values = new Float64Array(0);
  let strays = 0;
  let missing = 0;
  let stray = '';
  const notes = new Map<RepairKind, { count: number; example: string }>();

  const addSpelling = (text: string): number => {
    const code = spellings.length;
    const kept = detach(text);
    codeOf.set(kept, code);
    spellings.push(kept);
    budget.characters += kept.length;
    budget.spellings++;
    if (budget.characters > BUDGET.characters || budget.spellings > BUDGET.spellings) {
      throw new UserError(
        'unsupported',
        `amount of text: more than ${BUDGET.spellings.toLocaleString('en')} different values or 400 million characters, at column ${quote(name)}. Remove columns of free text, or use fewer rows`,
      );
    }
    return code;
  };

  const addValue = (text: string) => {
    const bare = reading.unit ? bareOf(text, reading.unit) : text;
    const value = readCell(bare, reading.reader);
    if (value !== value) {
      if (MISSING_TOKENS.has(text)) missing++;
      else if (strays++ === 0) stray = text;
    } else {
      const kind = noteOn(reading, text, bare, value);
      const noted = kind && notes.get(kind);
      if (noted) noted.count++;
      else if (kind) notes.set(kind, { count: 1, example: exampleOf(kind, reading, text, value) });
    }
    if (rows === values.length) values = grow(values, Float64Array);
    values[rows++] = value;
  };

  const sideNow = (): Side => (evidence && o.style?.mark && !hasNumbers ? sideOf(evidence, o.style.mark) : undefined);

  /** The spellings are many: keeps numbers from now on if that is what they are, else goes on keeping them. */
  const dropSpellings = () => {
    evidence = gatherEvidence(spellings, codes.subarray(0, rows));
    if (sideNow() === 'open') return void (mostSpellings *= 2); // what follows may settle it
    const found = readingOf(evidence, o.type, hasNumbers ? null : o.style, false);
    mayDrop = false;
    if (!found) return;
    reading = found;
    keeps = false;
    const soFar = rows;
    values = new Float64Array(codes.length);
    for (rows = 0; rows < soFar;) addValue(spellings[codes[rows]]);
    budget.spellings -= spellings.length;
    spellings.length = 0;
    codeOf.clear();
    codes = new Int32Array(0);
  };

  const removeFractions = () => {
    for (let i = 0; i < rows; i++) {
      if (Number.isNaN(values[i]) || Number.isSafeInteger(values[i])) continue;
      if (strays++ === 0) stray = String(values[i]);
      values[i] = NaN;
    }
  };

  return {
    add(cell) {
      const text = cell.trim();
      if (!keeps) return addValue(text);
      if (rows === codes.length) codes = grow(codes, Int32Array);
      codes[rows++] = codeOf.get(text) ?? addSpelling(text);
      if (mayDrop && spellings.length > mostSpellings) dropSpellings();
    },

    takesNumbers() {
      hasNumbers = true;
    },

    side() {
      if (keeps && o.style?.mark) evidence = gatherEvidence(spellings, codes.subarray(0, rows));
      return sideNow();
    },

    build(position, repairs, isTurned = false) {
      if (keeps) {
        codes = codes.slice(0, rows);
        evidence = gatherEvidence(spellings, codes);
        const found = o.keepSpellings ? null : readingOf(evidence, o.type, hasNumbers ? null : o.style, isTurned);
        if (!found && (isLabels || evidence.distinct > 0)) return labelColumn(name, spellings, codes, o.type);
        reading = found ?? reading;
        const { dayFirst, monthFirst } = evidence.dates;
        if (reading.reader === 'dayFirst' && dayFirst === monthFirst && !o.style?.order)
          repairs.add('ambiguousDates', dayFirst, `column ${quote(name)}`);
        values = new Float64Array(rows);
        for (rows = 0; rows < codes.length;) addValue(spellings[codes[rows]]);
      }
      values = values.slice(0, rows);
      const present = rows - missing;
      if (!o.type && strays > 0.05 * present && !keeps) return null;
      if (o.type && present > 0 && strays === present && !o.lenient) throw nothingReadable(name, o.type, stray);
      if (!o.type && missing + strays === 0 && isNumberedKey(name, position, values)) {
        if (keeps) return labelColumn(name, spellings, codes, 'identifier');
        const categories = Array.from(values, String);
        return { name, type: 'identifier', codes: Int32Array.from(categories, (_, i) => i), categories };
      }
      const isDate = isDateOrder(reading.reader);
      for (const [kind, { count, example }] of notes) repairs.add(kind, count, `${example}column ${quote(name)}`);
      if (o.type === 'integer') removeFractions();
      repairs.add(isDate ? 'unreadableDates' : 'unreadableNumbers', strays, `${quote(stray)} in column ${quote(name)}`);
      if (present === 0) repairs.add('emptyColumns', 1, quote(name));
      const style = reading.style && { style: reading.style };
      if (isDate) return { name, type: 'date', values, ...style };
      const isWhole = present > strays && values.every((value) => value !== value || Number.isSafeInteger(value));
      const type = (o.type as 'number' | 'integer' | undefined) ?? (isWhole ? 'integer' : 'number');
      return { name, type, values, ...style };
    },
  };
}

function nothingReadable(name: string, type: ColumnType, example: string): UserError {
  return new UserError(
    'invalid',
    `type '${type}' for column ${quote(name)}: none of its values is one, such as ${quote(example)}. Choose category or text`,
  );
}

/** A column of labels, categories sorted by code point; texts and identifiers in the order of the file. */
function labelColumn(name: string, spellings: string[], codes: Int32Array, type?: ColumnType): LabelColumn {
  const present = spellings.filter((text) => !MISSING_TOKENS.has(text));
  let missing = 0;
  for (let i = 0; i < codes.length; i++) if (MISSING_TOKENS.has(spellings[codes[i]])) missing++;
  const chosen =
    (type as LabelColumn['type'] | undefined) ?? inferLabelType(name, present, codes.length - missing, codes.length);
  const categories =
    chosen === 'boolean' ? booleanCategories(name, present) : chosen === 'category' ? sortLabels(present) : present;
  const place = new Map(categories.map((text, i) => [text, i]));
  const recoded = Int32Array.from(spellings, (text) => place.get(text) ?? -1);
  return { name, type: chosen, codes: codes.map((code) => recoded[code]), categories };
}

function booleanCategories(name: string, present: string[]): string[] {
  const pair = booleanPair(present);
  if (pair) return pair;
  if (present.length <= 2) return present.sort(byCodePoint);
  throw new UserError(
    'invalid',
    `type 'boolean' for column ${quote(name)}: it has ${present.length} different values, not two. Choose category`,
  );
}

function grow<T extends Int32Array | Float64Array>(array: T, make: new (length: number) => T): T {
  const grown = new make(Math.max(1024, array.length * 2));
  grown.set(array as never);
  return grown;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A copy that does not keep the text of the file alive, of which a cell is a slice in V8. */
function detach(text: string): string {
  return text.length < 13 ? text : decoder.decode(encoder.encode(text));
}
