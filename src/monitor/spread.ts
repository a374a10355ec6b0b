// How much each figure varies by chance where nothing has changed: the held-out rows of the reference, dealt into chunks,
// each examined as a batch would be. Rules by deviations ask for it.

import { takeRows } from '../data/rows.ts';
import type { Table } from '../data/table.ts';
import { createRandom, shuffle } from '../base/random.ts';
import { examineBatch } from './batch.ts';
import type { BatchOutputs } from './outputs.ts';
import type { ReferenceProfile } from './reference.ts';
import { figureKey, type Spread } from './rules.ts';
import { takeOutputs } from './takeOutputs.ts';

/** NannyML's number of chunks; fewer where they would be smaller than this. */
const CHUNKS = 10;
const LEAST_CHUNK_ROWS = 30;
const MOST_CHUNK_ROWS = 500;

export interface ReferenceSpread {
  /** rows of each chunk */
  rows: number;
  chunks: number;
  /** by `figureKey`: of a chunk of so many rows */
  figures: Record<string, Spread>;
}

/**
 * @param table the held-out rows alone
 * @param outputs what the version says of them, with what is true
 * @returns null where the rows are too few for two chunks
 */
export function spreadOf(
  reference: ReferenceProfile,
  table: Table,
  outputs: BatchOutputs,
  seed: number,
): ReferenceSpread | null {
  const chunks = Math.min(CHUNKS, Math.floor(table.rows / LEAST_CHUNK_ROWS));
  if (chunks < 2) return null;
  const order = Array.from({ length: table.rows }, (_, i) => i);
  shuffle(order, createRandom(seed));
  const rows = Math.min(MOST_CHUNK_ROWS, Math.floor(table.rows / chunks));
  const values = new Map<string, number[]>();
  for (let c = 0; c < chunks; c++) {
    const index = Int32Array.from(order.slice(c * rows, (c + 1) * rows)).sort();
    const batch = { rows, columns: takeRows(table, index).columns, outputs: takeOutputs(outputs, table.rows, index) };
    for (const figure of examineBatch(reference, batch, { seed, several: false }).figures) {
      const key = figureKey(figure);
      const own = values.get(key);
      if (own) own.push(figure.value);
      else values.set(key, [figure.value]);
    }
  }
  return { rows, chunks, figures: Object.fromEntries([...values].map(([key, own]) => [key, meanAndDeviation(own)])) };
}

/**
 * The spread of a batch of so many rows: the deviation of a mean falls with the root of the rows, and no share of rows is
 * surer than so many draws of it (Laplace's rule where the reference has none).
 */
export function spreadFor({ rows, chunks, figures }: ReferenceSpread, batchRows: number): Map<string, Spread> {
  return new Map(
    Object.entries(figures).map(([key, { mean, std }]) => {
      const scaled = std * Math.sqrt(rows / batchRows);
      if (!SHARE.test(key)) return [key, { mean, std: scaled }];
      const share = (mean * rows * chunks + 1) / (rows * chunks + 2);
      return [key, { mean, std: Math.max(scaled, Math.sqrt((share * (1 - share)) / batchRows)) }];
    }),
  );
}

/** Figures that are shares of the batch's rows. */
const SHARE = /^lathe_(column_(missing|out_of_range|unseen)|duplicate_rows|prediction)_ratio/;

/** The sample's deviation. */
function meanAndDeviation(values: readonly number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, std: Math.sqrt(squares / Math.max(1, values.length - 1)) };
}
