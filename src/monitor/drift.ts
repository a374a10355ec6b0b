// Whether columns of a batch are distributed as in the reference: which test each column gets, and a verdict that
// allows for chance and for the number of columns. Several columns at once are multivariate.ts.

import { adjustHolm, hellinger, jensenShannon, populationStability, wasserstein } from './distances.ts';
import { ksTwoSample } from './kolmogorov.ts';
import { testCounts } from './sparse.ts';

/** One column of some rows, as far as a comparison needs it. */
export type ColumnSample =
  | {
      kind: 'number';
      name: string;
      /** ascending, without the missing */
      values: Float64Array;
      missing: number;
    }
  | { kind: 'category'; name: string; counts: ReadonlyMap<string, number>; missing: number };

export type DriftMethod = 'ks' | 'chiSquared' | 'proportions' | 'wasserstein' | 'jensenShannon' | 'psi' | 'hellinger';

/** What suits numbers and categories; numbers are counted between the reference's deciles. */
const ANY: readonly DriftMethod[] = ['psi', 'hellinger', 'jensenShannon', 'chiSquared'];

/** What a column of a kind can be compared by, where somebody wishes it; two proportions are chi-squared of two categories. */
export const METHODS: Record<ColumnSample['kind'], readonly DriftMethod[]> = {
  number: [...ANY, 'ks', 'wasserstein'],
  category: ANY,
};

/** A test's verdict goes by its p-value, a distance's by its size; a distance that chance explains is no drift either. */
export const DRIFT_THRESHOLDS: Record<DriftMethod, number> = {
  ks: 0.05,
  chiSquared: 0.05,
  proportions: 0.05,
  wasserstein: 0.1,
  jensenShannon: 0.1,
  psi: 0.1,
  hellinger: 0.1,
};

/** The level of significance at which chance is ruled out for a distance. */
const CHANCE = 0.05;
/** Evidently's limits: rows of the reference up to which tests are used, and values up to which a number is a category. */
const MOST_ROWS_TESTED = 1000;
const MOST_VALUES_AS_CATEGORIES = 5;
/** Bins of the reference's quantiles, where a distance of numbers needs counts. */
const QUANTILE_BINS = 10;

export interface ColumnDrift {
  column: string;
  method: DriftMethod;
  /** p-value of a test, size of a distance */
  value: number;
  threshold: number;
  /** the chance of so large a difference without any drift */
  pValue: number;
  /** the same, raised for the number of columns (Holm) */
  adjustedPValue: number;
  drifted: boolean;
  /** rows with a value */
  rows: { reference: number; current: number };
}

export interface DriftReport {
  columns: ColumnDrift[];
  /** of the columns */
  driftedShare: number;
  /** at least half of the columns, as Evidently has it */
  datasetDrifted: boolean;
}

/** Evidently's default for a column, by the reference's rows and values. */
export function chooseMethod(reference: ColumnSample): DriftMethod {
  const small = countOf(reference) <= MOST_ROWS_TESTED;
  if (!asCategories(reference)) return small ? 'ks' : 'wasserstein';
  if (!small) return 'jensenShannon';
  return distinctOf(reference) === 2 ? 'proportions' : 'chiSquared';
}

/**
 * Compares columns, pair by pair.
 * @param pairs each is looked at once and let go of
 * @param methods by column name, where it is not the default; one that does not suit the column's kind is passed over
 * @param thresholds by column name, where it is not the method's own
 */
export function compareColumns(
  pairs: Iterable<{ reference: ColumnSample; current: ColumnSample }>,
  methods: Readonly<Record<string, DriftMethod>> = {},
  thresholds: Readonly<Record<string, number>> = {},
): DriftReport {
  const compared = Array.from(pairs, ({ reference, current }) => {
    const wanted = own(methods, reference.name);
    const method = wanted && METHODS[reference.kind].includes(wanted) ? wanted : chooseMethod(reference);
    const { value, pValue } = compare(reference, current, method);
    const threshold = own(thresholds, reference.name) ?? DRIFT_THRESHOLDS[method];
    return { column: reference.name, method, value, threshold, pValue, rows: { reference: countOf(reference), current: countOf(current) } }; // prettier-ignore
  });
  const adjusted = adjustHolm(compared.map(({ pValue }) => pValue));
  const columns = compared.map((column, i): ColumnDrift => {
    const adjustedPValue = adjusted[i];
    const drifted = isTest(column.method)
      ? adjustedPValue < column.threshold
      : column.value >= column.threshold && adjustedPValue < CHANCE;
    return { ...column, value: isTest(column.method) ? column.pValue : column.value, adjustedPValue, drifted };
  });
  const driftedShare = columns.filter(({ drifted }) => drifted).length / Math.max(1, columns.length);
  return { columns, driftedShare, datasetDrifted: columns.length > 0 && driftedShare >= 0.5 };
}

function isTest(method: DriftMethod): boolean {
  return method === 'ks' || method === 'chiSquared' || method === 'proportions';
}

function compare(
  reference: ColumnSample,
  current: ColumnSample,
  method: DriftMethod,
): { value: number; pValue: number } {
  if (countOf(reference) === 0 || countOf(current) === 0) return { value: 0, pValue: 1 }; // all missing: another figure's task
  const numbers = reference.kind === 'number' && current.kind === 'number';
  if (numbers && (method === 'ks' || method === 'wasserstein')) {
    const { pValue } = ksTwoSample(reference.values, current.values);
    if (method === 'ks') return { value: pValue, pValue };
    const unit = Math.max(deviationOf(reference.values), 0.001); // Evidently's, so that a constant column has a unit
    return { value: wasserstein(reference.values, current.values) / unit, pValue };
  }
  const [first, second] = countTogether(reference, current);
  const { pValue } = testCounts(first, second, numbers && !asCategories(reference));
  switch (method) {
    case 'jensenShannon':
      return { value: jensenShannon(first, second), pValue };
    case 'psi':
      return { value: populationStability(first, second), pValue };
    case 'hellinger':
      return { value: hellinger(first, second), pValue };
    default:
      return { value: pValue, pValue };
  }
}

/** Counts of both by category, or by the reference's quantiles. */
function countTogether(reference: ColumnSample, current: ColumnSample): [Float64Array, Float64Array] {
  if (reference.kind === 'number' && current.kind === 'number' && !asCategories(reference)) {
    const edges = quantileEdges(reference.values);
    return [countBins(reference.values, edges), countBins(current.values, edges)];
  }
  const [a, b] = [countsOf(reference), countsOf(current)];
  const names = [...new Set([...a.keys(), ...b.keys()])].sort();
  return [Float64Array.from(names, (name) => a.get(name) ?? 0), Float64Array.from(names, (name) => b.get(name) ?? 0)];
}

/** Inner edges between the reference's deciles, each once. @param values ascending, not empty */
function quantileEdges(values: Float64Array): number[] {
  const edges = Array.from(
    { length: QUANTILE_BINS - 1 },
    (_, k) => values[Math.floor(((k + 1) * values.length) / QUANTILE_BINS)],
  );
  return [...new Set(edges)];
}

/** How many values lie below the first edge, from each edge to the next, and from the last on. @param values ascending */
function countBins(values: Float64Array, edges: readonly number[]): Float64Array {
  const counts = new Float64Array(edges.length + 1);
  let bin = 0;
  for (const value of values) {
    while (bin < edges.length && value >= edges[bin]) bin++;
    counts[bin]++;
  }
  return counts;
}

function asCategories(sample: ColumnSample): boolean {
  return sample.kind === 'category' || distinctOf(sample) <= MOST_VALUES_AS_CATEGORIES;
}

function countsOf(sample: ColumnSample): ReadonlyMap<string, number> {
  if (sample.kind === 'category') return sample.counts;
  const counts = new Map<string, number>();
  const { values } = sample;
  for (let start = 0, end = 0; start < values.length; start = end) {
    while (end < values.length && values[end] === values[start]) end++;
    counts.set(String(values[start]), end - start);
  }
  return counts;
}

/** Distinct values; counted no further than it matters. */
function distinctOf(sample: ColumnSample): number {
  if (sample.kind === 'category') return sample.counts.size;
  let distinct = 0;
  for (let i = 0; i < sample.values.length && distinct <= MOST_VALUES_AS_CATEGORIES; i++) {
    if (i === 0 || sample.values[i] !== sample.values[i - 1]) distinct++;
  }
  return distinct;
}

function countOf(sample: ColumnSample): number {
  if (sample.kind === 'number') return sample.values.length;
  let count = 0;
  for (const one of sample.counts.values()) count += one;
  return count;
}

/** Of the population. */
function deviationOf(values: Float64Array): number {
  let mean = 0;
  for (const value of values) mean += value / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return Math.sqrt(squares / values.length);
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
