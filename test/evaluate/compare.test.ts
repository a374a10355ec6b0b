import { describe, expect, it } from 'vitest';
import { bootstrap, findFlips, mcNemar } from '../../src/evaluate/compare.ts';

describe('McNemar’s exact test', () => {
  // p-values of scipy.stats.binomtest(least, least + most).pvalue
  it.each([
    [0, 0, 1],
    [3, 3, 1],
    [0, 1, 1],
    [1, 9, 0.021484375],
    [0, 10, 0.001953125],
    [7, 20, 0.0191572904586792],
    [400, 500, 0.0009564441369189373],
  ])('of %d and %d rows that one model alone has right', (onlyFirst, onlySecond, p) => {
    const first = [...Array(onlyFirst).fill(1), ...Array(onlySecond).fill(0), 1, 0];
    const second = [...Array(onlyFirst).fill(0), ...Array(onlySecond).fill(1), 1, 0];
    const result = mcNemar(first, second);
    expect(result).toMatchObject({ onlyFirst, onlySecond });
    expect(Math.abs(result.pValue - p)).toBeLessThan(1e-9);
  });
});

describe('a bootstrap', () => {
  it('has about the interval of the normal distribution for a mean, and repeats with its seed', () => {
    const values = Float64Array.from({ length: 400 }, (_, i) => i % 2);
    const mean = (rows: Int32Array) => rows.reduce((sum, row) => sum + values[row], 0) / rows.length;
    const interval = bootstrap(400, mean, 1);
    expect(interval.value).toBe(0.5);
    expect(interval.low).toBeCloseTo(0.5 - 1.96 * 0.025, 2);
    expect(interval.high).toBeCloseTo(0.5 + 1.96 * 0.025, 2);
    expect(bootstrap(400, mean, 1)).toEqual(interval);
  });

  it('of one row, or of a figure that is not defined, has no width and no number', () => {
    expect(bootstrap(1, () => 3, 1)).toEqual({ value: 3, low: 3, high: 3 });
    expect(bootstrap(2, () => NaN, 1)).toEqual({ value: NaN, low: NaN, high: NaN });
  });
});

it('finds the rows whose prediction flipped, those that became wrong first', () => {
  const flips = findFlips([0, 1, 2, 0, 1], [0, 2, 1, 1, 0], [0, 2, 2, 2, 0]);
  expect(flips.map(({ row }) => row)).toEqual([2, 1, 4, 3]);
  expect(findFlips([0, 1], [1, 1], null)).toEqual([{ row: 0, first: 0, second: 1, actual: -1 }]);
});
