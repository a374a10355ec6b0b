import fc from 'fast-check';
import { expect, test } from 'vitest';
import { profileTable } from '../../src/data/profile.ts';

test('a column of numbers has its figures', () => {
  const values = Float64Array.of(4, NaN, 1, 1, 10);
  const [profile] = profileTable({ rows: 5, columns: [{ name: 'x', type: 'number', values }] });
  expect(profile).toMatchObject({ name: 'x', missing: 1, distinct: 3 });
  expect(profile.numeric).toMatchObject({ min: 1, max: 10, mean: 4, median: 2.5 });
  expect(profile.numeric?.std).toBeCloseTo(Math.sqrt(54 / 4), 12);
  expect(profile.numeric?.histogram).toEqual({ edges: [1, 4, 7, 10], counts: [2, 1, 1] });
  expect([...values]).toEqual([4, NaN, 1, 1, 10]);
});

test('a histogram counts each value once, between edges that rise from the least to the greatest', () => {
  const xs = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(xs, (list) => {
      const [{ numeric }] = profileTable({
        rows: list.length,
        columns: [{ name: 'x', type: 'number', values: Float64Array.from(list) }],
      });
      const { edges, counts } = numeric!.histogram;
      expect(counts.reduce((a, b) => a + b)).toBe(list.length);
      expect(edges).toHaveLength(counts.length + 1);
      expect(edges).toEqual([...edges].sort((a, b) => a - b));
    }),
  );
});

test('a column of labels has the commonest first, at most 20', () => {
  const categories = Array.from({ length: 30 }, (_, i) => `c${i}`);
  const codes = Int32Array.from([...categories.keys(), 25, 25, 7, -1]);
  const [profile] = profileTable({ rows: codes.length, columns: [{ name: 'c', type: 'category', codes, categories }] });
  expect(profile).toMatchObject({ missing: 1, distinct: 30 });
  expect(profile.top).toHaveLength(20);
  expect(profile.top?.slice(0, 3)).toEqual([
    { value: 'c25', count: 3 },
    { value: 'c7', count: 2 },
    { value: 'c0', count: 1 },
  ]);
});

test('a column without values has none of them', () => {
  const [profile] = profileTable({ rows: 1, columns: [{ name: 'x', type: 'number', values: Float64Array.of(NaN) }] });
  expect(profile).toEqual({ name: 'x', type: 'number', missing: 1, distinct: 0 });
});
