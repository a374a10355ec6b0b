import { expect, test } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import {
  averagePrecision,
  countThresholds,
  MAX_POINTS,
  precisionRecallPoints,
  rocAuc,
  rocPoints,
} from '../../src/evaluate/curves.ts';

/** Scores that rank a rare class well, not perfectly. */
function scoredRows(rows: number, share: number) {
  const random = createRandom(3);
  const actual = new Int32Array(rows);
  const probabilities = new Float32Array(rows * 2);
  for (let row = 0; row < rows; row++) {
    actual[row] = random.next() < share ? 1 : 0;
    const score = 1 / (1 + Math.exp(-random.normal() - 2 * actual[row]));
    probabilities.set([1 - score, score], row * 2);
  }
  return { actual, probabilities };
}

const area = (x: number[], y: number[]) =>
  x.slice(1).reduce((sum, at, i) => sum + ((at - x[i]) * (y[i] + y[i + 1])) / 2, 0);

test('curves of many rows are thinned, keep their ends, rise throughout and still have nearly the same area', () => {
  const { actual, probabilities } = scoredRows(200_000, 0.01);
  const counts = countThresholds(actual, probabilities, 2, 1);
  const { fpr, tpr, thresholds } = rocPoints(counts);
  expect(fpr.length).toBeGreaterThan(MAX_POINTS / 2);
  expect(fpr.length).toBeLessThanOrEqual(MAX_POINTS);
  expect([fpr[0], tpr[0], fpr.at(-1), tpr.at(-1)]).toEqual([0, 0, 1, 1]);
  for (const axis of [fpr, tpr]) expect(axis).toEqual(axis.toSorted((a, b) => a - b));
  expect(thresholds).toEqual(thresholds.toSorted((a, b) => b - a));
  expect(area(fpr, tpr)).toBeCloseTo(rocAuc(counts)!, 3);

  const { precision, recall } = precisionRecallPoints(counts);
  expect(recall.length).toBeGreaterThan(MAX_POINTS / 2);
  expect(recall.length).toBeLessThanOrEqual(MAX_POINTS);
  expect([recall[0], precision[0], recall.at(-1)]).toEqual([0, 1, 1]);
  expect(area(recall, precision)).toBeCloseTo(averagePrecision(counts)!, 2);
});

test('the area under the ROC curve is the share of pairs in the right order, a tie counting half', () => {
  const random = createRandom(11);
  const actual = Int32Array.from({ length: 80 }, () => random.below(3));
  const probabilities = Float32Array.from({ length: 240 }, () => random.below(6) / 5);
  for (let c = 0; c < 3; c++) {
    let right = 0;
    let pairs = 0;
    for (let i = 0; i < 80; i++) {
      for (let j = 0; j < 80; j++) {
        if (actual[i] !== c || actual[j] === c) continue;
        const difference = probabilities[i * 3 + c] - probabilities[j * 3 + c];
        right += difference > 0 ? 1 : difference === 0 ? 0.5 : 0;
        pairs++;
      }
    }
    expect(rocAuc(countThresholds(actual, probabilities, 3, c))).toBeCloseTo(right / pairs, 12);
  }
});

test('a perfect ranking has area 1, one upside down 0', () => {
  const probabilities = Float32Array.of(0.9, 0.1, 0.8, 0.2, 0.3, 0.7, 0.1, 0.9);
  const counts = (actual: number[]) => countThresholds(Int32Array.from(actual), probabilities, 2, 1);
  expect(rocAuc(counts([0, 0, 1, 1]))).toBe(1);
  expect(rocAuc(counts([1, 1, 0, 0]))).toBe(0);
  expect(averagePrecision(counts([0, 0, 1, 1]))).toBe(1);
});
