import { describe, expect, test } from 'vitest';
import { evaluateClasses, evaluateValues } from '../../src/evaluate/report.ts';
import golden from '../golden/metrics.json';
import { expectClose } from './close.ts';

const TOLERANCE = 1e-9;

describe('figures of classes equal scikit-learn’s', () => {
  test.each(golden.classes)('$name', ({ actual, probabilities, shares, name: _, ...expected }) => {
    const labels = shares.map((_, c) => `class ${c}`);
    const evaluation = evaluateClasses({
      labels,
      actual: Int32Array.from(actual),
      probabilities: Float32Array.from(probabilities),
      dummyShares: shares,
    });
    const named = <T>(items: T[]) =>
      (items.length === labels.length ? labels : [labels[1]]).map((label, i) => ({ label, ...items[i] }));
    expectClose(
      evaluation,
      {
        rows: actual.length,
        metrics: expected.metrics,
        dummy: expected.dummy,
        confusion: { labels, counts: expected.confusion },
        classes: named(expected.classes),
        roc: named(expected.roc),
        precisionRecall: named(expected.precisionRecall),
      },
      TOLERANCE,
    );
  });
});

describe('figures of values equal scikit-learn’s', () => {
  test.each(golden.values)('$name', ({ actual, predicted, dummyMean, metrics, dummy, histogram }) => {
    const evaluation = evaluateValues({
      actual: Float64Array.from(actual),
      predicted: Float64Array.from(predicted),
      dummyMean,
    });
    expectClose(
      evaluation,
      { rows: actual.length, metrics, dummy, residuals: { actual, predicted, histogram } },
      TOLERANCE,
    );
  });
});

test('no rows give no figures, and no error', () => {
  const classes = evaluateClasses({
    labels: ['no', 'yes'],
    actual: new Int32Array(0),
    probabilities: new Float32Array(0),
    dummyShares: [0.5, 0.5],
  });
  expect(classes).toMatchObject({ rows: 0, metrics: {}, dummy: {} });
  expect(classes.confusion?.counts).toEqual([
    [0, 0],
    [0, 0],
  ]);
  const values = evaluateValues({ actual: new Float64Array(0), predicted: new Float64Array(0), dummyMean: 1 });
  expect(values).toMatchObject({ rows: 0, metrics: {}, dummy: {} });
});

test('R2 is left out where all actual values are equal', () => {
  const actual = Float64Array.of(0.1, 0.1, 0.1);
  const { metrics } = evaluateValues({ actual, predicted: Float64Array.of(0, 0.1, 0.2), dummyMean: 0 });
  expect(Object.keys(metrics)).toEqual(['mae', 'rmse']);
});

test('a prediction that is not a number is an error that names its row', () => {
  const labels = ['a', 'b'];
  const actual = Int32Array.of(0, 1);
  const probabilities = Float32Array.of(0.5, 0.5, NaN, NaN);
  expect(() => evaluateClasses({ labels, actual, probabilities, dummyShares: [0.5, 0.5] })).toThrow(
    /^invalid probability of row 2 .*NaN/,
  );
  expect(() =>
    evaluateValues({ actual: Float64Array.of(1), predicted: Float64Array.of(Infinity), dummyMean: 0 }),
  ).toThrow(/^invalid prediction of row 1 .*Infinity/);
});

test('sizes that do not go together are an error', () => {
  const probabilities = new Float32Array(3);
  expect(() =>
    evaluateClasses({ labels: ['a', 'b'], actual: Int32Array.of(0), probabilities, dummyShares: [1, 0] }),
  ).toThrow(RangeError);
});

test('an evaluation survives JSON as it is', () => {
  const { actual, probabilities, shares } = golden.classes[2];
  const evaluation = evaluateClasses({
    labels: ['a', 'b'],
    actual: Int32Array.from(actual),
    probabilities: Float32Array.from(probabilities),
    dummyShares: shares,
  });
  expect(JSON.parse(JSON.stringify(evaluation))).toEqual(evaluation);
});
