// The learning rate of a step. Pure: no state, so that a training can be taken up anywhere.

import type { ScheduleSpec } from '../model/recipe.ts';

/**
 * What the learning rate is multiplied by. In the warm-up it rises linearly by step, from 1 / (warm-up steps) to 1; the
 * schedule begins after it and is constant within an epoch. `cosine` is PyTorch's CosineAnnealingLR over the epochs left.
 * @param step steps done before, over all epochs
 */
export function scheduleFactor(spec: ScheduleSpec, step: number, stepsPerEpoch: number, epochs: number): number {
  const warmup = Math.min(spec.warmupEpochs, epochs) * stepsPerEpoch;
  if (step < warmup) return (step + 1) / warmup;
  const epoch = Math.floor((step - warmup) / stepsPerEpoch); // from 0, since the end of the warm-up
  switch (spec.kind) {
    case 'constant':
      return 1;
    case 'step':
      return spec.factor ** Math.floor(epoch / spec.everyEpochs);
    case 'exponential':
      return spec.factor ** epoch;
    case 'cosine': {
      const span = Math.max(1, epochs - warmup / stepsPerEpoch);
      return spec.minFactor + ((1 - spec.minFactor) * (1 + Math.cos((Math.PI * epoch) / span))) / 2;
    }
    default:
      spec satisfies never;
      throw new Error('no such schedule');
  }
}
