// How much each figure varies by chance where nothing has changed: parts of the held-out rows of the reference, each
// examined as a batch would be. Rules by deviations ask for it.

import { takeRows } from '../data/rows.ts';
import type { Table } from '../data/table.ts';
import { createRandom, shuffle } from '../base/random.ts';
import { examineBatch } from './batch.ts';
import type { BatchOutputs } from './outputs.ts';
import type { ReferenceProfile } from './reference.ts';
import { figureKey, type Spread } from './rules.ts';
import { takeOutputs } from './takeOutputs.ts';

/** Parts that are examined. They overlap where the rows are few: of two or three chunks a deviation would be a guess. */
const DRAWS = 20;
const LEAST_HELD_OUT = 60;
const MOST_ROWS = 500;

export interface ReferenceSpread {
  /** rows of each part */
  rows: number;
  chunks: number;
  /** rows that the parts were drawn from; left out: the parts were all of them */
  heldOut?: number;
  /** by `figureKey`: mean, and the deviation of a part of so many rows */
  figures: Record<string, Spread>;
}

/**
 * @param table the held-out rows alone
 * @param outputs what the version says of them, with what is true
 * @returns null where the rows are too few
 */
export function spreadOf(
  reference: ReferenceProfile,
  table: Table,
  outputs: BatchOutputs,
  seed: number,
): ReferenceSpread | null {
  if (table.rows < LEAST_HELD_OUT) return null;
  const rows = Math.min(MOST_ROWS, Math.floor(table.rows / 2));
  const random = createRandom(seed);
  const order = Array.from({ length: table.rows }, (_, i) => i);
  const values = new Map<string, number[]>();
  for (let draw = 0; draw < DRAWS; draw++) {
    const index = Int32Array.from(shuffle(order, random).slice(0, rows)).sort();
    const batch = { rows, columns: takeRows(table, index).columns, outputs: takeOutputs(outputs, table.rows, index) };
    for (const figure of examineBatch(reference, batch, { seed, several: false }).figures) {
      const key = figureKey(figure);
      const own = values.get(key);
      if (own) own.push(figure.value);
      else values.set(key, [figure.value]);
    }
  }
  // parts of some rows without replacement vary less among each other than fresh rows would
  const fresh = 1 / Math.sqrt(1 - rows / table.rows);
  const figures = [...values].map(([key, own]) => [key, meanAndDeviation(own, fresh)] as const);
  return { rows, chunks: DRAWS, heldOut: table.rows, figures: Object.fromEntries(figures) };
}

/**
 * The spread of a batch of so many rows about what the held-out rows say: the variance of a mean falls with the rows, its own
 * and theirs, and no share of rows is surer than so many draws of it (Laplace's rule where the reference has none).
 */
export function spreadFor(
  { rows, chunks, heldOut = rows * chunks, figures }: ReferenceSpread,
  batchRows: number,
): Map<string, Spread> {
  const each = 1 / batchRows + 1 / heldOut;
  return new Map(
    Object.entries(figures).map(([key, { mean, std }]) => {
      const scaled = std * Math.sqrt(rows * each);
      if (ESTIMATE.test(key)) return [key, { mean, std: Math.max(scaled, Math.sqrt((each * (heldOut + 1)) / (heldOut + 2) ** 2)) }]; // prettier-ignore
      if (!SHARE.test(key)) return [key, { mean, std: scaled }];
      const share = (mean * heldOut + 1) / (heldOut + 2);
      return [key, { mean, std: Math.max(scaled, Math.sqrt(share * (1 - share) * each)) }];
    }),
  );
}

/** Figures that are shares of the batch's rows. */
const SHARE =
  /^lathe_(column_(missing|out_of_range|unseen)_ratio|duplicate_rows_ratio|prediction_ratio|quality\{metric="accuracy"\})/;

/** It knows of the held-out rows alone what it foresees by: no surer than that a share is 1 which was 1 in all of them. */
const ESTIMATE = /^lathe_estimated_quality\{metric="accuracy"\}/;

/** The sample's deviation, times a factor. */
function meanAndDeviation(values: readonly number[], factor: number): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: factor * Math.sqrt(squares / (values.length - 1)) };
}
