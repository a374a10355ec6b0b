import { describe, expect, it } from 'vitest';
import { findFlips, findMoves, mcNemar } from '../../src/evaluate/compare.ts';

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

describe('the rows whose prediction flipped', () => {
  it('are those that became wrong, then those that became right, then the rest', () => {
    const flips = findFlips([0, 1, 2, 0, 1, 0], [0, 2, 1, 1, 0, 1], [0, 2, 2, 2, 0, -1]);
    expect(flips).toEqual([
      { row: 2, kind: 'broken' },
      { row: 1, kind: 'fixed' },
      { row: 4, kind: 'fixed' },
      { row: 3, kind: 'bothWrong' },
      { row: 5, kind: 'moved' },
    ]);
  });

  it('of values are those that moved, the furthest first', () => {
    expect(findMoves([1, 2, 3, 4], [1.5, 2, 1, 4.5]).map(({ row }) => row)).toEqual([2, 0, 3]);
  });
});
