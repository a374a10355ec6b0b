// Tests and distances against SciPy (golden/statistics.py), to 1e-9.

import { describe, expect, it } from 'vitest';
import {
  adjustHolm,
  chiSquaredTest,
  hellinger,
  jensenShannon,
  populationStability,
  proportionTest,
  wasserstein,
} from '../../src/monitor/distances.ts';
import { kolmogorovSf, ksTwoSample } from '../../src/monitor/kolmogorov.ts';
import { fisherTest, testCounts } from '../../src/monitor/sparse.ts';
import * as special from '../../src/monitor/special.ts';
import golden from './golden/statistics.json' with { type: 'json' };

/** The samples of golden/statistics.py. */
function draw(seed: number, count: number, shift: number, digits: number): Float64Array {
  let state = seed;
  const values = Float64Array.from({ length: count }, () => {
    state = Number((BigInt(state) * 1664525n + 1013904223n) % 4294967296n);
    return roundEven((state / 2 ** 32) * 10 ** digits) / 10 ** digits + shift;
  });
  return values.sort();
}

function roundEven(value: number): number {
  const rounded = Math.round(value);
  return value % 1 === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}

const close = (value: number, expected: number) => expect(Math.abs(value - expected)).toBeLessThanOrEqual(1e-9);

describe('the test of Kolmogorov and Smirnov equals SciPy', () => {
  it.each(golden.ks)('for $n and $m values, shift $shift, $digits digits', ({ n, m, shift, digits, statistic, p }) => {
    const result = ksTwoSample(draw(1, n, 0, digits), draw(2, m, shift, digits));
    close(result.statistic, statistic);
    close(result.pValue, p);
  });

  it('in the distribution of its statistic, from one value to half a million', () => {
    for (const { d, n, p } of golden.kstwo) close(kolmogorovSf(d, n), p);
  });

  it('refuses an empty sample', () => {
    expect(() => ksTwoSample([], [1])).toThrow(RangeError);
  });
});

describe('distances equal SciPy', () => {
  it.each(golden.wasserstein)('Wasserstein, $n and $m, shift $shift, $digits digits', (given) => {
    const { n, m, shift, digits, distance } = given;
    close(wasserstein(draw(1, n, 0, digits), draw(2, m, shift, digits)), distance);
  });

  it.each(golden.chiSquared)('chi-squared, $first and $second', ({ first, second, statistic, p }) => {
    close(chiSquaredTest(first, second).statistic, statistic);
    close(chiSquaredTest(first, second).pValue, p);
  });

  it.each(golden.jensenShannon)('Jensen-Shannon, $first and $second', ({ first, second, distance }) => {
    close(jensenShannon(first, second), distance);
  });

  it.each(golden.proportions)('two shares, $hits of $of and $otherHits of $otherOf', (given) => {
    const result = proportionTest(given.hits, given.of, given.otherHits, given.otherOf);
    close(result.statistic ** 2, given.zSquared);
    close(result.pValue, given.p);
  });

  it.each(golden.fisher)('Fisher’s exact test, $hits of $of and $otherHits of $otherOf', (given) => {
    close(fisherTest(given.hits, given.of, given.otherHits, given.otherOf).pValue, given.p);
  });

  it('and the special functions behind them, to a relative 1e-11', () => {
    for (const { name, args, value } of golden.special) {
      const result = (special as unknown as Record<string, (...args: number[]) => number>)[name](...args);
      expect(Math.abs(result - value)).toBeLessThanOrEqual(1e-11 * Math.abs(value) + 1e-14 * Number(value === 0));
    }
  });
});

describe('counts of which some are few', () => {
  it('are tested as SciPy does where each is expected five times', () => {
    expect(testCounts([10, 20, 30], [12, 18, 33])).toEqual(chiSquaredTest([10, 20, 30], [12, 18, 33]));
  });

  it('are taken together from the rarest on, whichever set they are in; of bins neighbours are', () => {
    const [first, second] = [[6, 100, 1, 20, 4, 3], [0, 50, 2, 10, 0, 1]]; // prettier-ignore
    // the smaller set is a third: 15 rows of both are wanted; 3, 4, 4 and 6 make 17
    const rarest = chiSquaredTest([14, 20, 100], [3, 10, 50]);
    expect(testCounts(first, second)).toEqual(rarest);
    expect(testCounts(second, first).pValue).toBeCloseTo(rarest.pValue, 12);
    expect(testCounts(first, second, true)).toEqual(proportionTest(106, 134, 50, 63));
  });

  it('are two groups at least, tested exactly where one is rare', () => {
    expect(testCounts([3, 2, 1], [1, 1, 1]).pValue).toBe(fisherTest(3, 6, 2, 3).pValue);
    expect(testCounts([5], [9]).pValue).toBe(1);
    expect(testCounts([3, 0], [0, 3]).pValue).toBeCloseTo(0.1, 12);
  });
});

describe('by their formula', () => {
  const first = [50, 30, 20];
  const second = [20, 30, 50];

  it('the population stability index of a worked example', () => {
    close(populationStability(first, second), (0.2 - 0.5) * Math.log(0.2 / 0.5) + (0.5 - 0.2) * Math.log(0.5 / 0.2));
    close(populationStability([99, 0], [99, 1]), (0.99 - 1) * Math.log(0.99) + (0.01 - 1e-4) * Math.log(100));
    close(populationStability([1, 0, 3], [1, 0, 3]), 0);
  });

  it("Hellinger's distance, from nothing to everything", () => {
    close(hellinger(first, second), Math.sqrt(1 - (2 * Math.sqrt(0.1) + 0.3)));
    close(hellinger([1, 0], [0, 1]), 1);
    close(hellinger(first, first), 0);
  });

  it("Holm's adjustment", () => {
    expect(adjustHolm([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06]);
    expect(adjustHolm([0.6, 0.7])).toEqual([1, 1]);
    expect(adjustHolm([])).toEqual([]);
  });

  it('what is nothing but chance, or cannot be told, is p = 1', () => {
    expect(chiSquaredTest([5], [9]).pValue).toBe(1);
    expect(chiSquaredTest([0, 0], [3, 4]).pValue).toBe(1);
    expect(proportionTest(0, 5, 0, 7).pValue).toBe(1);
  });
});
