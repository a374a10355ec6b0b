// Two distributions drawn side by side: a column, or what was predicted, in the reference and in a batch, as shares over
// the same bins or the same categories.

import type { ColumnSample } from './drift.ts';

export type BeforeAfter = { column: string } & (
  | {
      kind: 'number';
      /** [bins + 1], ascending; the outermost take what lies beyond them */
      edges: number[];
      /** [bins], adding up to 1 */
      before: number[];
      after: number[];
    }
  | { kind: 'category'; /** the commonest of both, then `''` for the rest where there is one */ names: string[]; rest: boolean; before: number[]; after: number[] }
); // prettier-ignore

const BINS = 24;
const CATEGORIES = 12;

/** Samples of one kind. */
export function beforeAfter(reference: ColumnSample, current: ColumnSample): BeforeAfter | null {
  if (reference.kind === 'number' && current.kind === 'number') return numbers(reference, current);
  if (reference.kind === 'category' && current.kind === 'category') return categories(reference, current);
  return null;
}

type Numbers = ColumnSample & { kind: 'number' };
type Categories = ColumnSample & { kind: 'category' };

function numbers({ name, values: before }: Numbers, { values: after }: Numbers): BeforeAfter | null {
  if (before.length + after.length === 0) return null;
  // from quantile to quantile, so that a single wild value does not squeeze all others into one bin
  const ends = [before, after].filter((values) => values.length > 0).flatMap((values) => [at(values, 0.005), at(values, 0.995)]); // prettier-ignore
  const low = Math.min(...ends);
  const high = Math.max(...ends);
  const width = (high - low) / BINS || 1;
  const edges = Array.from({ length: BINS + 1 }, (_, k) => low + k * width);
  const shares = (values: Float64Array) => {
    const counts = new Array<number>(BINS).fill(0);
    for (const value of values) counts[Math.max(0, Math.min(BINS - 1, Math.floor((value - low) / width)))]++;
    return counts.map((count) => count / Math.max(1, values.length));
  };
  return { column: name, kind: 'number', edges, before: shares(before), after: shares(after) };
}

function at(values: Float64Array, share: number): number {
  return values[Math.round(share * (values.length - 1))];
}

function categories({ name, counts: before }: Categories, { counts: after }: Categories): BeforeAfter {
  const sum = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((all, count) => all + count, 0);
  const [rowsBefore, rowsAfter] = [Math.max(1, sum(before)), Math.max(1, sum(after))];
  const weight = (key: string) => (before.get(key) ?? 0) / rowsBefore + (after.get(key) ?? 0) / rowsAfter;
  const all = [...new Set([...before.keys(), ...after.keys()])].sort((a, b) => weight(b) - weight(a) || (a < b ? -1 : 1)); // prettier-ignore
  const names = all.slice(0, CATEGORIES);
  const rest = all.length > names.length;
  const shares = (counts: ReadonlyMap<string, number>, rows: number) => {
    const own = names.map((key) => (counts.get(key) ?? 0) / rows);
    return rest ? [...own, Math.max(0, 1 - own.reduce((a, b) => a + b, 0))] : own;
  };
  return { column: name, kind: 'category', names: rest ? [...names, ''] : names, rest, before: shares(before, rowsBefore), after: shares(after, rowsAfter) }; // prettier-ignore
}
