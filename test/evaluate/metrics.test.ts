import { expect, test } from 'vitest';
import { confusionMatrix, labelMetrics, logLoss, mostProbable, valueMetrics } from '../../src/evaluate/metrics.ts';

test('of equal probabilities the first class is the prediction', () => {
  expect([...mostProbable(Float32Array.of(0.5, 0.5, 0.2, 0.8, 0, 0), 2)]).toEqual([0, 1, 0]);
  expect([...mostProbable(Float32Array.of(0.25, 0.375, 0.375), 3)]).toEqual([1]);
});

test('a class without an actual or a predicted row does not lower the macro averages', () => {
  const actual = Int32Array.of(0, 0, 1, 1);
  const predicted = Int32Array.of(0, 0, 1, 0);
  const of2 = labelMetrics(confusionMatrix(actual, predicted, 2), 2);
  const of5 = labelMetrics(confusionMatrix(actual, predicted, 5), 5);
  expect(of2).toMatchObject(of5);
  expect(Object.keys(of2)).toEqual(expect.arrayContaining(['precision', 'recall', 'f1']));
  expect(of5).not.toHaveProperty('precision');
});

test('the log loss of a certain and wrong row is finite', () => {
  expect(logLoss(Int32Array.of(1), [1, 0], 2)).toBeCloseTo(-Math.log(2 ** -52), 9);
  expect(logLoss(Int32Array.of(0), [1, 0], 2)).toBeCloseTo(0, 12);
});

test('a million values are summed to twelve digits', () => {
  const actual = Float64Array.from({ length: 1_000_000 }, (_, row) => row % 10);
  const { mae, rmse } = valueMetrics(actual, (row) => actual[row] + 0.1);
  expect(mae).toBeCloseTo(0.1, 11);
  expect(rmse).toBeCloseTo(0.1, 11);
});
