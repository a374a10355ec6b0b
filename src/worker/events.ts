// What happens in the workspace, told to whoever watches it, in this tab and in the others.

import type { LatheEvent } from './api.ts';

export interface Events {
  /** Tells those who watch in this tab, and with `everywhere` those in other tabs too. */
  emit(event: LatheEvent, options?: { everywhere: boolean }): void;
  /** Tells `listener` of what happens from now on, and that opening is blocked where it is. @returns how to stop */
  follow(listener: (event: LatheEvent) => void): () => void;
}

/** @param database its name; each workspace has its own */
export function createEvents(database: string): Events {
  const listeners = new Set<(event: LatheEvent) => void>();
  let blocked: LatheEvent | null = null;
  const tell = (event: LatheEvent) => listeners.forEach((listener) => listener(event));
  const channel = new BroadcastChannel(`lathe ${database}`);
  channel.addEventListener('message', ({ data }: MessageEvent<LatheEvent>) => tell(data));
  return {
    emit(event, options) {
      if (event.kind === 'storage') blocked = event.state === 'blocked' ? event : null;
      tell(event);
      if (options?.everywhere) channel.postMessage(event);
    },
    follow(listener) {
      listeners.add(listener);
      if (blocked) listener(blocked);
      return () => listeners.delete(listener);
    },
  };
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
  });
}
