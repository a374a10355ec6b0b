// How a column was written is kept with the version that learned from it: a cell that can be read in two ways, such as
// 1,234 or 03/04/2024, is then read in new data as it was in training, however few rows there are to decide by.

import { bareOf, type CellStyle, type NumberReader, parseNumber, readCell } from './cells.ts';
import { dateOrders, parseDate } from './dates.ts';
import type { Evidence } from './evidence.ts';
import { likelierOrder, mostly, numberReader } from './infer.ts';
import type { ColumnStyle } from './preparation.ts';
import { type Column, type ColumnSpec, isNumeric, type NumericColumn, type Table } from './table.ts';

/** What the cells of a column say of its style; undefined: nothing. @param reader by which they were read */
export function styleOf(reader: NumberReader, e: Evidence): CellStyle | undefined {
  if (reader === 'yearFirst') return undefined;
  if (reader === 'dayFirst' || reader === 'monthFirst') return { order: reader };
  const hasComma = reader === 'comma' || reader === 'groupedComma';
  // 1’234 is read alike with either mark
  const hasPoint = reader === 'point' ? e.point > 0 : e.point + e.commaGroups + onlyPoint(e) > 0;
  const style: CellStyle = {
    ...(hasComma ? { mark: ',' } : hasPoint ? { mark: '.' } : {}),
    ...(e.unit ? { unit: e.unit } : {}),
  };
  return style.mark || style.unit ? style : undefined;
}

/** Rows that are a number with a decimal point alone, and with a decimal comma alone. */
const onlyPoint = (e: Evidence) => e.point - e.pointGroups + e.grouped - e.groupedComma;
const onlyComma = (e: Evidence) => e.comma - e.commaGroups + e.grouped - e.groupedPoint;

export interface Choice {
  reader: NumberReader;
  /** `learned`: by the style alone, where the cells would be read otherwise; `other`: by the cells, which are not of the style */
  by?: 'learned' | 'other';
}

/**
 * How cells become numbers of a type.
 * @param style of the column that a version learned from, where it is known
 * @param isTurned other columns of the file say that its decimal mark is not the one that was learned
 */
export function chooseReader(
  type: NumericColumn['type'],
  e: Evidence,
  style: CellStyle = {},
  isTurned = false,
): Choice {
  return type === 'date' ? chooseOrder(e, style.order) : chooseNumbers(type, e, style.mark, isTurned);
}

/** Whether the cells of a column have this decimal mark, or the other one; `open`: some may have either; undefined: none has one. */
export type Side = 'same' | 'other' | 'open' | undefined;

/** What some cells say against a mark counts where hardly any says as much for it. */
export function sideOf(e: Evidence, mark: NonNullable<CellStyle['mark']>): Side {
  const [same, other] = mark === '.' ? [onlyPoint(e), onlyComma(e)] : [onlyComma(e), onlyPoint(e)];
  const open = e.pointGroups + e.commaGroups;
  if (other > same && !mostly(same + open, same + open + other)) return 'other';
  return same > 0 ? 'same' : open > 0 ? 'open' : undefined;
}

/** Whether a file's other columns turn those that are open: all were learned with one mark, and some now have the other, none has it. */
export function turnsOpen(styles: readonly ColumnStyle[] = [], sides: readonly Side[]): boolean {
  const marks = new Set(styles.flatMap(({ mark }) => mark ?? []));
  return marks.size === 1 && sides.includes('other') && !sides.includes('same');
}

function chooseNumbers(type: 'number' | 'integer', e: Evidence, mark: CellStyle['mark'], isTurned: boolean): Choice {
  const own = numberReader(e);
  if (!mark) {
    const isWhole = type === 'integer' && own === 'comma' && e.comma === e.commaGroups; // no whole number has a fraction
    return { reader: isWhole ? 'groupedPoint' : own };
  }
  const side = sideOf(e, mark);
  const reader = READERS[mark];
  if (side === 'other' || (side === 'open' && isTurned)) return { reader: swapped(reader), by: 'other' };
  const ownMark = own === 'comma' || own === 'groupedComma' ? ',' : '.';
  const isOpen = (mark === '.' ? e.commaGroups : e.pointGroups) > 0;
  return isOpen && ownMark !== mark ? { reader, by: 'learned' } : { reader };
}

function chooseOrder(e: Evidence, order: CellStyle['order']): Choice {
  const own = likelierOrder(e);
  if (!order || own === 'yearFirst') return { reader: own };
  const turned = order === 'dayFirst' ? 'monthFirst' : 'dayFirst';
  const [same, other] = [e.dates[order], e.dates[turned]];
  if (other > same && !mostly(same, other)) return { reader: turned, by: 'other' };
  return own === order ? { reader: order } : { reader: order, by: 'learned' };
}

/** The reader of the other decimal mark, or of day and month the other way round. */
export function swapped(reader: NumberReader): NumberReader {
  if (reader === 'dayFirst' || reader === 'monthFirst') return reader === 'dayFirst' ? 'monthFirst' : 'dayFirst';
  return reader === 'groupedPoint' ? 'groupedComma' : 'groupedPoint';
}

/**
 * A cell without a file around it, as a number of a type: in the style that is known, or plain. One that is plainly of
 * another style is none, for nobody would be told.
 * @returns NaN where it is none; a date may be a number of days since 1970-01-01
 */
export function readText(text: string, type: NumericColumn['type'], { mark, unit, order }: CellStyle = {}): number {
  if (type !== 'date') return readCell(bareOf(text, unit ?? ''), mark ? READERS[mark] : 'point');
  const found = dateOrders(text).find((each) => !order || each === order || each === 'yearFirst');
  return found ? parseDate(text, found) : parseNumber(text);
}

const READERS = { '.': 'groupedPoint', ',': 'groupedComma' } as const;

/** Whether numbers have another sign beside them than those of the style; a fraction is no per cent where the sign is gone. */
export function hasOtherUnit({ unit, number }: Evidence, style: CellStyle): boolean {
  return unit === '' ? style.unit === '%' && number > 0 : unit !== style.unit;
}

/** The styles of the columns that a recipe does not ignore, as far as they are known. */
export function stylesOf(table: Table, specs: readonly ColumnSpec[]): ColumnStyle[] {
  const used = new Set(specs.filter(({ role }) => role !== 'ignore').map(({ name }) => name));
  return table.columns.flatMap((column) =>
    isNumeric(column) && column.style && used.has(column.name) ? [{ column: column.name, ...column.style }] : [],
  );
}

/** Columns that were read from a file that Lathe has written plainly itself, in the styles that they had before. */
export function restyle(columns: readonly Column[], before: readonly Column[]): Column[] {
  const styles = new Map(before.map((column) => [column.name, isNumeric(column) ? column.style : undefined]));
  return columns.map(withoutStyle).map((column) => {
    const style = styles.get(column.name);
    return style && isNumeric(column) ? { ...column, style } : column;
  });
}

/** What is known of each column's style. */
export function stylesByColumn(styles: readonly ColumnStyle[] = []): ReadonlyMap<string, CellStyle> {
  return new Map(styles.map((style) => [style.column, style]));
}

/** The values alone. */
export function withoutStyle(column: Column): Column {
  if (!isNumeric(column)) return column;
  const { style: _style, ...values } = column;
  return values;
}
