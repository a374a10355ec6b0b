// The levers of a training in progress: pause, resume, stop, and the caller's signal, as the training loop reads them.

import type { Recipe } from '../model/recipe.ts';
import type { TrainControl } from '../train/train.ts';
import type { Training } from './context.ts';

export interface Levers extends Training {
  control: TrainControl;
  onPause: (paused: boolean) => void;
  close(): void;
}

/** @param signal aborted: the training is thrown away, and wakes from a pause to be so */
export function createLevers(recipe: Recipe, signal: AbortSignal): Levers {
  let ending = false;
  let pausing: { promise: Promise<void>; end: () => void } | null = null;
  let end = () => {};
  const ended = new Promise<void>((resolve) => (end = resolve));
  const resume = () => {
    if (!pausing) return;
    pausing.end();
    pausing = null;
    levers.onPause(false);
  };
  signal.addEventListener('abort', resume); // what is paused must wake to end
  const levers: Levers = {
    recipe,
    name: `'${recipe.target}' (${recipe.model.kind})`,
    runId: null,
    computing: false,
    ended,
    tell: () => {},
    onPause: () => {},
    control: { signal, stop: () => ending, paused: () => pausing?.promise ?? null },
    pause() {
      if (pausing || ending || signal.aborted) return;
      let end = () => {};
      pausing = { promise: new Promise((resolve) => (end = resolve)), end };
      levers.onPause(true);
    },
    resume,
    stop() {
      ending = true;
      resume();
    },
    close() {
      signal.removeEventListener('abort', resume);
      end();
    },
  };
  return levers;
}
