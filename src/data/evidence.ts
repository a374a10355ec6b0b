// What the cells of a column are, counted over all of its rows: what its type is decided by. Decides nothing.

import { bareOf, cellKind, isGroupedComma, isGroupedPoint, MISSING_TOKENS, splitUnit } from './cells.ts';
import { type DateOrder, dateOrders } from './dates.ts';

/** Rows by what their cell is, and what is known of the distinct spellings. */
export interface Evidence {
  number: number;
  /** numbers with a decimal comma, and those with a fraction after a point */
  comma: number;
  point: number;
  /** of those, the ones that may be whole thousands, such as 1,234 and 1.234 */
  commaGroups: number;
  pointGroups: number;
  /** plain numbers that have a fraction, or of 1000 and more */
  unlikeGrouped: number;
  /** neither, but with thousands set apart: as in 1,234.5, as in 1.234,5, and in either way */
  groupedPoint: number;
  groupedComma: number;
  grouped: number;
  odd: number;
  string: number;
  /** the one currency or percent sign beside numbers; empty where there is none, or several */
  unit: string;
  /** characters of every spelling where all are digits, as many each, and some begin with 0; 0: otherwise */
  codeLength: number;
  /** rows whose cell is a date in that order */
  dates: Record<DateOrder, number>;
  /** distinct spellings, and those of them that are no number */
  distinct: number;
  distinctStrings: number;
}

/** Counts rows by what their cell is. Each spelling is looked at once. */
export function gatherEvidence(spellings: string[], codes: Int32Array): Evidence {
  const rowsOf = new Int32Array(spellings.length);
  for (let i = 0; i < codes.length; i++) rowsOf[codes[i]]++;
  const e: Evidence = {
    ...{ number: 0, comma: 0, point: 0, commaGroups: 0, pointGroups: 0, unlikeGrouped: 0 },
    ...{ groupedPoint: 0, groupedComma: 0, grouped: 0, odd: 0, string: 0, distinct: 0, distinctStrings: 0 },
    dates: { yearFirst: 0, dayFirst: 0, monthFirst: 0 },
    unit: unitOf(spellings),
    codeLength: codeLengthOf(spellings),
  };
  for (let code = 0; code < spellings.length; code++) {
    const text = e.unit ? bareOf(spellings[code], e.unit) : spellings[code];
    const rows = rowsOf[code];
    const kind = cellKind(text);
    if (kind === 'missing') continue;
    e.distinct++;
    const [asPoint, asComma] = [isGroupedPoint(text), isGroupedComma(text)];
    if (kind === 'string' && (asPoint || asComma)) {
      e.grouped += rows;
      if (asPoint) e.groupedPoint += rows;
      if (asComma) e.groupedComma += rows;
      continue;
    }
    e[kind] += rows;
    if (kind === 'comma' && asPoint) e.commaGroups += rows;
    if (kind === 'number') {
      if (text.includes('.')) e.point += rows;
      if (asComma) e.pointGroups += rows;
      if (!/^[+-]?\d{1,3}$/.test(text)) e.unlikeGrouped += rows;
    }
    if (kind !== 'string') continue;
    e.distinctStrings++;
    for (const order of dateOrders(text)) e.dates[order] += rows;
  }
  return e;
}

/** The sign beside numbers, where they all have the same. */
function unitOf(spellings: string[]): string {
  let found = '';
  for (const text of spellings) {
    if (cellKind(text) !== 'string') continue;
    const { bare, unit } = splitUnit(text);
    if (!unit || !/^[+-]?\d/.test(bare)) continue;
    if (found && found !== unit) return ''; // dollars and euros are no numbers of one kind
    found = unit;
  }
  return found;
}

/** As `Evidence` has it. */
function codeLengthOf(spellings: string[]): number {
  let length = 0;
  let isPadded = false;
  for (const text of spellings) {
    if (MISSING_TOKENS.has(text)) continue;
    if (!/^\d+$/.test(text) || (length > 0 && text.length !== length)) return 0;
    length = text.length;
    isPadded ||= text.startsWith('0') && length > 1;
  }
  return isPadded ? length : 0;
}
