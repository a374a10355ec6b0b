// What one cell of a text file means: missing, a number, or a string. The one place that lists the missing tokens, and
// knows how people write numbers: with a decimal comma, with thousands set apart, with a currency or percent sign.

import { type DateOrder, parseDate } from './dates.ts';

/** Spellings of a missing value, exact. (`na` and `none` in small letters are missing, `No` and `0` are not.) */
export const MISSING_TOKENS: ReadonlySet<string> = new Set(
  ['', 'NA', 'N/A', 'n/a', 'na', '#N/A', '<NA>', 'NaN', 'nan', 'NAN', '-NaN', '-nan'].concat(
    ['null', 'NULL', 'Null', 'None', '?', '-', '--', '.'], // 'none' is left out: it is a common category
  ),
);

/**
 * `number`: a decimal number that float32 can hold. `comma`: one with a decimal comma. `odd`: hexadecimal, infinite or
 * too large, which no column of numbers can hold. `string`: anything else.
 */
export type CellKind = 'missing' | 'number' | 'comma' | 'odd' | 'string';

const COMMA = /^[+-]?\d*,\d+(e[+-]?\d+)?$/i;
const ODD = /^[+-]?(0[xbo][\da-f]+|inf|infinity|∞|\d*\.?\d+(e[+-]?\d+)?)$/i;

/** @param text trimmed */
export function cellKind(text: string): CellKind {
  if (MISSING_TOKENS.has(text)) return 'missing';
  if (!Number.isNaN(parseNumber(text))) return 'number';
  if (COMMA.test(text)) return 'comma';
  return ODD.test(text) ? 'odd' : 'string';
}

/** @returns a finite number within float32's range, NaN where `text` is none. @param text trimmed */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (value !== value || text === '' || !Number.isFinite(Math.fround(value))) return NaN;
  const second = text.charCodeAt(1) | 32;
  return second === 120 || second === 98 || second === 111 ? NaN : value; // 0x, 0b, 0o
}

/** As `parseNumber`, with a comma for the point. */
export function parseCommaNumber(text: string): number {
  return parseNumber(COMMA.test(text) ? text.replace(',', '.') : text);
}

/** Thousands set apart by one and the same sign; a leading zero is none of a number that needs it. */
const GROUPED_POINT = /^[+-]?[1-9]\d{0,2}([,'’\u00a0\u202f])\d{3}(\1\d{3})*(\.\d+)?$/;
const GROUPED_COMMA = /^[+-]?[1-9]\d{0,2}([.'’\u00a0\u202f])\d{3}(\1\d{3})*(,\d+)?$/;

export const isGroupedPoint = (text: string): boolean => GROUPED_POINT.test(text);
export const isGroupedComma = (text: string): boolean => GROUPED_COMMA.test(text);

const UNIT_BEFORE = /^([+-]?)(\p{Sc})\s*(.+)$/u;
const UNIT_AFTER = /^(.+?)\s*(\p{Sc}|%)$/u;

/** No number is longer. */
const MOST_CHARACTERS = 40;

/** A cell without the currency or percent sign beside it; the unit is empty where it has none. */
export function splitUnit(text: string): { bare: string; unit: string } {
  if (text.length > MOST_CHARACTERS) return { bare: text, unit: '' };
  const before = UNIT_BEFORE.exec(text);
  if (before) return { bare: before[1] + before[3], unit: before[2] };
  const after = UNIT_AFTER.exec(text);
  return after ? { bare: after[1], unit: after[2] } : { bare: text, unit: '' };
}

/** A cell without this unit. */
export function bareOf(text: string, unit: string): string {
  const split = splitUnit(text);
  return split.unit === unit ? split.bare : text;
}

/** Whether a cell may be a number in one style or another, or is missing. */
export function isWrittenNumber(text: string): boolean {
  const { bare } = splitUnit(text);
  const kind = cellKind(bare);
  return kind === 'number' || kind === 'comma' || kind === 'missing' || isGroupedPoint(bare) || isGroupedComma(bare);
}

/** How a column writes numbers: `1234.5`, `1234,5`, `1,234.5` or `1.234,5`. */
export type NumberStyle = 'point' | 'comma' | 'groupedPoint' | 'groupedComma';

/** How a column writes what a cell alone may leave open, as far as its cells say it. */
export interface CellStyle {
  /** what stands before a fraction: where it is '.', the comma of `1,234` sets thousands apart */
  mark?: '.' | ',';
  /** the one currency or percent sign beside its numbers */
  unit?: string;
  /** how `03/04/2024` is read */
  order?: 'dayFirst' | 'monthFirst';
}

/** How a column's cells become numbers. */
export type NumberReader = NumberStyle | DateOrder;

/** @returns NaN where `text` is missing or unreadable */
export function readCell(text: string, reader: NumberReader): number {
  switch (reader) {
    case 'point':
      return parseNumber(text);
    case 'comma':
      return parseCommaNumber(text);
    case 'groupedPoint':
      return parseNumber(isGroupedPoint(text) ? text.replace(/[,'’\u00a0\u202f]/g, '') : text);
    case 'groupedComma':
      if (isGroupedComma(text)) return parseNumber(text.replace(/[.'’\u00a0\u202f]/g, '').replace(',', '.'));
      return text.includes('.') ? NaN : parseCommaNumber(text);
    default:
      return parseDate(text, reader);
  }
}
