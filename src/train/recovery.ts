// A learner that outlives its device. What was asked of it since the last checkpoint is written down; where the device
// is lost, the checkpoint is taken up on another and those steps are done again, which gives what they gave before.

import { abortError } from '../base/errors.ts';
import type { BackendInUse } from './events.ts';
import { isDeviceLoss } from './faults.ts';
import type { Checkpoint, Learner } from './learner.ts';

/** Where a training runs. */
export interface Place {
  inUse: BackendInUse;
  open(begin: Checkpoint): Promise<Learner>;
}

export interface SteadyLearner extends Learner {
  /** Where it runs now. */
  readonly inUse: BackendInUse;
}

/** At least so many milliseconds lie between two checkpoints, and so many times what one costs. */
const SAVE_EVERY_MS = 1000;
const SAVE_SHARE = 20;

/**
 * @param replace where to go on after so many losses; it may throw what ends the training
 */
export async function createSteadyLearner(
  place: Place,
  begin: Checkpoint,
  replace: (losses: number, error: Error) => Promise<Place>,
  signal: AbortSignal,
): Promise<SteadyLearner> {
  let checkpoint = begin;
  let journal: ((learner: Learner) => Promise<unknown>)[] = [];
  let learner: Learner | null = null;
  let losses = 0;
  let due = performance.now() + SAVE_EVERY_MS;

  async function restore(): Promise<Learner> {
    const restored = await place.open(checkpoint);
    try {
      for (const command of journal) {
        if (signal.aborted) throw abortError();
        await command(restored);
      }
    } catch (error) {
      restored.dispose();
      throw error;
    }
    return restored;
  }

  async function attempt<T>(command: (learner: Learner) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        learner ??= await restore();
        return await command(learner);
      } catch (error) {
        if (!isDeviceLoss(error)) throw error;
        learner?.dispose();
        learner = null;
        place = await replace(++losses, error);
      }
    }
  }

  /** Does what changes the learner, and writes it down. */
  async function carryOut<T>(
    command: (learner: Learner) => Promise<T>,
    again: (learner: Learner) => Promise<unknown> = command,
  ): Promise<T> {
    const result = await attempt(command);
    if (place.inUse.backend !== 'cpu') journal.push(again); // the CPU is never lost
    return result;
  }

  async function save(): Promise<Checkpoint> {
    const start = performance.now();
    checkpoint = await attempt((learner) => learner.save());
    journal = [];
    const end = performance.now();
    due = end + Math.max(SAVE_EVERY_MS, SAVE_SHARE * (end - start));
    return checkpoint;
  }

  await attempt(async () => {});
  return {
    get inUse() {
      return place.inUse;
    },
    beginEpoch: (order) => carryOut((learner) => learner.beginEpoch(order)),
    async run(learningRates, then) {
      const reading = await carryOut(
        (learner) => learner.run(learningRates, then),
        (learner) => learner.run(learningRates, { ...then, score: false }),
      );
      if (journal.length > 0 && performance.now() >= due) await save();
      return reading;
    },
    keep: () => carryOut((learner) => learner.keep()),
    readKept: () => attempt((learner) => learner.readKept()),
    save,
    dispose() {
      learner?.dispose();
      learner = null;
    },
  };
}
