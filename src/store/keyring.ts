// Whether the workspace is sealed under a passphrase, as the disk says, and the key, once this tab was given the
// passphrase. What the disk says is one small file, of which the summaries beside the sealed records have a second copy.
// How everything is sealed and unsealed is sealing.ts.

import { UserError } from '../base/errors.ts';
import { PLAIN, type Codec } from './codec.ts';
import { readChecked, removeFile, writeChecked, type Folder } from './files.ts';
import type { Keys } from './keys.ts';
import { findSealedSummary, isSealed, SEAL_FILE, type SealFacts } from './places.ts';

export interface Keyring {
  /** Looks at the disk; null where nothing is sealed. @throws UserError where what tells it is lost */
  look(): Promise<SealFacts | null>;
  /** As it was last looked at. */
  facts(): Promise<SealFacts | null>;
  /** Null where nothing is sealed. @throws UserError where it is locked */
  keys(): Promise<Keys | null>;
  /** How records are written and read. @throws UserError where it is locked */
  codec(): Promise<Codec>;
  isLocked(): Promise<boolean>;
  /** @throws UserError where the passphrase is wrong */
  unlock(passphrase: string): Promise<void>;
  /** Forgets the key. */
  lock(): void;
  /** Has the next question look at the disk. */
  forget(): void;
  /** Writes what the disk is to say; null: nothing is sealed. */
  write(facts: SealFacts | null): Promise<void>;
  /** Takes the key of what was just sealed. */
  take(facts: SealFacts, keys: Keys): void;
}

/** @param name of the workspace @param open its folder */
export function createKeyring(name: string, open: () => Promise<Folder>): Keyring {
  let known: Promise<SealFacts | null> | null = null;
  let held: { id: string; keys: Keys } | null = null;

  async function read(): Promise<SealFacts | null> {
    const found = await readChecked(await open(), SEAL_FILE);
    if (typeof found !== 'string') return JSON.parse(found.text) as SealFacts;
    const copy = (await findSealedSummary(name, await open()))?.seal;
    if (copy) return copy;
    if (found === 'missing') return null;
    throw new UserError(
      'missing',
      'passphrase: the file that it is checked by is damaged, and so is its copy. Erase what is here, then restore a backup.',
    );
  }

  const look = () => {
    const looking = (known = read());
    looking.catch(() => {
      if (known === looking) known = null;
    });
    return looking;
  };
  const facts = () => known ?? look();

  async function keys(): Promise<Keys | null> {
    const now = await facts();
    if (!isSealed(now)) return null;
    if (held?.id !== now.id) throw lockedError();
    return held.keys;
  }

  return {
    look,
    facts,
    keys,
    codec: async () => (await keys())?.codec ?? PLAIN,
    async isLocked() {
      const now = await facts();
      return isSealed(now) && held?.id !== now.id;
    },
    async unlock(passphrase) {
      const now = await look();
      if (!isSealed(now)) throw noPassphrase();
      const { openKeys } = await import('./keys.ts');
      held = { id: now.id, keys: await openKeys(now, passphrase) };
    },
    lock: () => (held = null),
    forget: () => (known = null),
    async write(next) {
      const folder = await open();
      if (next) await writeChecked(folder, SEAL_FILE, JSON.stringify(next), 'the passphrase');
      else await removeFile(folder, SEAL_FILE);
      known = null;
    },
    take(facts, keys) {
      held = { id: facts.id, keys };
    },
  };
}

export function noPassphrase(): UserError {
  return new UserError('invalid', 'passphrase: none is set, so nothing is locked.');
}

function lockedError(): UserError {
  return new UserError('missing', 'passphrase: what is kept here is locked. Unlock it first.');
}
