// The browser is killed while it seals what is kept under a passphrase: all of it is there, and once it has gone on,
// nothing of it lies in the clear on the disk any more.

import { afterAll, beforeAll, expect } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import { createProfile, launchChrome, removeProfile, visiting } from './chrome.ts';
import { filesWith } from './disk.ts';
import { fault } from './rows.ts';
import { openSite, type Site } from './site.ts';
import { fingerprint, makeWorkspace } from './workspace.ts';

/** Names of columns, classes, models, notes and files of what `makeWorkspace` keeps. */
const WORDS = [
  'sepal',
  'petal',
  'setosa',
  'versicolor',
  'parity',
  'the one to keep',
  'another',
  'numbers.csv',
  'iris@',
];

let site: Site;
let original: string;
let before: Record<string, string>;

beforeAll(async () => {
  site = await openSite();
  original = createProfile();
  const chrome = await launchChrome(original);
  const page = await site.open(chrome.context);
  await makeWorkspace(page);
  before = await fingerprint(page);
  await chrome.close();
});
afterAll(async () => {
  removeProfile(original);
  await site.close();
});

/** Nothing is killed in the first trial. */
fault('browser killed while it seals', 20, 'all is there, and then nothing in the clear', (n) =>
  visiting(async (visit) => {
    expect(filesWith(visit.profile, WORDS)).not.toEqual([]);
    const page = await site.open(visit.chrome.context);
    const sealing = page.evaluate(() => window.lathe.setPassphrase('four quiet paper boats'));
    if (n === 0) await sealing;
    else {
      sealing.catch(() => {}); // its browser goes under it
      await new Promise((resolve) => setTimeout(resolve, createRandom(n).below(1500)));
    }
    await visit.chrome.kill();
    visit.chrome = await launchChrome(visit.profile);
    const after = await site.open(visit.chrome.context);
    await after.evaluate(async () => {
      if ((await window.lathe.passphrase()).locked) await window.lathe.unlock('four quiet paper boats');
    });
    expect(await fingerprint(after)).toEqual(before);
    await after.evaluate(async () => {
      const { lathe } = window;
      if ((await lathe.passphrase()).state === 'none') await lathe.setPassphrase('four quiet paper boats');
      else await lathe.finishSealing();
    });
    expect(await fingerprint(after)).toEqual(before);
    await visit.chrome.close();
    expect(filesWith(visit.profile, WORDS)).toEqual([]);
  }, original),
);
