// Whether a passphrase is set, which the page asks first of all: so it is here, apart from what seals.

import { UserError } from '../base/errors.ts';
import type { PassphraseState } from './api.ts';
import type { Context } from './context.ts';

/** Where what tells of it is damaged, it is locked: unlocking says why. */
export async function passphraseState({ workspace }: Context): Promise<PassphraseState> {
  try {
    const facts = await workspace.keyring.look();
    const state = facts === null || facts.state === 'unsealed' ? 'none' : facts.state;
    return { state, locked: await workspace.keyring.isLocked() };
  } catch (error) {
    if (error instanceof UserError && error.code === 'missing') return { state: 'sealed', locked: true };
    throw error;
  }
}
