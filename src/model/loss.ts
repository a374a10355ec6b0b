// The loss that a training goes by where its recipe names none.

import type { LossSpec, TrainingSpec } from './recipe.ts';
import type { Head } from './spec.ts';

/** Cross-entropy for classes, the mean squared error for a value. */
export function defaultLoss(head: Head): LossSpec {
  return { kind: head.kind === 'value' ? 'meanSquaredError' : 'crossEntropy' };
}

export function lossOf({ loss }: TrainingSpec, head: Head): LossSpec {
  return loss ?? defaultLoss(head);
}
