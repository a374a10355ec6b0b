// A training that is killed at random moments and taken up each time from the last checkpoint that it gave. The clock is
// a made one, so that where it is killed follows from the seed alone.

import { vi } from 'vitest';
import type { Random } from '../../src/base/random.ts';
import type { EpochLog } from '../../src/model/epochLog.ts';
import type { StepProgress, TrainResult } from '../../src/train/events.ts';
import type { TrainState } from '../../src/train/state.ts';
import { train, type TrainInput } from '../../src/train/train.ts';
import { control } from './samples.ts';

/** A clock that goes on by up to so many milliseconds whenever it is looked at, and now and then jumps by ten years. */
export function mockClock(random: Random, mostMs = 20): void {
  const TEN_YEARS = 10 * 365 * 86_400_000;
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => {
    if (random.next() < 0.01) now += random.next() < 0.5 ? TEN_YEARS : -TEN_YEARS;
    return (now += random.next() * mostMs);
  });
}

export interface Outcome extends TrainResult {
  /** as a page would have shown it, what came twice taken once */
  log: EpochLog[];
  progress: StepProgress[];
  /** steps done when it was killed, and at the checkpoint that it was taken up from */
  kills: { step: number; from: number }[];
}

/**
 * @param before each part, such as a change of backend
 * @param mostEvents it is killed after so many at most
 */
export async function trainKilled(
  input: TrainInput,
  random: Random,
  kills: number,
  before: (part: number) => Promise<unknown> = async () => {},
  mostEvents = 25,
): Promise<Outcome> {
  let resume: TrainState | undefined;
  const progress: StepProgress[] = [];
  const killed: Outcome['kills'] = [];
  const log: EpochLog[] = [];
  for (let part = 0; ; part++) {
    await before(part);
    const events = train({ ...input, resume, checkpoints: { mostMs: 20, leastMs: 0, share: 0 } }, control());
    let left = part < kills ? 1 + random.below(mostEvents) : Infinity;
    log.length = resume?.history.length ?? 0;
    for (;;) {
      const next = await events.next();
      if (next.done) return { ...next.value, log, progress, kills: killed };
      if (next.value.kind === 'checkpoint') resume = structuredClone(next.value.state);
      if (next.value.kind === 'epoch') log.push(next.value.log);
      if (next.value.kind === 'step') progress.push(next.value.progress);
      if (--left > 0) continue;
      killed.push({ step: progress.at(-1)?.step ?? 0, from: resume?.learner.steps ?? 0 });
      await events.return(undefined as never);
      break;
    }
  }
}

export const untimed = (log: EpochLog[]) => log.map((epoch) => ({ ...epoch, durationMs: 0 }));
