// The time of a training, in which pauses do not count, and which goes on where the machine's clock is set back.

import type { TrainControl } from './train.ts';

export interface Clock {
  /** Milliseconds of training so far. */
  now(): number;
  /** Waits until a pause ends, or the training is stopped or aborted meanwhile. */
  waitWhilePaused(): Promise<void>;
}

/** @param elapsedMs of the training before, where it is taken up */
export function createClock(control: TrainControl, elapsedMs = 0): Clock {
  let elapsed = elapsedMs;
  let last = performance.now();
  function now(): number {
    const time = performance.now();
    elapsed += Math.max(0, time - last);
    last = time;
    return elapsed;
  }
  return {
    now,
    async waitWhilePaused() {
      now();
      for (let pause = control.paused(); pause; pause = control.paused()) {
        if (control.stop() || control.signal.aborted) break;
        const tick = new Promise((resolve) => setTimeout(resolve, 50));
        await Promise.race([pause, tick]);
      }
      last = performance.now();
    },
  };
}
