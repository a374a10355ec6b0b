// What a column looks like at a glance: counts, range, the commonest values, a histogram.

import type { ColumnType } from './table.ts';

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
