// Where a training runs: on the backend in use, and where it goes on when the device is lost.

import { activeEngine, backendInUse, replaceDevice } from './backend.ts';
import { tuning } from './compiled.ts';
import { createGpuLearner } from './gpuLearner.ts';
import type { Checkpoint, LearnerInput } from './learner.ts';
import { createSteadyLearner, type Place, type SteadyLearner } from './recovery.ts';
import { createTfLearner } from './tfLearner.ts';

/** A learner on the backend in use, which goes on where its device is lost. */
export async function openLearner(input: LearnerInput, begin: Checkpoint): Promise<SteadyLearner> {
  const place = await placeOf(input);
  return createSteadyLearner(place, begin, (losses) => replace(place, input, losses), input.signal);
}

async function placeOf(input: LearnerInput): Promise<Place> {
  const engine = await activeEngine(input.network);
  return {
    inUse: backendInUse(),
    open: async (begin) =>
      engine.kind === 'compiled'
        ? createGpuLearner(engine.gpu, tuning, input, begin)
        : createTfLearner(engine.tf, input, begin),
  };
}

async function replace({ inUse }: Place, input: LearnerInput, losses: number): Promise<Place> {
  await replaceDevice(losses, input.network);
  const place = await placeOf(input);
  const times = losses === 1 ? 'once' : losses === 2 ? 'twice' : `${losses} times`;
  const where = place.inUse.backend === inUse.backend ? 'on a new one' : 'on the CPU';
  const note = `The ${inUse.backend} device was lost ${times}; the training went on ${where} from a checkpoint.`;
  return { ...place, inUse: { ...place.inUse, reason: inUse.reason ? `${inUse.reason} ${note}` : note } };
}
