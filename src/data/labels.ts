// The one order of labels, in every language and on every machine.

import { parseNumber } from './cells.ts';

/** Compares by UTF-16 code unit, never by locale. */
export function byCodePoint(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A sorted copy: by value where all are numbers, else by code point. */
export function sortLabels(labels: Iterable<string>): string[] {
  const sorted = [...labels].sort(byCodePoint);
  const isNumeric = sorted.every((label) => !Number.isNaN(parseNumber(label)));
  return isNumeric ? sorted.sort((a, b) => Number(a) - Number(b)) : sorted;
}
