// Web Locks: what two tabs must not do at a time. The browser frees the lock of a tab that is gone.

import { UserError } from '../base/errors.ts';

/** Runs `work` while no other tab runs work under this name. */
export function withLock<T>(name: string, work: () => Promise<T>, mode: LockMode = 'exclusive'): Promise<T> {
  return lockManager().request(name, { mode }, work) as Promise<T>;
}

/** As `withLock`, but at once or not at all. False where somebody else holds the lock. */
export function tryLock(name: string, work: () => Promise<void>): Promise<boolean> {
  return lockManager().request(name, { ifAvailable: true }, async (lock) => {
    if (lock) await work();
    return lock !== null;
  }) as Promise<boolean>;
}

function lockManager(): LockManager {
  if (navigator.locks) return navigator.locks;
  throw new UserError(
    'unsupported',
    'page address: things can be kept only on https or localhost. Open the page there.',
  );
}
