// What happens in the workspace, told to whoever watches it, in this tab and in the others, over one BroadcastChannel. What
// a tab wishes of the one that trains goes the same way.

import type { LatheEvent } from './api.ts';

/** What a tab may ask of the training in another: to tell all of itself again, or a lever. */
export type Wish = 'tell' | 'pause' | 'resume' | 'stop';

type Message = { event: LatheEvent } | { wish: Wish; runId: number | null };

export interface Events {
  /** Tells those who watch in this tab, and with `everywhere` those in other tabs too. */
  emit(event: LatheEvent, options?: { everywhere: boolean }): void;
  /** Tells `listener` of what happens from now on, and of storage that is not open where that is so. @returns how to stop */
  follow(listener: (event: LatheEvent) => void): () => void;
  /** Sends a wish to the other tabs; `runId` null: to whichever trains. */
  wish(wish: Wish, runId: number | null): void;
  /** called with the wishes of other tabs */
  onWish: (wish: Wish, runId: number | null) => void;
}

/** @param database its name; each workspace has its own */
export function createEvents(database: string): Events {
  const listeners = new Set<(event: LatheEvent) => void>();
  let storage: LatheEvent | null = null;
  const tell = (event: LatheEvent) => listeners.forEach((listener) => listener(event));
  const channel = new BroadcastChannel(`lathe ${database}`);
  const send = (message: Message) => channel.postMessage(message);
  channel.addEventListener('message', ({ data }: MessageEvent<Message>) => {
    if ('wish' in data) events.onWish(data.wish, data.runId);
    else if (data.event.kind === 'training') tell({ ...data.event, here: false });
    else tell(data.event);
  });
  const events: Events = {
    emit(event, options) {
      if (event.kind === 'storage') storage = event.state === 'open' || event.state === 'doubtful' ? null : event;
      tell(event);
      if (options?.everywhere) send({ event });
    },
    follow(listener) {
      listeners.add(listener);
      if (storage) listener(storage);
      return () => listeners.delete(listener);
    },
    wish: (wish, runId) => send({ wish, runId }),
    onWish: () => {},
  };
  return events;
}

/** Tells of what happens until `signal` is aborted. */
export function watchEvents(
  events: Events,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (event: LatheEvent) => void },
): Promise<void> {
  return new Promise((_, reject) => {
    const stop = events.follow((event) => onProgress?.(event));
    signal?.addEventListener('abort', () => {
      stop();
      reject(signal.reason);
    });
    events.onWish('tell', null); // of the training here
    events.wish('tell', null); // of one elsewhere
  });
}
