// A training as it is told to those who did not begin it. The worker that trains sends where it stands a few times a second
// at most, figures alone; a worker that hears of one in another tab looks each second whether that tab is still there.

import type { EpochLog } from '../model/epochLog.ts';
import type { TrainingNews, TrainProgress } from './api.ts';
import type { Events } from './events.ts';
import { isTraining } from './trainingLock.ts';

/** Between two pieces of news. */
const TELL_EVERY_MS = 250;
/** Between two looks whether the tab that trains is still there. */
const LOOK_EVERY_MS = 1000;

export interface Teller {
  /** Takes in what the training says of itself, and passes it on when it is time. */
  hear(progress: TrainProgress): void;
  /** Tells all of it at once, the whole log too. */
  tellAll(): void;
  /** Says that it has ended, once nothing holds its lock any more. */
  end(): void;
}

export function createTeller(events: Events): Teller {
  let now: Omit<TrainProgress, 'epoch' | 'log'> | null = null;
  let log: EpochLog[] = [];
  /** epochs of the log that were told */
  let told = 0;
  let toldAt = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function tell(): void {
    clearTimeout(timer);
    timer = undefined;
    if (!now) return;
    const news: TrainingNews = { ...now, epochs: log.slice(told), after: told };
    told = log.length;
    toldAt = performance.now();
    events.emit({ kind: 'training', here: true, news }, { everywhere: true });
  }

  return {
    hear({ epoch, log: before, ...progress }) {
      const { step, checkpoint } = now ?? {};
      now = { step, checkpoint, ...progress };
      if (before) {
        log = [...before];
        told = 0;
      }
      if (epoch) log.push(epoch);
      timer ??= setTimeout(tell, Math.max(0, toldAt + TELL_EVERY_MS - performance.now()));
    },
    tellAll() {
      told = 0;
      tell();
    },
    end() {
      if (!now) return; // it was refused before it began
      tell();
      events.emit({ kind: 'trainingEnded', runId: now.runId }, { everywhere: true });
      now = null;
    },
  };
}

/** Looks after the training in another tab. @returns the number of its run; null where none is heard of */
export function followOthers(events: Events, database: string): () => number | null {
  let runId: number | null = null;
  const end = () => {
    if (runId !== null) events.emit({ kind: 'trainingEnded', runId });
  };
  let looking = false;
  async function lookAfter(): Promise<void> {
    if (looking) return;
    looking = true;
    do await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    while (runId !== null && (await isTraining(database)));
    looking = false;
    end();
  }
  events.follow((event) => {
    if (event.kind === 'trainingEnded' && event.runId === runId) runId = null;
    if (event.kind !== 'training' || event.here || event.news.runId === runId) return;
    end(); // the one before, whose tab began another
    ({ runId } = event.news);
    void lookAfter();
  });
  return () => runId;
}
