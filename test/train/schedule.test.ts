import { expect, it } from 'vitest';
import { scheduleFactor } from '../../src/train/schedule.ts';

it('a warm-up rises by step to 1, and the schedule begins after it', () => {
  const spec = { kind: 'step', everyEpochs: 1, factor: 0.5, warmupEpochs: 2 } as const;
  const factors = Array.from({ length: 12 }, (_, step) => scheduleFactor(spec, step, 3, 4));
  expect(factors.slice(0, 6)).toEqual([1, 2, 3, 4, 5, 6].map((n) => n / 6));
  expect(factors.slice(6)).toEqual([1, 1, 1, 0.5, 0.5, 0.5]);
});

it('a warm-up longer than the training ends with it', () => {
  const spec = { kind: 'cosine', minFactor: 0, warmupEpochs: 9 } as const;
  expect(scheduleFactor(spec, 5, 3, 2)).toBe(1);
});
