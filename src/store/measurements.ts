// What was measured on this machine and need not be measured again: plain JSON under names that say of what. Losing it
// costs a second, so it never fails a training, and neither ledger nor backup knows of it.

import type { Workspace } from './workspace.ts';

/** A shelf that keeps values from one visit to the next. */
export interface Shelf {
  /** undefined where nothing is kept, or it cannot be read */
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
}

export function openShelf(ws: Workspace): Shelf {
  const tell = (error: unknown) => console.warn('measurements not kept:', error);
  return {
    async get(key) {
      try {
        return await (await ws.open()).get('measurements', key);
      } catch (error) {
        tell(error);
        return undefined;
      }
    },
    async set(key, value) {
      try {
        await (await ws.open()).put('measurements', value, key);
      } catch (error) {
        tell(error);
      }
    },
  };
}
