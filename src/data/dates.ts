// Dates as days since 1970-01-01 UTC, a fraction for the time of day. Reads ISO 8601 and its year-first relatives, and
// day-first or month-first dates once a whole column has said which; guesses nothing from one cell, knows no month names.

/** How the three numbers of a date follow one another. */
export type DateOrder = 'yearFirst' | 'dayFirst' | 'monthFirst';

export function isDateOrder(reader: string): reader is DateOrder {
  return reader === 'yearFirst' || reader === 'dayFirst' || reader === 'monthFirst';
}

export const MS_PER_DAY = 86_400_000;

const TIME = String.raw`(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?\s*(Z|[+-]\d{2}:?\d{2})?)?`;
const YEAR_FIRST = new RegExp(String.raw`^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})${TIME}$`);
const YEAR_LAST = new RegExp(String.raw`^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})${TIME}$`);

/** Which orders a cell allows; empty where it is no date. A dotted date is always day first. */
export function dateOrders(text: string): DateOrder[] {
  const c = text.charCodeAt(0);
  if (c < 48 || c > 57 || text.length < 8) return [];
  return (['yearFirst', 'dayFirst', 'monthFirst'] as const).filter((order) => !Number.isNaN(parseDate(text, order)));
}

/** @returns days since 1970-01-01 UTC (a time without a zone is taken as UTC), NaN where `text` is no date in that order */
export function parseDate(text: string, order: DateOrder): number {
  const match = (order === 'yearFirst' ? YEAR_FIRST : YEAR_LAST).exec(text);
  if (!match) return NaN;
  const [, first, separator, second, third, hour, minute, seconds, fraction, zone] = match;
  if (order === 'monthFirst' && separator === '.') return NaN;
  const [year, month, day] =
    order === 'yearFirst'
      ? [first, second, third]
      : order === 'dayFirst'
        ? [third, second, first]
        : [third, first, second];
  return toDays(
    [year, month, day, hour, minute, seconds, fraction].map((part) => Number(part ?? 0)),
    zone,
  );
}

function toDays([year, month, day, hour, minute, second, fraction]: number[], zone: string | undefined): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && month >= 1;
  if (!exists || hour > 24 || minute > 59 || second > 60) return NaN;
  const offset =
    zone && zone !== 'Z' ? Number(zone[0] + '1') * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))) : 0;
  return date.getTime() / MS_PER_DAY + (hour * 3600 + (minute - offset) * 60 + second + fraction) / 86_400;
}

/** ISO 8601 in UTC: `2024-05-01`, or `2024-05-01T13:30:00Z` where there is a time of day. */
export function formatDate(days: number): string {
  const iso = new Date(Math.round(days * MS_PER_DAY)).toISOString();
  return iso.endsWith('T00:00:00.000Z') ? iso.slice(0, -14) : iso.replace('.000Z', 'Z');
}
