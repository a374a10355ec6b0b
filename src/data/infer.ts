// Which type a column has, from evidence over all of its rows, and which role it then plays at first. A person may
// correct both. Decides only; `evidence.ts` gathers what it goes by, `column.ts` builds the column.

import type { NumberReader, NumberStyle } from './cells.ts';
import type { DateOrder } from './dates.ts';
import type { Evidence } from './evidence.ts';
import { type Column, type ColumnRole, type ColumnSpec, isNumeric } from './table.ts';

/** Digits that begin with 0 and are all as long are a code, such as a postcode: as a number it would lose them. */
const SHORTEST_CODE = 3;

/** A few spoilt cells do not make a column of numbers (or dates) one of words: 95 % and at least 20 of them will do. */
export function mostly(part: number, whole: number): boolean {
  return part > 0 && (part === whole || (part >= 20 && part >= 0.95 * whole));
}

/** How the column's cells become numbers, or null for a column of labels. Dates need an order that the column settles. */
export function inferReader(e: Evidence): NumberReader | null {
  if (e.codeLength >= SHORTEST_CODE) return null;
  const reader = numberReader(e);
  const { numbers, strings } = readable(e, reader);
  if (strings === 0 ? numbers > 0 : mostly(numbers, numbers + strings) && e.distinctStrings <= 5) return reader;
  const orders = (['yearFirst', 'dayFirst', 'monthFirst'] as const).filter((order) =>
    mostly(e.dates[order], e.string + e.number + e.comma + e.grouped + e.odd),
  );
  if (orders.length === 1) return orders[0];
  if (orders.length === 2 && e.dates[orders[0]] !== e.dates[orders[1]]) return likelierOrder(e);
  return null;
}

/**
 * Thousands are set apart where a cell shows it and none speaks against it, or where each number of 1000 and more has a
 * comma. A decimal comma is read where no number of the column has a decimal point and at least half have a comma.
 */
export function numberReader(e: Evidence): NumberStyle {
  const pointOnly = e.comma === e.commaGroups;
  if (e.groupedPoint > 0 && e.groupedPoint >= e.groupedComma && pointOnly) return 'groupedPoint';
  if (e.groupedComma > e.groupedPoint && e.point === e.pointGroups) return 'groupedComma';
  if (e.comma > 0 && pointOnly && e.number > 0 && e.unlikeGrouped === 0) return 'groupedPoint';
  return e.comma > 0 && e.point === 0 && e.comma >= e.number ? 'comma' : 'point';
}

/** Rows that a style reads, and those that are words to it. */
function readable(e: Evidence, style: NumberStyle): { numbers: number; strings: number } {
  const commas = { point: 0, comma: e.comma, groupedPoint: e.commaGroups, groupedComma: e.comma }[style];
  const grouped = { point: 0, comma: 0, groupedPoint: e.groupedPoint, groupedComma: e.groupedComma }[style];
  return { numbers: e.number + commas + grouped, strings: e.string + e.grouped - grouped };
}

/** The order that most cells allow; the first of equals in year, day, month. */
export function likelierOrder({ dates }: Evidence): DateOrder {
  const best = Math.max(dates.yearFirst, dates.dayFirst, dates.monthFirst);
  return dates.yearFirst === best ? 'yearFirst' : dates.dayFirst === best ? 'dayFirst' : 'monthFirst';
}

const BOOLEAN_PAIRS = ['false true', 'no yes', 'f t', 'n y', 'off on'];

/** The two spellings with the false one first, or null where they are no known pair. */
export function booleanPair(spellings: string[]): [string, string] | null {
  if (spellings.length !== 2) return null;
  const [a, b] = spellings[0].toLowerCase() < spellings[1].toLowerCase() ? spellings : [spellings[1], spellings[0]];
  return BOOLEAN_PAIRS.includes(`${a} ${b}`.toLowerCase()) ? [a, b] : null;
}

const CODE_PATTERNS = [
  /^[a-z]{1,8}[-_ ]?\d+$/i,
  /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i,
  /^[\da-f]{16,}$/i,
];
const ID_NAME = /(^|[\s_.-])(id|ids|uid|uuid|guid|key|index|idx|no|nr|#|rowid|rownames)$/;
const NAME_NAME = /(^|[\s_.-])(name|code|sku|isbn|email|url|file|filename|path)$/;

/** `customerId` and `customer_id` read alike. */
function normalName(name: string): string {
  return name
    .trim()
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/**
 * @param spellings the distinct values
 * @param present rows that have a value
 */
export function inferLabelType(
  name: string,
  spellings: string[],
  present: number,
  rows: number,
): 'boolean' | 'category' | 'text' | 'identifier' {
  if (booleanPair(spellings)) return 'boolean';
  const distinct = spellings.length;
  if (distinct === rows && rows > 1) {
    const named = normalName(name);
    if (ID_NAME.test(named) || NAME_NAME.test(named)) return 'identifier';
    if (rows >= 10 && CODE_PATTERNS.some((pattern) => spellings.every((text) => pattern.test(text))))
      return 'identifier';
  }
  if (distinct <= 10) return 'category';
  let characters = 0;
  for (const text of spellings) characters += text.length;
  return characters / distinct > 60 || distinct > present / 2 ? 'text' : 'category';
}

/** True where whole numbers are plainly row numbers or keys. @param position the column's place in the file, from 0 */
export function isNumberedKey(name: string, position: number, values: Float64Array): boolean {
  const named = ID_NAME.test(normalName(name));
  const first = values[0];
  let consecutive = true;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isInteger(values[i])) return false;
    if (values[i] !== first + i) consecutive = false;
  }
  if (consecutive)
    return values.length > 1 && (named || (position === 0 && (first === 0 || first === 1) && values.length >= 20));
  return named && new Set(values).size === values.length;
}

const TARGET_NAMES = [
  'target',
  'class',
  'label',
  'y',
  'outcome',
  'species',
  'diagnosis',
  'survived',
  'response',
  'variety',
];

/**
 * Identifiers and texts are shown and not learned from; a column without values is ignored; the target is the
 * column with a target's name, else the last one that is worth predicting, else the last one; all others are features.
 */
export function suggestColumns(columns: Column[]): ColumnSpec[] {
  const roles = columns.map(defaultRole);
  const targets = columns.map((_, i) => i).filter((i) => roles[i] === 'feature' || isNamedTarget(columns[i]));
  const rank = (i: number) => TARGET_NAMES.indexOf(normalName(columns[i].name));
  const named = targets.filter((i) => rank(i) >= 0).sort((a, b) => rank(a) - rank(b));
  const target = named[0] ?? targets.findLast((i) => isWorthPredicting(columns[i])) ?? targets.at(-1);
  if (target !== undefined && (named.length > 0 || targets.length > 1)) roles[target] = 'target';
  return columns.map(({ name, type }, i) => ({ name, type, role: roles[i] }));
}

/** A column called `target` stays the target even where it has no values, so that training says what is wrong with it. */
function isNamedTarget(column: Column): boolean {
  return TARGET_NAMES.includes(normalName(column.name)) && column.type !== 'text' && column.type !== 'identifier';
}

/** Whether it has two values at least; what comes to pass is seldom asked by its date. */
function isWorthPredicting(column: Column): boolean {
  if (column.type === 'date') return false;
  if (!isNumeric(column)) return column.categories.length > 1;
  const first = column.values.find((value) => !Number.isNaN(value));
  return column.values.some((value) => !Number.isNaN(value) && value !== first);
}

function defaultRole(column: Column): ColumnRole {
  const empty = isNumeric(column) ? column.values.every(Number.isNaN) : column.categories.length === 0;
  if (empty) return 'ignore';
  return column.type === 'text' || column.type === 'identifier' ? 'meta' : 'feature';
}
