// What a column looks like at a glance: counts, range, the commonest values, a histogram.

import { medianOf } from './prepare.ts';
import { type ColumnType, isNumeric, type LabelColumn, type NumericColumn, type Table } from './table.ts';

export interface ColumnProfile {
  name: string;
  type: ColumnType;
  missing: number;
  /** distinct values, the missing not counted */
  distinct: number;
  /** numeric only */
  numeric?: {
    min: number;
    max: number;
    mean: number;
    std: number;
    median: number;
    histogram: { edges: number[]; counts: number[] };
  };
  /** the commonest at most 20 values of a column of labels */
  top?: { value: string; count: number }[];
}

const HISTOGRAM_BINS = 20;
const TOP_VALUES = 20;

/** Profiles every column. The median is exact, the standard deviation that of the population. */
export function profileTable(table: Table): ColumnProfile[] {
  return table.columns.map((column) => (isNumeric(column) ? profileNumbers(column) : profileLabels(column)));
}

function profileNumbers({ name, type, values }: NumericColumn): ColumnProfile {
  const sorted = values.slice().sort(); // NaN last
  let end = sorted.length;
  while (end > 0 && Number.isNaN(sorted[end - 1])) end--;
  const present = sorted.subarray(0, end);
  const missing = values.length - end;
  if (end === 0) return { name, type, missing, distinct: 0 };
  let distinct = 0;
  let sum = 0;
  for (let i = 0; i < end; i++) {
    if (i === 0 || present[i] !== present[i - 1]) distinct++;
    sum += present[i];
  }
  const mean = sum / end;
  let squares = 0;
  for (let i = 0; i < end; i++) squares += (present[i] - mean) ** 2;
  const numeric = {
    min: present[0],
    max: present[end - 1],
    mean,
    std: Math.sqrt(squares / end),
    median: medianOf(present),
    histogram: histogramOf(present, distinct),
  };
  return { name, type, missing, distinct, numeric };
}

/** @param sorted ascending, not empty. Bins are half open, the last one closed; a single value has one bin around it. */
function histogramOf(sorted: Float64Array, distinct: number): { edges: number[]; counts: number[] } {
  const min = sorted[0];
  const max = sorted[sorted.length - 1];
  if (!(max > min)) return { edges: [min - 0.5, min + 0.5], counts: [sorted.length] };
  const bins = Math.min(HISTOGRAM_BINS, Math.max(distinct, 2));
  const edges = Array.from({ length: bins + 1 }, (_, i) => (i === bins ? max : min + (max - min) * (i / bins)));
  const counts = new Array<number>(bins).fill(0);
  let bin = 0;
  for (const value of sorted) {
    while (bin < bins - 1 && value >= edges[bin + 1]) bin++;
    counts[bin]++;
  }
  return { edges, counts };
}

function profileLabels({ name, type, codes, categories }: LabelColumn): ColumnProfile {
  const counts = new Int32Array(categories.length);
  let missing = 0;
  for (const code of codes) {
    if (code < 0) missing++;
    else counts[code]++;
  }
  let distinct = 0;
  const top: { value: string; count: number }[] = [];
  for (let code = 0; code < counts.length; code++) {
    const count = counts[code];
    if (count === 0) continue;
    distinct++;
    if (top.length === TOP_VALUES && count <= top[TOP_VALUES - 1].count) continue;
    const at = top.findIndex((entry) => entry.count < count);
    top.splice(at < 0 ? top.length : at, 0, { value: categories[code], count });
    if (top.length > TOP_VALUES) top.pop();
  }
  return { name, type, missing, distinct, top };
}
