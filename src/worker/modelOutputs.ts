// What a kept model says of encoded rows: loads the weights, runs them on the backend they were trained on, lets go.

import { UserError } from '../base/errors.ts';
import type { Preparation } from '../data/prepare.ts';
import { toTargetUnit } from '../model/head.ts';
import type { Network, Weight } from '../model/spec.ts';
import { useBackend } from '../train/backend.ts';
import type { BackendName } from '../train/events.ts';
import { createPredictor, type Predictor } from '../train/predictor.ts';
import type { Context } from './context.ts';

export interface UsableModel {
  network: Network;
  weights: Weight[];
  preparation: Preparation;
}

/**
 * @param x [rows, ...inputShape], or what gives some of these rows, where all of them are too many to be held at a time
 * @param trainedOn the backend; `auto` is taken where this machine does not have it, and the one in use while a training
 * holds it
 * @returns probabilities [rows, classes], or values [rows] in the target's unit
 */
export function modelOutputs(
  context: Context,
  model: UsableModel,
  trainedOn: BackendName,
  x: Float32Array | ((from: number, to: number) => Float32Array),
  rows: number,
): Promise<Float32Array> {
  return context.compute(async () => {
    if (!context.training?.computing) await useAvailable(trainedOn, model.network);
    const predictor = await createPredictor(model.network, model.weights);
    try {
      const outputs = typeof x === 'function' ? await inPieces(predictor, x, rows) : await predictor.predict(x, rows);
      const { target } = model.preparation;
      return target.kind === 'classes' ? outputs : toTargetUnit(target, outputs);
    } finally {
      predictor.dispose();
    }
  });
}

/** Rows that are encoded at a time. */
const PIECE_ROWS = 1 << 16;

async function inPieces(
  predictor: Predictor,
  x: (from: number, to: number) => Float32Array,
  rows: number,
): Promise<Float32Array> {
  let all = new Float32Array(0);
  for (let from = 0; from < rows; from += PIECE_ROWS) {
    const to = Math.min(rows, from + PIECE_ROWS);
    const piece = await predictor.predict(x(from, to), to - from);
    if (from === 0) all = new Float32Array((piece.length / (to - from)) * rows);
    all.set(piece, (all.length / rows) * from);
  }
  return all;
}

export async function useAvailable(backend: BackendName, network: Network): Promise<void> {
  try {
    await useBackend(backend, { network });
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    await useBackend('auto', { network }); // a model from another machine's backend can still be used here
  }
}
