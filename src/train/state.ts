// A training at one moment, as arrays and plain JSON: all that it takes to go on as if nothing had happened, here or on
// another backend. Randomness needs no state of its own, as each draw follows from the seed and the epoch or the step.
// Where it is kept is not known here.

import { UserError } from '../base/errors.ts';
import type { EpochLog } from '../model/epochLog.ts';
import type { Network } from '../model/spec.ts';
import { weightSlots } from '../model/weights.ts';
import type { BackendInUse } from './events.ts';
import type { Checkpoint, Sums } from './learner.ts';

export interface TrainState {
  format: typeof STATE_FORMAT;
  /** weights, the optimiser's memory, kept weights, and the place in the permutation */
  learner: Checkpoint;
  /** the epoch in progress, from 1; its first step may be yet to come */
  epoch: number;
  /** of that epoch, what the learner has handed over and cleared */
  seen: Sums;
  /** of that epoch */
  epochMs: number;
  /** the best epoch by validation loss, where early stopping is on */
  best: { epoch: number; loss: number } | null;
  history: EpochLog[];
  /** of the training part */
  rows: number;
  /** pauses not counted */
  elapsedMs: number;
  /** where it ran */
  inUse: BackendInUse;
}

/** Goes up when an older state could not be taken up any more. */
export const STATE_FORMAT = 1;

/** @throws UserError where it is of another form, another network or other rows */
export function checkState(state: TrainState, network: Network, rows: number): void {
  const other = (what: string) =>
    new UserError('unsupported', `checkpoint: it is of ${what}, so the training cannot go on from it. Train it again.`);
  if (state.format !== STATE_FORMAT) throw other('another version of Lathe');
  const shapes = new Map(state.learner.weights.map(({ name, shape }) => [name, String(shape)]));
  if (!weightSlots(network).every(({ name, shape }) => shapes.get(name) === String(shape)))
    throw other('another network');
  if (state.rows !== rows) throw other('other rows');
}

export interface CheckpointTimes {
  /** at most so many milliseconds lie between two checkpoints */
  mostMs: number;
  /** at least so many, where an epoch has just ended, and so many times what one costs */
  leastMs: number;
  share: number;
}

export const CHECKPOINT_TIMES: CheckpointTimes = { mostMs: 30_000, leastMs: 1000, share: 20 };

/** When a checkpoint is due. @param now the time of the training */
export function createCheckpointSchedule(times: CheckpointTimes, now: () => number) {
  let last = now();
  let costMs = 0;
  return {
    /** @param nextMs about how long it is until this is asked again */
    isDue(epochHasEnded: boolean, nextMs: number): boolean {
      const since = now() - last;
      const least = Math.min(times.mostMs, Math.max(times.leastMs, times.share * costMs));
      return since + nextMs >= times.mostMs || (epochHasEnded && since >= least);
    },
    /** Takes note of a checkpoint that was begun at this time. @param keepingMs what it costs whoever keeps it */
    saved(begunMs: number, keepingMs = 0): void {
      last = now();
      costMs = last - begunMs + keepingMs;
    },
  };
}
