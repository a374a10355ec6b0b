// Rows that come more than once.

import { type Column, isNumeric } from '../data/table.ts';

/**
 * How many rows equal an earlier one in every column. Told by 53 bits of a hash, so that a million rows take 8 MB; that two
 * different ones among a million share theirs has a chance of 1 in 18,000.
 */
export function countDuplicates(columns: readonly Column[], rows: number): number {
  if (columns.length === 0) return 0;
  const hashes = new Float64Array(rows);
  const bits = new Float64Array(1);
  const halves = new Uint32Array(bits.buffer);
  const values = columns.map((column) => (isNumeric(column) ? column.values : column.codes));
  for (let i = 0; i < rows; i++) {
    let [high, low] = [0x9e3779b9, 0x85ebca6b];
    for (const own of values) {
      bits[0] = own[i];
      high = Math.imul(high ^ halves[1], 0x2c1b3c6d) + halves[0];
      high ^= high >>> 15;
      low = Math.imul(low ^ halves[0], 0x297a2d39) + high;
      low ^= low >>> 13;
    }
    hashes[i] = (high >>> 11) * 2 ** 32 + (low >>> 0);
  }
  hashes.sort();
  let duplicates = 0;
  for (let i = 1; i < rows; i++) if (hashes[i] === hashes[i - 1]) duplicates++;
  return duplicates;
}
