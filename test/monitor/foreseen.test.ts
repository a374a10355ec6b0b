// CBPE on networks that were really trained, where the rows that come are others than those held out: true covariate shift
// by drawing more of some rows than of others, and rows that are changed, of which the reference knows nothing.

import { expect, it } from 'vitest';
import { createRandom, type Random } from '../../src/base/random.ts';
import { createScorer } from '../../src/infer/score.ts';
import { weightSlots } from '../../src/model/weights.ts';
import { examineBatch } from '../../src/monitor/batch.ts';
import { profileReference } from '../../src/monitor/reference.ts';
import { CLOSE, type Trust, trustOf } from '../../src/monitor/trust.ts';
import trained from './golden/trained.json' with { type: 'json' };
import { NETWORKS, readBreastCancer, readDigits, type SampleRows, watchedOf } from './sampleRows.ts';

/** of each shift */
const SEEDS = 4;

interface Outcome {
  truth: number;
  foreseen: number;
  /** 95 % interval */
  low: number;
  high: number;
  trust: Trust;
}

/** How a batch is made of the rows that come later. */
interface Shift {
  /** how likely a row is to come, by its value of a column as a standard score, and by how unsure the network is of it */
  weight?: (z: number, unsure: number) => number;
  /** what becomes of a value, given in deviations of its column; of pixels, in a quarter of white */
  change?: (random: Random) => number;
}

const COVARIATE: Shift[] = [{}, { weight: (z) => Math.exp(z) }, { weight: (z) => Math.exp(-2 * z) }, { weight: (_, unsure) => Math.exp(unsure) }]; // prettier-ignore
const CHANGED: Shift[] = [{ change: (random) => random.normal() }, { change: () => 0.5 }];

function simulate(name: keyof typeof NETWORKS, rows: SampleRows) {
  const network = NETWORKS[name];
  const data: Record<string, number[]> = trained[name];
  const weights = weightSlots(network).map(({ name: own, shape }) => ({ name: own, shape, data: Float32Array.from(data[own]) })); // prettier-ignore
  const scorer = createScorer({ network, weights, preparation: rows.preparation });
  const { labels, classes, split, columns, pixels } = rows;
  const score = (own: SampleRows['columns'], images: Uint8Array[]) => {
    const count = own[0].values.length;
    if (images.length === 0) return scorer.scoreTable({ rows: count, columns: own }, 0, count);
    return Float32Array.from(images.flatMap((image) => [...scorer.scoreImage(image)]));
  };
  const take = (index: ArrayLike<number>) => columns.map((column) => ({ ...column, values: Float64Array.from(index, (row) => column.values[row]) })); // prettier-ignore
  const images = (index: ArrayLike<number>) => (pixels.length > 0 ? Array.from(index, (row) => pixels[row]) : []);
  const heldOut = { kind: 'classes' as const, labels, probabilities: score(take(split.test), images(split.test)), actual: Int32Array.from(split.test, (row) => classes[row]) }; // prettier-ignore
  const reference = profileReference(columns, split.train, split.test, heldOut, 1);
  const pool = split.validation;
  const said = score(take(pool), images(pool));
  const unsure = Array.from(pool, (_, i) => 1 - Math.max(...said.subarray(i * labels.length, (i + 1) * labels.length)));

  return ({ weight = () => 1, change }: Shift, seed: number): Outcome => {
    const random = createRandom(seed);
    const z = standardScores(Array.from(pool, (row) => columns[seed % Math.min(3, columns.length)].values[row]));
    // so many without replacement, by their weights (Efraimidis and Spirakis 2006)
    const keys = z.map((own, i) => Math.log(1 - random.next()) / weight(own, 4 * unsure[i]));
    const index = Array.from(keys.keys()).sort((a, b) => keys[b] - keys[a]).slice(0, Math.round(0.6 * pool.length)).map((i) => pool[i]); // prettier-ignore
    const { own, shown } = change ? changed(take(index), images(index), () => change(random)) : { own: take(index), shown: images(index) }; // prettier-ignore
    const outputs = { kind: 'classes' as const, probabilities: score(own, shown), actual: Int32Array.from(index, (row) => classes[row]) }; // prettier-ignore
    const { quality, estimate, domain } = examineBatch(reference, { rows: index.length, columns: own, outputs }, { seed }); // prettier-ignore
    const trust = trustOf(split.test.length, estimate!, domain, true);
    return {
      truth: quality!.metrics.accuracy,
      foreseen: estimate!.metrics.accuracy,
      ...estimate!.intervals.accuracy,
      trust,
    };
  };
}

function changed(own: SampleRows['columns'], images: Uint8Array[], change: () => number) {
  if (images.length > 0) {
    const shown = images.map((image) => Uint8Array.from(image, (pixel) => Math.max(0, Math.min(255, pixel + 64 * change())))); // prettier-ignore
    return { own: watchedOf(shown), shown };
  }
  return {
    own: own.map((column) => {
      const spread = deviationOf([...column.values]);
      return { ...column, values: column.values.map((value) => value + spread * change()) };
    }),
    shown: [],
  };
}

function standardScores(values: readonly number[]): number[] {
  const [mean, deviation] = [meanOf(values), deviationOf(values)];
  return values.map((value) => (value - mean) / deviation);
}

function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  return Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** It keeps its word: told closely it lies within 2 points, told roughly within its interval, or it is not told. */
const isHonest = ({ truth, foreseen, low, high, trust: { reason, close } }: Outcome) =>
  reason !== null || Math.abs(truth - foreseen) <= CLOSE || (!close && truth >= low && truth <= high);

it.each([
  ['breastCancer', readBreastCancer],
  ['digits', readDigits],
] as const)('foresees the accuracy on %s under covariate shift, or says that it cannot', async (name, read) => {
  const run = simulate(name, await read());
  const seeds = Array.from({ length: SEEDS }, (_, seed) => seed);
  const drawn = COVARIATE.flatMap((shift) => seeds.map((seed) => run(shift, seed)));
  const made = CHANGED.flatMap((shift) => seeds.map((seed) => run(shift, seed)));
  const off = (outcomes: Outcome[]) => outcomes.map(({ truth, foreseen }) => Math.abs(truth - foreseen));
  console.log(
    `${name}: drawn otherwise, off by ${meanOf(off(drawn)).toFixed(4)} on average, ${Math.max(...off(drawn)).toFixed(4)} at most, interval of ${meanOf(drawn.map(({ low, high }) => high - low)).toFixed(4)}, not told ${drawn.filter(({ trust }) => trust.reason).length} of ${drawn.length}; ` +
      `changed, off by ${meanOf(off(made)).toFixed(4)}, not told ${made.filter(({ trust }) => trust.reason).length} of ${made.length}`,
  );
  // rows of the reference, otherwise drawn: it tells, and the margin of 95 % holds
  expect(drawn.filter(({ trust }) => trust.reason !== null)).toEqual([]);
  expect(drawn.filter(isHonest).length).toBeGreaterThanOrEqual(0.95 * drawn.length);
  expect(meanOf(off(drawn))).toBeLessThan(CLOSE);
  // rows as the reference has none: it says so
  expect(made.filter(isHonest)).toHaveLength(made.length);
  expect(made.filter(({ trust }) => trust.reason === 'unlike').length).toBeGreaterThanOrEqual(0.9 * made.length);
});

const estimate = (accuracy: number, low: number, high: number) => ({ metrics: { accuracy }, intervals: { accuracy: { low, high } } }); // prettier-ignore

it('is not told where a column is absent, or too few held-out rows are like those that came', () => {
  const sure = estimate(0.9, 0.89, 0.91);
  expect(trustOf(4000, sure, { auc: 0.5, overlap: 1 }, true)).toMatchObject({ reason: null });
  expect(trustOf(4000, sure, null, false).reason).toBe('absent');
  expect(trustOf(4000, sure, { auc: 0.9, overlap: 0.5 }, true).reason).toBe('unlike');
  expect(trustOf(100, sure, { auc: 0.8, overlap: 0.2 }, true)).toMatchObject({ reason: 'fewRows', heldOutRows: 20 });
});

it('is told closely where neither end of its interval is further away than 2 points', () => {
  expect(trustOf(4000, estimate(0.9, 0.885, 0.915), null, true).close).toBe(true);
  expect(trustOf(4000, estimate(0.99, 0.96, 0.995), null, true).close).toBe(false);
  expect(trustOf(50, { metrics: { mae: 3 }, intervals: { mae: { low: 2, high: 4 } } }, null, true).close).toBeNull();
});
