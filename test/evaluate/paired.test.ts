import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import { compareFigures, type Said } from '../../src/evaluate/paired.ts';
import { evaluateClasses, evaluateValues } from '../../src/evaluate/report.ts';

/** Rows of some classes; the higher `skill`, the more often the likeliest class is the actual one. */
function classesSaid(rows: number, classes: number, skill: number, seed: number): Said & { kind: 'classes' } {
  const random = createRandom(seed);
  const truth = createRandom(99);
  const actual = Int32Array.from({ length: rows }, () => truth.below(classes));
  const probabilities = new Float32Array(rows * classes);
  for (let i = 0; i < rows; i++) {
    const scores = Array.from({ length: classes }, (_, c) => Math.round(4 * random.next()) / 4 + 0.1 + (c === actual[i] ? skill : 0)); // prettier-ignore
    const total = scores.reduce((sum, score) => sum + score, 0);
    scores.forEach((score, c) => (probabilities[i * classes + c] = score / total));
  }
  return { kind: 'classes', classes, actual, probabilities };
}

function valuesSaid(rows: number, noise: number, seed: number): Said & { kind: 'value' } {
  const [truth, random] = [createRandom(7), createRandom(seed)];
  const actual = Float64Array.from({ length: rows }, () => 1000 + 5 * truth.normal());
  return { kind: 'value', actual, predicted: Float32Array.from(actual, (value) => value + noise * random.normal()) };
}

describe('the figures of two models on the same rows', () => {
  it.each([2, 4])('of %d classes are those of the evaluation, curves and all', (classes) => {
    const pair = [classesSaid(90, classes, 0.3, 1), classesSaid(90, classes, 0.8, 2)];
    const figures = compareFigures(pair[0], pair[1], 1);
    const evaluated = pair.map(({ actual, probabilities }) => {
      const labels = Array.from({ length: classes }, (_, c) => `c${c}`);
      return evaluateClasses({ labels, actual, probabilities, dummyShares: labels.map(() => 1 / classes) }).metrics;
    });
    expect(figures.map(({ metric }) => metric).sort()).toEqual(Object.keys(evaluated[0]).sort());
    for (const { metric, first, second, difference } of figures) {
      expect(first.value).toBeCloseTo(evaluated[0][metric], 12);
      expect(second.value).toBeCloseTo(evaluated[1][metric], 12);
      expect(difference.value).toBeCloseTo(evaluated[1][metric] - evaluated[0][metric], 12);
      for (const { value, low, high } of [first, second, difference]) {
        expect(low).toBeLessThanOrEqual(value);
        expect(high).toBeGreaterThanOrEqual(value);
      }
    }
  });

  it('of values are those of the evaluation', () => {
    const [a, b] = [valuesSaid(60, 2, 1), valuesSaid(60, 3, 2)];
    const figures = compareFigures(a, b, 1);
    const evaluated = [a, b].map(
      ({ actual, predicted }) =>
        evaluateValues({ actual, predicted: Float64Array.from(predicted), dummyMean: 0 }).metrics,
    );
    expect(figures.map(({ metric }) => metric)).toEqual(['mae', 'rmse', 'r2']);
    for (const { metric, first, second } of figures) {
      expect(first.value).toBeCloseTo(evaluated[0][metric], 9);
      expect(second.value).toBeCloseTo(evaluated[1][metric], 9);
    }
  });

  it('have about the normal distribution’s intervals, narrower for the difference of what goes together', () => {
    const rows = 400;
    const [a, b] = [valuesSaid(rows, 2, 1), valuesSaid(rows, 2, 1)];
    b.predicted.forEach((value, i) => (b.predicted[i] = a.actual[i] + 0.9 * (value - a.actual[i])));
    const [mae] = compareFigures(a, b, 1);
    const errors = a.actual.map((value, i) => Math.abs(value - a.predicted[i]));
    const mean = errors.reduce((sum, error) => sum + error, 0) / rows;
    const deviation = Math.sqrt(errors.reduce((sum, error) => sum + (error - mean) ** 2, 0) / rows);
    expect(Math.abs(mae.first.high - mean - (1.96 * deviation) / Math.sqrt(rows))).toBeLessThan(0.02);
    expect(Math.abs(mean - mae.first.low - (1.96 * deviation) / Math.sqrt(rows))).toBeLessThan(0.02);
    expect(mae.difference.value).toBeCloseTo(-0.1 * mean, 4);
    expect(mae.difference.high - mae.difference.low).toBeLessThan(0.15 * (mae.first.high - mae.first.low));
    expect(mae.pValue).toBeCloseTo(2 / 1001, 12);
    expect(compareFigures(a, b, 1)[0]).toEqual(mae);
  });

  it('of the same model differ by nothing, which chance explains', () => {
    const same = classesSaid(50, 3, 0.5, 1);
    for (const { difference, pValue } of compareFigures(same, same, 1)) {
      expect([difference.value, difference.low, difference.high, pValue]).toEqual([0, 0, 0, 1]);
    }
  });

  it('leave out what these rows do not define', () => {
    const one = { ...valuesSaid(1, 1, 1) };
    expect(compareFigures(one, one, 1).map(({ metric }) => metric)).toEqual(['mae', 'rmse']);
    const single: Said = { kind: 'classes', classes: 2, actual: Int32Array.of(0, 0), probabilities: Float32Array.of(0.9, 0.1, 0.2, 0.8) }; // prettier-ignore
    const metrics = compareFigures(single, single, 1).map(({ metric }) => metric);
    expect(metrics).toContain('accuracy');
    expect(metrics).not.toContain('rocAuc');
  });
});
