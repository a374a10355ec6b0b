// The passphrase of the workspace, from the worker's side: not while something trains, and told to the other tabs.

import { UserError } from '../base/errors.ts';
import { eraseWorkspace, finishSealing as finish, setPassphrase as set } from '../store/sealing.ts';
import { removeOldTemporaries } from '../store/temporary.ts';
import type { Lathe } from './api.ts';
import { tellLocked, type Context } from './context.ts';
import { passphraseState } from './passphraseState.ts';
import { trainingLock } from './trainingLock.ts';

/** A verb of `api.ts` as it is answered here. */
type Answer<Verb extends keyof Lathe> = (context: Context, ...args: Parameters<Lathe[Verb]>) => ReturnType<Lathe[Verb]>;

export const setPassphrase: Answer<'setPassphrase'> = (context, passphrase, { current } = {}, options = {}) =>
  alone(context, 'the passphrase', () => set(context.workspace, passphrase, current, options));

export const finishSealing: Answer<'finishSealing'> = (context, options = {}) =>
  alone(context, 'sealing', () => finish(context.workspace, options));

export const unlock: Answer<'unlock'> = async ({ workspace, events }, passphrase) => {
  await workspace.keyring.unlock(passphrase);
  events.emit({ kind: 'passphrase', lock: false });
  await removeOldTemporaries(workspace.name);
};

export const lock: Answer<'lock'> = (context) =>
  alone(
    context,
    'locking',
    async () => {
      const { locked, state } = await passphraseState(context);
      if (state === 'none') throw new UserError('invalid', 'locking: no passphrase is set. Set one first.');
      if (!locked) await context.workspace.lock();
    },
    true,
  );

export const erase: Answer<'erase'> = (context) =>
  alone(context, 'erasing', () => eraseWorkspace(context.workspace), true);

/** Runs `work` while nothing trains in any tab; the others hear of it whatever comes of it. */
async function alone(context: Context, what: string, work: () => Promise<void>, locks = false): Promise<void> {
  const training = await trainingLock(context.setup.database, LOCK_PATIENCE_MS);
  if (!training) {
    throw new UserError(
      'invalid',
      `${what}: a training, or sealing, is under way in this tab or another. Wait until it is done.`,
    );
  }
  try {
    await work();
  } finally {
    training.release();
    tellLocked(context, locks);
  }
}

/** Another tab that only looks at the runs holds the lock for a moment. */
const LOCK_PATIENCE_MS = 1000;
