// The browser is killed in the middle of its writes: what was acknowledged is there, and nothing is half there.

import { afterAll, beforeAll, expect } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import { createProfile, launchChrome, removeProfile, type Chrome } from './chrome.ts';
import { checkJournal, createJournal, writeWithoutPause } from './journal.ts';
import { fault } from './rows.ts';
import { openSite, type Site } from './site.ts';

let site: Site;
let profile: string;
let chrome: Chrome;
let journal = createJournal();

beforeAll(async () => {
  site = await openSite();
  profile = createProfile();
  chrome = await launchChrome(profile);
});
afterAll(async () => {
  await chrome.kill();
  await site.close();
  removeProfile(profile);
});

fault(
  'browser killed in mid-write',
  100,
  'no acknowledged record is lost, no version is half visible, no number is given twice',
  async (n) => {
    try {
      const page = await site.open(chrome.context);
      await writeWithoutPause(page, journal, n);
      await new Promise((resolve) => setTimeout(resolve, createRandom(n).below(1500)));
      if (journal.failure) throw journal.failure;
      await chrome.kill();
      journal.failure = null;
      chrome = await launchChrome(profile);
      const after = await site.open(chrome.context);
      await checkJournal(after, journal);
      expect(await after.evaluate(() => window.lathe.audit())).toMatchObject({ damaged: [], repaired: [] });
      await after.close();
    } catch (error) {
      await chrome.kill(); // the next trial begins with nothing
      removeProfile(profile);
      profile = createProfile();
      journal = createJournal();
      chrome = await launchChrome(profile);
      throw error;
    }
  },
);
