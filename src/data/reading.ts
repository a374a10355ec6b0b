// How the cells of one column become numbers, settled once by all of them, and what is to be said of each that was not
// written plainly. Builds no column.

import { type CellStyle, isGroupedComma, type NumberReader, readCell } from './cells.ts';
import { formatDate, isDateOrder } from './dates.ts';
import type { Evidence } from './evidence.ts';
import { inferReader } from './infer.ts';
import { quote, type RepairKind } from './repairs.ts';
import { type Choice, chooseReader, hasOtherUnit, styleOf, swapped } from './style.ts';
import type { ColumnType, NumericColumn } from './table.ts';

/** How the cells of a column become numbers. */
export interface Reading {
  reader: NumberReader;
  /** beside the numbers, to be left out */
  unit: string;
  by?: Choice['by'];
  isOtherUnit?: boolean;
  /** of this column itself */
  style?: CellStyle;
}

/**
 * @param type left out, it is inferred
 * @param style that a version learned; null where the file has numbers itself, so that nothing is known or learned of it
 * @param isTurned as `chooseReader` has it
 * @returns null for labels
 */
export function readingOf(
  e: Evidence,
  type: ColumnType | undefined,
  style: CellStyle | null | undefined,
  isTurned: boolean,
): Reading | null {
  if (type && !isNumericType(type)) return null;
  const { reader, by } = type
    ? chooseReader(type, e, style ?? undefined, isTurned)
    : { reader: inferReader(e), by: undefined };
  if (!reader) return null;
  const isOtherUnit = style ? hasOtherUnit(e, style) : false;
  return { reader, by, unit: e.unit, isOtherUnit, style: style === null ? undefined : styleOf(reader, e) };
}

/** What is to be said of a cell that has become a number; undefined: nothing. @param bare the text without its unit */
export function noteOn(
  { reader, unit, by, isOtherUnit }: Reading,
  text: string,
  bare: string,
  value: number,
): RepairKind | undefined {
  if (by) {
    const otherwise = readCell(bare, swapped(reader));
    const isOpen = otherwise === otherwise || by === 'other'; // NaN: it can be read in one way alone
    if (isOpen && otherwise !== value) return by === 'other' ? 'otherStyle' : 'learnedStyle';
  }
  if (isOtherUnit && (unit === '' || bare !== text)) return 'otherUnit';
  if ((reader === 'point' && !unit) || isDateOrder(reader) || value === Number(text)) return undefined;
  const hasComma = reader === 'comma' || (reader === 'groupedComma' && !isGroupedComma(bare));
  return hasComma && bare === text ? 'decimalCommas' : 'spelledNumbers';
}

/** @returns what stands before the column's name in the note */
export function exampleOf(kind: RepairKind, { reader }: Reading, text: string, value: number): string {
  if (kind === 'decimalCommas') return '';
  if (kind === 'spelledNumbers') return `${quote(text)} in `;
  return `${quote(text)} as ${isDateOrder(reader) ? formatDate(value) : value} in `;
}

export function isNumericType(type: ColumnType): type is NumericColumn['type'] {
  return type === 'number' || type === 'integer' || type === 'date';
}
