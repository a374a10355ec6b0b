// A clock that is wrong, for the page and its worker alike. It shifts `Date` and nothing else: `performance.now` goes on
// evenly when a person or a time server sets a machine's clock.

import type { Page } from 'playwright-core';
import { prologue } from './gate.ts';

const CHANNEL = 'the clock of a test';

/** An init script for a page whose clock is off by so much. */
export function clockScript(offsetMs: number): string {
  const source = `(${shiftDate.toString()})(${JSON.stringify(CHANNEL)}, ${offsetMs});`;
  return `${source}\n${prologue(source)}`;
}

/** Sets the clock of a page that was opened with `clockScript`, and its worker's, to be off by so much. */
export function setClock(page: Page, offsetMs: number): Promise<void> {
  return page.evaluate(
    ([channel, offsetMs]) => {
      new BroadcastChannel(channel).postMessage(offsetMs);
    },
    [CHANNEL, offsetMs] as const,
  );
}

function shiftDate(channel: string, offsetMs: number): void {
  const Native = Date;
  globalThis.Date = class extends Native {
    constructor(...args: unknown[]) {
      if (args.length === 0) super(Native.now() + offsetMs);
      else super(...(args as [string]));
    }
    static now(): number {
      return Native.now() + offsetMs;
    }
  } as DateConstructor;
  new BroadcastChannel(channel).onmessage = ({ data }: MessageEvent<number>) => (offsetMs = data);
}
