// What one cell of a text file means: missing, a number, or a string. The one place that lists the missing tokens.

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

/** How a column's cells become numbers. */
export type NumberReader = 'point' | 'comma' | DateOrder;

/** @returns NaN where `text` is missing or unreadable */
export function readCell(text: string, reader: NumberReader): number {
  if (reader === 'point') return parseNumber(text);
  if (reader === 'comma') return parseCommaNumber(text);
  return parseDate(text, reader);
}
