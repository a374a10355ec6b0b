import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import { createSketch, SKETCH_RANK_ERROR } from '../../src/monitor/sketch.ts';

const SHARES = [0.001, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999];

/** The largest distance between the share asked for and the share of the values up to the answer. */
function worstError(sorted: Float64Array, quantile: (share: number) => number): number {
  return Math.max(
    ...SHARES.map((share) => {
      const value = quantile(share);
      let [below, upTo] = [0, 0];
      for (const one of sorted) {
        if (one < value) below++;
        if (one <= value) upTo++;
      }
      // with ties any share between the two is right
      return Math.max(0, below / sorted.length - share, share - upTo / sorted.length);
    }),
  );
}

const DRAWS = {
  normals: (seed: number, rows: number) => {
    const random = createRandom(seed);
    return Float64Array.from({ length: rows }, () => 2020 + random.normal());
  },
  'whole numbers with ties': (seed: number, rows: number) => {
    const random = createRandom(seed);
    return Float64Array.from({ length: rows }, () => random.below(12));
  },
  'heavy tails': (seed: number, rows: number) => {
    const random = createRandom(seed);
    return Float64Array.from({ length: rows }, () => Math.exp(4 * random.normal()));
  },
  'rising values': (_: number, rows: number) => Float64Array.from({ length: rows }, (_, i) => i),
};

describe.each(Object.entries(DRAWS))('a sketch of %s', (_, draw) => {
  const values = draw(1, 60_000);
  const sorted = values.slice().sort();

  it('tells quantiles within its stated error, and count, least and greatest exactly', () => {
    const sketch = createSketch(1);
    for (const value of values) sketch.add(value);
    expect(worstError(sorted, sketch.quantile)).toBeLessThan(SKETCH_RANK_ERROR);
    expect(sketch.state()).toMatchObject({ count: 60_000, min: sorted[0], max: sorted.at(-1) });
    expect(Math.abs(sketch.rank(sorted[15_000]) - sorted.findLastIndex((v) => v <= sorted[15_000]) / 60_000)).toBeLessThan(SKETCH_RANK_ERROR); // prettier-ignore
  });

  it('is as good when it is merged from parts that went through JSON', () => {
    const merged = createSketch(2);
    for (let part = 0; part < 9; part++) {
      const sketch = createSketch(part);
      for (let i = part; i < values.length; i += 9) sketch.add(values[i]);
      merged.merge(JSON.parse(JSON.stringify(sketch.state())));
    }
    expect(worstError(sorted, merged.quantile)).toBeLessThan(SKETCH_RANK_ERROR);
    expect(merged.state()).toMatchObject({ count: 60_000, min: sorted[0], max: sorted.at(-1) });
    const weights = merged.state().levels.reduce((sum, level, k) => sum + level.length * 2 ** k, 0);
    expect(weights).toBe(60_000);
  });
});

it('a sketch stays small whatever it sees', () => {
  const sketch = createSketch(1);
  for (let i = 0; i < 1_000_000; i++) sketch.add(i % 9973);
  expect(sketch.state().levels.flat().length).toBeLessThan(2000);
});

it('an empty sketch has no quantile, one of few values has them exactly', () => {
  const sketch = createSketch(1);
  expect(sketch.quantile(0.5)).toBeNaN();
  expect(sketch.rank(1)).toBeNaN();
  sketch.merge(createSketch(2).state());
  for (const value of [3, NaN, 1, 2]) sketch.add(value);
  expect([0, 0.2, 0.5, 0.9, 1].map(sketch.quantile)).toEqual([1, 1, 2, 3, 3]);
  expect([...sketch.sample(10)]).toEqual([1, 2, 3]);
});
