import { describe, expect, it } from 'vitest';
import { classIntervals, labelIntervals, valueIntervals, wilson, Z } from '../../src/evaluate/intervals.ts';
import { valueMetrics } from '../../src/evaluate/metrics.ts';
import { evaluateClasses } from '../../src/evaluate/report.ts';
import golden from './golden/intervals.json' with { type: 'json' };

it.each(golden.wilson)('$hits of $rows have SciPy’s interval of Wilson', ({ hits, rows, low, high }) => {
  const bounds = wilson(hits / rows, rows);
  expect(bounds.low).toBeCloseTo(low, 9);
  expect(bounds.high).toBeCloseTo(high, 9);
});

describe.each(golden.classes)('$name', ({ actual, probabilities, classes, errors }) => {
  const labels = Array.from({ length: classes }, (_, c) => `c${c}`);
  const given = { actual: Int32Array.from(actual), probabilities: Float32Array.from(probabilities) };
  const { metrics } = evaluateClasses({ labels, ...given, dummyShares: labels.map(() => 1 / classes) });
  const intervals = classIntervals(given.actual, given.probabilities, classes);

  it.each(Object.entries(errors))('%s varies as scikit-learn’s by the weights of the rows', (name, error) => {
    const { low, high } = intervals.metrics[name];
    expect(low).toBeCloseTo(Math.max(0, metrics[name] - Z * error), 6);
    expect(high).toBeCloseTo(name === 'logLoss' ? metrics[name] + Z * error : Math.min(1, metrics[name] + Z * error), 6); // prettier-ignore
  });

  it('has an interval around every figure, and none for a class without a row', () => {
    for (const [name, value] of Object.entries(metrics)) {
      const { low, high } = intervals.metrics[name];
      expect(low <= value && value <= high, name).toBe(true);
    }
    labels.forEach((_, c) => {
      expect(intervals.classes![c].recall === null).toBe(!actual.includes(c));
    });
  });
});

it.each(golden.values)('figures of values vary as scikit-learn’s', ({ actual, predicted, errors }) => {
  const given = { actual: Float64Array.from(actual), predicted: Float64Array.from(predicted) };
  const { mae, rmse, r2 } = valueMetrics(given.actual, (row) => given.predicted[row]);
  const { metrics } = valueIntervals(given.actual, given.predicted);
  expect(metrics.mae.high).toBeCloseTo(mae + Z * errors.mae, 6);
  expect(metrics.rmse.high).toBeCloseTo(Math.sqrt(rmse ** 2 + Z * errors.squares), 6);
  expect(metrics.r2.low).toBeCloseTo(r2 - Z * errors.r2, 6);
});

it('a single row, and rows that are all right, are not taken for certain', () => {
  const one = classIntervals(Int32Array.of(0), Float32Array.of(0.9, 0.1), 2);
  expect(Object.keys(one.metrics).sort()).toEqual(['accuracy', 'recallWeighted']);
  expect(one.metrics.accuracy.low).toBeLessThan(0.3);
  expect(valueIntervals(Float64Array.of(1), Float64Array.of(2))).toEqual({ metrics: {} });
  const right = labelIntervals(Float64Array.of(10, 0, 0, 20), 2);
  expect(right.metrics.f1Macro.low).toBeCloseTo(wilson(1, 30).low, 12);
  expect(right.metrics.recall.low).toBeCloseTo(wilson(1, 20).low, 12);
});

it('a matrix that is trusted half as much has the interval of half the rows', () => {
  const counts = Float64Array.of(30, 10, 5, 55);
  const whole = labelIntervals(counts, 2).metrics.f1Macro;
  const half = labelIntervals(counts, 2, { trust: 0.5 }).metrics.f1Macro;
  expect(half.high - half.low).toBeCloseTo((whole.high - whole.low) * Math.SQRT2, 9);
});
