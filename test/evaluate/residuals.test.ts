import { expect, test } from 'vitest';
import { MAX_SAMPLE, sampleResiduals } from '../../src/evaluate/residuals.ts';

test('a sample of many rows is spread over all of them, and the histogram counts every row', () => {
  const rows = 10_001;
  const actual = Float64Array.from({ length: rows }, (_, row) => row);
  const residuals = sampleResiduals(
    actual,
    actual.map((value) => value - Math.sin(value)),
  );
  expect(residuals.actual).toHaveLength(MAX_SAMPLE);
  expect(residuals.actual[0]).toBe(0);
  expect(residuals.actual.at(-1)).toBeGreaterThan(rows * 0.999);
  expect(new Set(residuals.actual).size).toBe(MAX_SAMPLE);
  expect(residuals.predicted[1]).toBe(residuals.actual[1] - Math.sin(residuals.actual[1]));
  const { edges, counts } = residuals.histogram;
  expect(edges).toHaveLength(counts.length + 1);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(rows);
});

test('equal residuals stand in one bin, however large they are', () => {
  for (const size of [0, 1, 1e20]) {
    const { edges, counts } = sampleResiduals(Float64Array.of(size, size), Float64Array.of(0, 0)).histogram;
    expect(counts).toEqual([0, 2]);
    expect(edges[0]).toBeLessThan(size);
    expect(edges.at(-1)).toBeGreaterThan(size);
  }
});
