// The losses in a person's words. The form is drawn from this table.

import type { LossSpec, Task } from '../../model/recipe.ts';

type ErrorKind = Exclude<LossSpec['kind'], 'crossEntropy'>;

/** What there is for a value. */
export const ERRORS: {
  [K in ErrorKind]: { name: string; meaning: string; start: Extract<LossSpec, { kind: K }> };
} = {
  meanSquaredError: {
    name: 'Squared error',
    meaning: 'Aims at the mean; large errors count most.',
    start: { kind: 'meanSquaredError' },
  },
  meanAbsoluteError: {
    name: 'Absolute error',
    meaning: 'Aims at the median; outliers hardly count.',
    start: { kind: 'meanAbsoluteError' },
  },
  huber: {
    name: 'Huber',
    meaning: 'Squared up to delta, absolute beyond: outliers count less.',
    start: { kind: 'huber', delta: 1 },
  },
};

/** The loss that a task has where nobody says otherwise. */
export function startLoss(task: Task): LossSpec {
  return task === 'regression' ? ERRORS.meanSquaredError.start : { kind: 'crossEntropy', labelSmoothing: 0 };
}

/** The loss where it goes with the task, else the one that the task has. */
export function lossFor(task: Task, loss: LossSpec | undefined): LossSpec {
  return loss && (loss.kind === 'crossEntropy') === (task !== 'regression') ? loss : startLoss(task);
}

/** In a few words, such as `Huber, delta 1`. */
export function describeLoss(loss: LossSpec): string {
  if (loss.kind !== 'crossEntropy') {
    const { name } = ERRORS[loss.kind];
    return loss.kind === 'huber' ? `${name}, delta ${loss.delta}` : name;
  }
  return loss.labelSmoothing ? `Cross-entropy, smoothing ${loss.labelSmoothing}` : 'Cross-entropy';
}
