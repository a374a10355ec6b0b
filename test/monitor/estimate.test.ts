import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import { BOOST_DEFAULTS, fitBoosted, predictBoosted, splitCounts } from '../../src/monitor/boost.ts';
import {
  calibrate,
  calibrateRows,
  estimateClasses,
  estimateValues,
  fitCalibrator,
  fitClassCalibrators,
  fitLossModel,
} from '../../src/monitor/estimate.ts';
import golden from './golden/estimate.json' with { type: 'json' };

describe('a calibrator', () => {
  it.each(golden.isotonic.map((given) => [given.scores.length, given] as const))(
    'of %d scores is scikit-learn’s isotonic regression',
    (_, { scores, hits, at, shares }) => {
      const calibrator = fitCalibrator(scores, hits);
      at.forEach((score, i) => expect(calibrate(calibrator, score)).toBeCloseTo(shares[i], 12));
    },
  );

  it('gives rows that sum to 1, and equal shares where no class is ever right', () => {
    const calibrators = fitClassCalibrators([0.6, 0.4, 0.6, 0.4], [1, 1], 2);
    expect([...calibrateRows(calibrators, [0.6, 0.4])]).toEqual([0, 1]);
    const never = [fitCalibrator([0.5], [0]), fitCalibrator([0.5], [0])];
    expect([...calibrateRows(never, [0.5, 0.5])]).toEqual([0.5, 0.5]);
  });
});

describe('CBPE', () => {
  it('equals its definition on a worked example of two classes', () => {
    // three rows called positive with 0.9, 0.8 and 0.6, two called negative with 0.3 and 0.1
    const positive = [0.9, 0.8, 0.6, 0.3, 0.1];
    const estimate = estimateClasses(
      positive.flatMap((p) => [1 - p, p]),
      [1, 1, 1, 0, 0],
      2,
    );
    const [tp, fp, fn, tn] = [2.3, 0.7, 0.4, 1.6];
    expect(estimate.accuracy).toBeCloseTo((tp + tn) / 5, 12);
    expect(estimate.metrics.precision).toBeCloseTo(tp / (tp + fp), 12);
    expect(estimate.metrics.recall).toBeCloseTo(tp / (tp + fn), 12);
    expect(estimate.metrics.f1).toBeCloseTo((2 * tp) / (2 * tp + fp + fn), 12);
    expect(estimate.confusion.flat().map((count) => Number(count.toFixed(12)))).toEqual([tn, fp, fn, tp]);
    expect(estimate.standardError).toBeCloseTo(Math.sqrt(0.09 + 0.16 + 0.24 + 0.21 + 0.09) / 5, 12);
  });

  it('foresees the accuracy of three classes where the inputs move and the probabilities are right', () => {
    const random = createRandom(3);
    const draw = (rows: number, sharpness: number) => {
      const probabilities = new Float64Array(rows * 3);
      const actual = new Int32Array(rows);
      const predicted = new Int32Array(rows);
      for (let i = 0; i < rows; i++) {
        const weights = [0, 1, 2].map(() => Math.exp(sharpness * random.normal()));
        const sum = weights.reduce((a, b) => a + b);
        const shares = weights.map((weight) => weight / sum);
        probabilities.set(shares, i * 3);
        predicted[i] = shares.indexOf(Math.max(...shares));
        const u = random.next();
        actual[i] = u < shares[0] ? 0 : u < shares[0] + shares[1] ? 1 : 2;
      }
      return { probabilities, actual, predicted };
    };
    const reference = draw(4000, 2);
    const calibrators = fitClassCalibrators(reference.probabilities, reference.actual, 3);
    for (const sharpness of [0.7, 1.5, 2, 3]) {
      const batch = draw(4000, sharpness);
      const estimate = estimateClasses(calibrateRows(calibrators, batch.probabilities), batch.predicted, 3);
      const truth = batch.actual.filter((c, i) => c === batch.predicted[i]).length / 4000;
      expect(Math.abs(estimate.accuracy - truth)).toBeLessThan(0.02);
    }
  });
});

describe('boosted trees', () => {
  const { x, y, label, r2, auc } = golden.boosted;
  const part = (from: number, to: number) => x.map((column) => Float64Array.from(column.slice(from, to)));

  it('explain a number about as well as scikit-learn’s', () => {
    const model = fitBoosted(part(0, 800), y.slice(0, 800), { ...BOOST_DEFAULTS, loss: 'squares' });
    const predicted = predictBoosted(model, part(800, 1200));
    const actual = y.slice(800);
    const mean = actual.reduce((a, b) => a + b) / actual.length;
    const left = actual.reduce((sum, value, i) => sum + (value - predicted[i]) ** 2, 0);
    const all = actual.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    expect(1 - left / all).toBeGreaterThan(r2 - 0.02);
    const splits = splitCounts(model);
    expect(splits[3]).toBeLessThan(splits[0]); // the last column says nothing of the target
  });

  it('tell two classes apart about as well as scikit-learn’s', () => {
    const model = fitBoosted(part(0, 800), label.slice(0, 800), { ...BOOST_DEFAULTS, loss: 'logistic' });
    const scores = predictBoosted(model, part(800, 1200));
    const hits = label.slice(800);
    expect(areaUnderRoc(scores, hits)).toBeGreaterThan(auc - 0.015);
    expect(scores.every((score) => score > 0 && score < 1)).toBe(true);
  });

  it('take missing values, one row, and a column of one value', () => {
    const options = { ...BOOST_DEFAULTS, loss: 'squares' as const, leafRows: 1 };
    const missing = Float64Array.from({ length: 40 }, (_, i) => (i % 2 ? NaN : i));
    const model = fitBoosted(
      [missing, new Float64Array(40).fill(7)],
      Array.from({ length: 40 }, (_, i) => i % 2),
      options,
    );
    expect(predictBoosted(model, [Float64Array.of(NaN), Float64Array.of(7)])[0]).toBeGreaterThan(0.9);
    expect(predictBoosted(fitBoosted([Float64Array.of(1)], [5], options), [Float64Array.of(1)])[0]).toBe(5);
  });
});

it('DLE foresees a mean absolute error that changes with the inputs', () => {
  const random = createRandom(5);
  const draw = (rows: number, from: number, to: number) => {
    const column = Float64Array.from({ length: rows }, () => from + (to - from) * random.next());
    const errors = column.map((value) => random.normal() * (0.1 + value));
    return { column, errors, predictions: column.map((value) => 3 * value) };
  };
  const reference = draw(3000, 0, 2);
  const model = fitLossModel([reference.column], reference.predictions, reference.errors);
  for (const [from, to] of [
    [0, 0.5],
    [1.5, 2],
  ] as const) {
    const batch = draw(3000, from, to);
    const mae = batch.errors.reduce((sum, error) => sum + Math.abs(error), 0) / 3000;
    const { metrics } = estimateValues(model, [batch.column], batch.predictions);
    expect(metrics.mae).toBeGreaterThan(0.9 * mae);
    expect(metrics.mae).toBeLessThan(1.1 * mae);
    expect(metrics.rmse).toBeGreaterThan(metrics.mae);
  }
});

/** The share of pairs that are in the right order. */
function areaUnderRoc(scores: ArrayLike<number>, hits: readonly number[]): number {
  let [right, pairs] = [0, 0];
  for (let i = 0; i < hits.length; i++) {
    for (let j = 0; j < hits.length; j++) {
      if (hits[i] === 1 && hits[j] === 0) {
        pairs++;
        right += scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0;
      }
    }
  }
  return right / pairs;
}
