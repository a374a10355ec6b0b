// The time of a training, in which pauses do not count.

import type { TrainControl } from './train.ts';

export interface Clock {
  /** Milliseconds of training so far. */
  now(): number;
  /** Waits until a pause ends, or the training is stopped or aborted meanwhile. */
  waitWhilePaused(): Promise<void>;
}

export function createClock(control: TrainControl): Clock {
  let start = performance.now();
  return {
    now: () => performance.now() - start,
    async waitWhilePaused() {
      const from = performance.now();
      for (let pause = control.paused(); pause; pause = control.paused()) {
        if (control.stop() || control.signal.aborted) break;
        const tick = new Promise((resolve) => setTimeout(resolve, 50));
        await Promise.race([pause, tick]);
      }
      start += performance.now() - from;
    },
  };
}
