// Where a training runs: on the backend in use, and where it goes on when the device is lost. Twice that is a new device
// of the same kind; after the third loss, or where there is no new one, it is the CPU.

import { activeEngine, backendInUse, useBackend } from './backend.ts';
import { tuning } from './compiled.ts';
import type { BackendName } from './events.ts';
import { createGpuLearner } from './gpuLearner.ts';
import { beginning, type LearnerInput } from './learner.ts';
import { createSteadyLearner, type Place, type SteadyLearner } from './recovery.ts';
import { createTfLearner } from './tfLearner.ts';
import type { Weight } from '../model/spec.ts';

/** Losses of a device after which a training leaves its kind. */
const MOST_LOSSES = 3;

/** A learner on the backend in use, which goes on where its device is lost. */
export async function openLearner(input: LearnerInput, weights: Weight[]): Promise<SteadyLearner> {
  const place = await placeOf(input);
  return createSteadyLearner(place, beginning(weights), (losses) => replace(place, input, losses), input.signal);
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
  const lost = `The ${inUse.backend} device was lost ${losses === 1 ? 'once' : losses === 2 ? 'twice' : `${losses} times`}`;
  const goOn = async (backend: BackendName, where: string): Promise<Place> => {
    await useBackend(backend, { network: input.network });
    const place = await placeOf(input);
    const note = `${lost}; the training went on ${where} from a checkpoint.`;
    return { ...place, inUse: { ...place.inUse, reason: inUse.reason ? `${inUse.reason} ${note}` : note } };
  };
  if (losses < MOST_LOSSES) {
    try {
      const place = await goOn(inUse.backend, 'on a new one');
      if (place.inUse.backend === inUse.backend) return place;
    } catch (error) {
      console.warn('no new device:', error); // the CPU is left
    }
  }
  return goOn('cpu', 'on the CPU');
}
