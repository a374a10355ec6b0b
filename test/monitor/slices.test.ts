import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import type { Column } from '../../src/data/table.ts';
import { findWorseSlices, findWorstSlices, inSlice } from '../../src/monitor/slices.ts';

const ROWS = 400;
const random = createRandom(3);
const region: Column = {
  name: 'region',
  type: 'category',
  codes: Int32Array.from({ length: ROWS }, () => random.below(3)),
  categories: ['north', 'south', 'west'],
};
const age: Column = {
  name: 'age',
  type: 'number',
  values: Float64Array.from({ length: ROWS }, () => random.below(80)),
};
const columns = [region, age];
const isNorth = (row: number) => region.codes[row] === 0;
const conditionsOf = ({ conditions }: { conditions: unknown }) => conditions;
const NORTH = [{ column: 'region', kind: 'category', category: 'north' }];

describe('the parts on which a second model is worse than a first', () => {
  it('come with how much worse, its interval, and the rows', () => {
    // in the north the second has a third of the rows wrong that the first has right; elsewhere as many each way
    const differences = Float64Array.from({ length: ROWS }, (_, i) => (isNorth(i) ? Number(i % 3 === 0) : (i % 3) - 1));
    const [worst] = findWorseSlices(columns, differences);
    const north = Array.from(differences).filter((_, i) => isNorth(i));
    const mean = north.reduce((sum, value) => sum + value, 0) / north.length;
    const error = Math.sqrt((mean * (1 - mean)) / (north.length - 1));
    expect(worst).toMatchObject({ conditions: NORTH, rows: north.length });
    expect(worst.difference.value).toBeCloseTo(mean, 12);
    expect(worst.difference.high - mean).toBeCloseTo(1.959964 * error, 6);
    expect(worst.pValue).toBeLessThan(1e-6);
  });

  it('are found where all are equally worse, and are none where none is', () => {
    const all = findWorseSlices(columns, new Float64Array(ROWS).fill(0.2));
    expect(all.length).toBeGreaterThan(0);
    for (const { difference, pValue } of all) {
      expect(difference.value).toBeCloseTo(0.2, 12);
      expect(pValue).toBe(0);
    }
    expect(findWorseSlices(columns, new Float64Array(ROWS))).toEqual([]);
    expect(findWorseSlices(columns, new Float64Array(ROWS).fill(-0.1))).toEqual([]);
  });

  it('have as many rows as are asked for at least', () => {
    const differences = Float64Array.from({ length: ROWS }, (_, i) => Number(isNorth(i)));
    expect(findWorseSlices(columns, differences, { leastRows: 200 }).map(conditionsOf)).not.toContainEqual(NORTH);
  });
});

describe('the parts on which a model does worst', () => {
  it('are held against all other rows, and know their rows', () => {
    const loss = Float64Array.from({ length: ROWS }, (_, i) => Number(isNorth(i) ? i % 2 === 0 : i % 10 === 0));
    const [worst] = findWorstSlices(columns, loss);
    expect(worst.conditions).toEqual(NORTH);
    const rows = Array.from({ length: ROWS }, (_, row) => row).filter((row) => inSlice(worst, columns, row));
    expect(rows).toEqual(Array.from({ length: ROWS }, (_, row) => row).filter(isNorth));
    expect(worst.rows).toBe(rows.length);
  });

  it('are none where the loss has nothing to do with the columns', () => {
    expect(
      findWorstSlices(
        columns,
        Float64Array.from({ length: ROWS }, (_, i) => Number(i % 4 === 0)),
      ),
    ).toEqual([]);
  });
});
