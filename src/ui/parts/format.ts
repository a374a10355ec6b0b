// Figures and names as a person reads them. Every stage formats through here, so that one thing looks one way.

import type { Task } from '../../model/recipe.ts';
import type { Batch, Dataset } from '../../worker/api.ts';

const counts = new Intl.NumberFormat('en');
const short = new Intl.NumberFormat('en', { maximumSignificantDigits: 4, useGrouping: false });
const dates = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** `1,797` */
export function formatCount(value: number): string {
  return counts.format(value);
}

/** `1 row`, `1,797 rows`; the plural is the singular and an s unless it is given. */
export function formatQuantity(value: number, singular: string, plural = `${singular}s`): string {
  return `${counts.format(value)} ${value === 1 ? singular : plural}`;
}

/** Four significant digits; very large and very small numbers as powers of ten; `–` where there is none. */
export function formatNumber(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '-∞';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) return value.toExponential(2);
  if (Number.isInteger(value)) return size >= 10_000 ? counts.format(value) : String(value);
  return size >= 10_000 ? counts.format(Math.round(value)) : short.format(value);
}

/** A value of a row as a cell of a table shows it: numbers short, texts cut, `–` where there is none. */
export function formatCell(value: unknown): string {
  if (value === null || value === undefined) return '–';
  return typeof value === 'number' ? formatNumber(value) : String(value).slice(0, 200);
}

/** A fraction 0..1 as `97.3 %`; never rounded to 0 or 100 where it is neither. */
export function formatPercent(fraction: number, digits = 1): string {
  const percent = fraction * 100;
  const least = 10 ** -digits;
  if (percent > 0 && percent < least / 2) return `< ${least} %`;
  if (percent < 100 && percent > 100 - least / 2) return `> ${(100 - least).toFixed(digits)} %`;
  return `${percent.toFixed(digits)} %`;
}

/** `0.012`, `< 0.0001`: two digits say all that there is to a chance */
export function formatPValue(value: number): string {
  return value < 0.0001 ? '< 0.0001' : String(Number(value.toPrecision(2)));
}

/** `512 B`, `15.2 kB`, `3.10 MB` (powers of 1,000) */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toPrecision(3)} ${units[power - 1]}`;
}

/** `340 ms`, `12.4 s`, `3 min 20 s`, `2 h 5 min` */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** @param time milliseconds since 1970 */
export function formatTime(time: number): string {
  return dates.format(time);
}

/** @param days since 1970-01-01 UTC, as a date column keeps them; midnight is left out */
export function formatDay(days: number): string {
  const date = new Date(days * 86_400_000);
  if (Number.isNaN(date.getTime())) return '–';
  const text = date.toISOString();
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text.slice(0, 16).replace('T', ' ');
}

/** A long name without its middle, where what follows it must be seen: `who leaves …Größe)` */
export function shorten(name: string, most = 20): string {
  const characters = [...name];
  if (characters.length <= most) return name;
  return `${characters.slice(0, most - 8).join('')}…${characters.slice(-7).join('')}`;
}

/** What one thing of the data is called, by the kind of a data set or a batch, or by the task that it is for. */
export function thingOf(kind: Dataset['kind'] | Batch['kind'] | Task): 'image' | 'row' {
  return kind === 'images' || kind === 'imageClassification' ? 'image' : 'row';
}

/** The tasks by the names that a person knows them by. */
export const TASK_NAMES: Record<Task, string> = {
  binary: 'Two classes',
  multiclass: 'Several classes',
  regression: 'A number',
  imageClassification: 'Image classes',
};
