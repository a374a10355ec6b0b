// The profile of what was scored, kept where the browser allows it: a file opened from disk may have no storage, or lose
// it when it is moved. Each batch is added to what is stored at that moment, so that two windows lose nothing.

import { mergeProfiles, type Profile } from '../monitor/profile.ts';
import { parseProfile } from '../monitor/readProfile.ts';

export interface Kept {
  profile: Profile;
  /** null: it is stored and outlives the page; else why it does not */
  unstored: string | null;
}

export interface Keeper {
  /** What was kept before, or the empty profile. */
  open(): Kept;
  add(batch: Profile): Kept;
  forget(): Kept;
}

/**
 * @param empty the profile of nothing of this model
 * @param kind tells files of one model apart that count other things
 */
export function createKeeper(empty: Profile, kind: string): Keeper {
  const key = `lathe-profile ${empty.model.fingerprint} ${kind}`;
  let inPage = empty;
  let unstored: string | null = null;

  /** What is stored, if it is whole and of this very file; what is in the page where nothing is stored. */
  function read(): Profile {
    if (unstored) return inPage;
    try {
      const text = localStorage.getItem(key);
      return text === null ? empty : mergeProfiles([empty, parseProfile(text, 'kept in this browser')]);
    } catch (error) {
      if (error instanceof DOMException) unstored = 'this browser gives a file no storage';
      return inPage;
    }
  }

  function write(profile: Profile): Kept {
    inPage = profile;
    if (!unstored) {
      try {
        localStorage.setItem(key, JSON.stringify(profile));
      } catch {
        unstored = 'this browser gives a file no storage, or it is full';
      }
    }
    return { profile, unstored };
  }

  return {
    open() {
      inPage = read();
      return { profile: inPage, unstored };
    },
    add: (batch) => write(mergeProfiles([read(), batch])),
    forget: () => write(empty),
  };
}
