// The disk loses or changes a part of what was kept, between two visits: it is noticed, what has a second copy is put
// right, what has none is named, and everything else can be used.

import { afterAll, beforeAll, expect } from 'vitest';
import type { Page } from 'playwright-core';
import { createProfile, launchChrome, removeProfile, type Chrome } from './chrome.ts';
import { copyKept, DAMAGES } from './disk.ts';
import { fault } from './rows.ts';
import { openSite, type Site } from './site.ts';
import { fingerprint, makeWorkspace } from './workspace.ts';

let site: Site;
/** what was kept before it was damaged */
let original: string;
let profile: string;
let chrome: Chrome | null = null;
let kept: Record<string, string>;
let blobs: string[];

beforeAll(async () => {
  site = await openSite();
  [original, profile] = [createProfile(), createProfile()];
  const first = await launchChrome(original);
  const page = await site.open(first.context);
  await makeWorkspace(page);
  await fillLog(page);
  kept = await fingerprint(page);
  blobs = await blobNames(page);
  await first.close();
});
afterAll(async () => {
  await chrome?.kill();
  await site.close();
  removeProfile(profile);
  removeProfile(original);
});

/** Changes what is kept until the database's log is so long that some of it is moved to tables. */
function fillLog(page: Page): Promise<void> {
  return page.evaluate(async () => {
    for (let n = 1; n <= 125; n++) {
      const note = Array.from({ length: 6000 }, (_, i) => (i * 7919 * n) % 99_991).join(' ');
      await window.lathe.updateVersion('Iris@2', { note });
    }
    await window.lathe.updateVersion('Iris@2', { note: 'the one to keep', tags: ['kept'] });
  });
}

/** SHA-256 of every blob. */
function blobNames(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const names: string[] = [];
    const walk = async (folder: FileSystemDirectoryHandle) => {
      for await (const handle of folder.values()) {
        if (handle.kind === 'directory') await walk(handle as FileSystemDirectoryHandle);
        else names.push(handle.name);
      }
    };
    await walk(await (await navigator.storage.getDirectory()).getDirectoryHandle('lathe'));
    return names.filter((name) => /^[0-9a-f]{64}$/.test(name));
  });
}

/** What the page does to use a workspace: it writes, trains and removes. */
function use(page: Page): Promise<void> {
  return page.evaluate(async () => {
    const { lathe } = window;
    const dataset = await lathe.importFiles([new File([`x,y,kind\n${'1,2,a\n3,4,b\n'.repeat(40)}`], 'used.csv')]);
    const recipe = await lathe.suggestRecipe(dataset.id, { target: 'kind', seed: 1 });
    recipe.backend = 'cpu';
    recipe.training.epochs = 1;
    const version = await lathe.train(recipe, { model: 'used' });
    await lathe.predict(version.id, [{ x: 1, y: 2 }]);
    await lathe.removeVersion(version.id);
    await lathe.removeRun(version.runId);
    await lathe.removeDataset(dataset.id);
  });
}

/** Salvages where there is an incident, which the page shows. @returns what was lost; null where there is none */
async function dealWithIncident(page: Page): Promise<string[] | null> {
  if (!(await page.evaluate(() => window.lathe.incident()))) return null;
  await page.getByRole('heading', { name: 'Something that was kept here is gone' }).waitFor({ timeout: 5000 });
  const { lost } = await page.evaluate(() => window.lathe.salvage());
  expect(await page.evaluate(() => window.lathe.incident())).toBeNull();
  return lost;
}

for (const [how, damage] of Object.entries(DAMAGES)) {
  fault('corrupt record', 20, `${how}: it is noticed and named, and the rest can be used`, async (n) => {
    await chrome?.kill();
    copyKept(original, profile);
    const { sha256 } = damage(profile, n);
    chrome = await launchChrome(profile);
    const page = await site.open(chrome.context);

    // nothing is missing without a word: what is not as it was is an error, or there is an incident
    const incident = await page.evaluate(() => window.lathe.incident());
    if (!incident) {
      const seen = await fingerprint(page).catch((error: Error) => error.message);
      if (typeof seen === 'string') expect(seen).toMatch(/storage: .*Salvage/);
      else {
        const silent = Object.keys(kept).filter((key) => seen[key] !== kept[key] && !seen[key]?.startsWith('error: '));
        expect(silent).toEqual([]);
      }
    }
    const lost = (await dealWithIncident(page)) ?? [];
    let report = await page.evaluate(() => window.lathe.audit().catch(() => null));
    if (!report) {
      lost.push(...(await dealWithIncident(page))!); // the audit came upon what cannot be read
      report = await page.evaluate(() => window.lathe.audit());
    }
    await use(page).catch(async (error: unknown) => {
      const more = await dealWithIncident(page);
      if (!more) throw error;
      lost.push(...more); // what was of no use until now cannot be read
      await use(page);
    });

    const isBlob = blobs.includes(sha256);
    expect({ lost, damaged: report.damaged.length }).toEqual({ lost: [], damaged: isBlob ? 1 : 0 });
    const after = await fingerprint(page);
    const broken = Object.keys(kept).filter((key) => after[key] !== kept[key]);
    for (const key of broken) expect(after[key]).toMatch(/^error: .*(other bytes than were saved|the file is gone)/);
    if (!isBlob) expect(broken).toEqual([]);
    else if (/^the weights/.test(report.damaged[0])) expect(broken).toHaveLength(1);
    expect(Object.keys(after).toSorted()).toEqual(Object.keys(kept).toSorted());
  });
}
