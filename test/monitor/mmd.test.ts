import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import { embed, embeddingDrift, LEAST_EMBEDDED } from '../../src/monitor/embeddings.ts';
import { compareSamples } from '../../src/monitor/mmd.ts';

interface Case {
  first: number[][];
  second: number[][];
  bandwidth: number;
  squared: number;
  /** of every split */
  pValue?: number;
}
const cases = JSON.parse(readFileSync(new URL('golden/mmd.json', import.meta.url), 'utf8')) as Case[];

it.each(
  cases.map(
    (each) => [`${each.first.length} and ${each.second.length} points of ${each.first[0].length}`, each] as const,
  ),
)(
  'the discrepancy of %s equals its definition, and its p-value that of every split',
  (_, { first, second, bandwidth, squared, pValue }) => {
    const [a, b] = [first, second].map((points) => Float32Array.from(points.flat()));
    const permutations = pValue === undefined ? 99 : 20_000;
    const found = compareSamples(a, b, first[0].length, { permutations, random: createRandom(1) });
    expect(Math.abs(found.squared - squared)).toBeLessThan(1e-12);
    expect(Math.abs(found.bandwidth - bandwidth)).toBeLessThan(1e-12);
    const deviation = Math.sqrt(((pValue ?? 0) * (1 - (pValue ?? 0))) / permutations);
    if (pValue !== undefined) expect(Math.abs(found.pValue - pValue)).toBeLessThan(4 * deviation + 1 / permutations);
  },
);

it('points that are all one tell nothing', () => {
  const same = new Float32Array(40);
  expect(compareSamples(same, same, 2, { random: createRandom(1) })).toEqual({ squared: 0, pValue: 1, bandwidth: 0 });
});

/** @param shift of the first 30 of 300 numbers */
function outputs(count: number, seed: number, shift = 0): Float32Array[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => Float32Array.from({ length: 300 }, (_, k) => Math.max(0, random.normal() + (k < 30 ? shift : 0)))); // prettier-ignore
}

it('wide embeddings keep their distances in 64 numbers, narrow ones are kept as they are', () => {
  const wide = outputs(12, 1);
  const { points, width } = embed(wide);
  expect(width).toBe(64);
  for (let i = 1; i < 12; i++) {
    const before = Math.hypot(...wide[i].map((value, k) => value - wide[0][k]));
    const after = Math.hypot(...points.subarray(64 * i, 64 * (i + 1)).map((value, k) => value - points[k]));
    expect(Math.abs(after / before - 1)).toBeLessThan(0.4); // four times 1 / sqrt(2 * 64) or so
  }
  expect(embed([Float32Array.of(1, 2), Float32Array.of(3, 4)])).toEqual({
    points: Float32Array.of(1, 2, 3, 4),
    width: 2,
  });
});

it('embeddings that shift are found, and of those that do not about one in twenty', () => {
  const reference = embed(outputs(80, 1));
  const of = (count: number, seed: number, shift = 0) =>
    embeddingDrift(reference, embed(outputs(count, seed, shift)), seed);
  const alarms = Array.from({ length: 100 }, (_, i) => of(40, 100 + i)!.pValue <= 0.05).filter(Boolean).length;
  expect(alarms).toBeLessThanOrEqual(13); // 99.9 % of binomial draws of 100 at 0.05 (one reference shared by all)
  expect(of(40, 7, 1)).toMatchObject({ pValue: 0.001, rows: [80, 40] });
  expect(of(LEAST_EMBEDDED - 1, 7, 1)).toBeNull();
});
