// What was measured on this machine and need not be measured again: plain JSON under names that say of what. Losing it
// costs a second, so it never fails a training, and neither ledger nor backup knows of it. (folders.ts keeps the handles of
// folders on the same shelf, drafts.ts recipes that are not trained yet.)

import { parse, stringify } from '../base/json.ts';
import { PLAIN, type Codec } from './codec.ts';
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
        const value = await (await ws.open()).get('measurements', key);
        return await readMeasurement(await ws.codec(), key, value);
      } catch (error) {
        tell(error);
        return undefined;
      }
    },
    async set(key, value) {
      try {
        const written = await writeMeasurement(await ws.codec(), key, value);
        await (await ws.open()).put('measurements', written, key);
      } catch (error) {
        tell(error);
      }
    },
  };
}

/** As it lies on the disk: it may name what it is of, so it is sealed where all is. */
export async function writeMeasurement(codec: Codec, key: string, value: unknown): Promise<unknown> {
  if (codec === PLAIN || value === undefined) return value;
  return codec.encode(`measurement ${key}`, stringify(value));
}

export async function readMeasurement(codec: Codec, key: string, value: unknown): Promise<unknown> {
  if (codec === PLAIN || value === undefined) return value;
  return parse(await codec.decode(`measurement ${key}`, value as string));
}
