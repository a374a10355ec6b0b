// Audits by itself: once a day at most, in one tab, while nothing else is to be done, a blob at a time. It never fails
// anything: what it cannot do today it tries tomorrow.

import { audit, readAudit } from './audit.ts';
import { tryLock } from './locks.ts';
import type { Workspace } from './workspace.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

export interface IdleAudit {
  /** whether there is something better to do */
  isBusy: () => boolean;
  /** between two looks at whether it is time, or whether it may go on */
  lookEveryMs?: number;
  signal?: AbortSignal;
}

/** Runs until it is aborted. */
export async function auditWhenIdle(ws: Workspace, { isBusy, lookEveryMs = 60_000, signal }: IdleAudit): Promise<void> {
  const rest = () => new Promise<void>((resolve) => setTimeout(resolve, lookEveryMs));
  const pause = async () => {
    while (isBusy() && !signal?.aborted) await rest();
  };
  for (;;) {
    await rest();
    if (signal?.aborted) return;
    if (isBusy()) continue;
    try {
      await tryLock(`audit ${ws.name}`, async () => {
        if (await ws.keyring.isLocked()) return;
        if (!(await ws.incident()) && (await isDue(ws))) await audit(ws, { pause, signal, resume: true });
      });
    } catch (error) {
      if (signal?.aborted) return;
      console.warn('audit in idle time:', error);
    }
  }
}

/** A clock that was set back does not put it off for years. */
async function isDue(ws: Workspace): Promise<boolean> {
  const last = await readAudit(ws);
  return !last || Math.abs(ws.now() - last.finishedAt) >= DAY_MS;
}
