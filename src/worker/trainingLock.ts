// One training at a time in all tabs of this page: a Web Lock, which the browser frees when its tab is gone.

import { UserError } from '../base/errors.ts';

const nameOf = (database: string) => `train ${database}`;

export interface TrainingLock {
  release(): void;
}

/**
 * @param patienceMs how long to wait for whoever holds it
 * @returns the lock, or null where another worker kept it all that time
 * @throws UserError where the page was not loaded from https or localhost
 */
export async function trainingLock(database: string, patienceMs = 0): Promise<TrainingLock | null> {
  if (!navigator.locks) {
    throw new UserError('unsupported', 'page address: training works only on https or localhost. Open the page there.');
  }
  return new Promise((resolve, reject) => {
    const options = patienceMs > 0 ? { signal: AbortSignal.timeout(patienceMs) } : { ifAvailable: true };
    navigator.locks
      .request(nameOf(database), options, (lock) => {
        if (!lock) return resolve(null);
        return new Promise<void>((release) => resolve({ release }));
      })
      .catch((error: unknown) => {
        if (error instanceof DOMException && error.name === 'TimeoutError') resolve(null);
        else reject(error);
      });
  });
}

/** Whether anybody holds the lock now. */
export async function isTraining(database: string): Promise<boolean> {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  return held.some(({ name }) => name === nameOf(database));
}
