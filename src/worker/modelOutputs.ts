// What a kept model says of encoded rows: loads the weights, runs them on the backend they were trained on, lets go.

import { UserError } from '../base/errors.ts';
import type { Preparation } from '../data/prepare.ts';
import { toTargetUnit } from '../model/head.ts';
import type { Network, Weight } from '../model/spec.ts';
import { useBackend } from '../train/backend.ts';
import type { BackendName } from '../train/events.ts';
import { createPredictor } from '../train/predictor.ts';
import type { Context } from './context.ts';

export interface UsableModel {
  network: Network;
  weights: Weight[];
  preparation: Preparation;
}

/**
 * @param x [rows, ...inputShape]
 * @param trainedOn the backend; `auto` is taken where this machine does not have it, and the one in use while a training
 * holds it
 * @returns probabilities [rows, classes], or values [rows] in the target's unit
 */
export function modelOutputs(
  context: Context,
  model: UsableModel,
  trainedOn: BackendName,
  x: Float32Array,
  rows: number,
): Promise<Float32Array> {
  return context.compute(async () => {
    if (!context.training?.computing) await useAvailable(trainedOn, model.network);
    const predictor = await createPredictor(model.network, model.weights);
    try {
      const outputs = await predictor.predict(x, rows);
      const { target } = model.preparation;
      return target.kind === 'classes' ? outputs : toTargetUnit(target, outputs);
    } finally {
      predictor.dispose();
    }
  });
}

export async function useAvailable(backend: BackendName, network: Network): Promise<void> {
  try {
    await useBackend(backend, { network });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    await useBackend('auto', { network }); // a model from another machine's backend can still be used here
  }
}
