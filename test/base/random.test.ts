import { expect, test } from 'vitest';
import { createRandom, shuffle } from '../../src/base/random.ts';

test('the same seed gives the same numbers and another seed others', () => {
  const draw = (seed: number) => Array.from({ length: 5 }, createRandom(seed).next);
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

test('a uniform has mean 1/2 and variance 1/12, a normal 0 and 1', () => {
  const random = createRandom(1);
  const moments = (f: () => number) => {
    const values = Array.from({ length: 100_000 }, f);
    const mean = values.reduce((a, b) => a + b) / values.length;
    return [mean, values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length];
  };
  const [mean, variance] = moments(random.next);
  expect(mean).toBeCloseTo(1 / 2, 2);
  expect(variance).toBeCloseTo(1 / 12, 2);
  const [normalMean, normalVariance] = moments(random.normal);
  expect(normalMean).toBeCloseTo(0, 1);
  expect(normalVariance).toBeCloseTo(1, 1);
});

test('a shuffle keeps every item', () => {
  const items = Int32Array.from({ length: 100 }, (_, i) => i);
  const shuffled = shuffle(items.slice(), createRandom(3));
  expect(shuffled).not.toEqual(items);
  expect(shuffled.slice().sort()).toEqual(items);
});
