// The one order of labels, in every language and on every machine; and outputs that have another.

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

/**
 * Probabilities [rows, own] as [rows, labels]: a class that is not among one's own has none.
 * @param own those of the outputs, all of which are among `labels`; [] for values, which stay as they are
 */
export function alignOutputs(outputs: Float32Array, own: readonly string[], labels: readonly string[]): Float32Array {
  if (own.length === 0 || (own.length === labels.length && own.every((label, c) => labels[c] === label)))
    return outputs;
  const place = own.map((label) => labels.indexOf(label));
  const rows = outputs.length / own.length;
  const aligned = new Float32Array(rows * labels.length);
  for (let row = 0; row < rows; row++) {
    place.forEach((to, c) => (aligned[row * labels.length + to] = outputs[row * own.length + c]));
  }
  return aligned;
}
