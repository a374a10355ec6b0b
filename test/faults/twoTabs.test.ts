// Two tabs of one browser at the same thing at the same moment.

import { afterAll, beforeAll, expect } from 'vitest';
import type { Page } from 'playwright-core';
import { createProfile, launchChrome, removeProfile, type Chrome } from './chrome.ts';
import { fault } from './rows.ts';
import { openSite, type Site } from './site.ts';

declare global {
  interface Window {
    /** what became of this tab's training */
    raced: Promise<{ id: string; error: string }>;
  }
}

let site: Site;
let profile: string;
let chrome: Chrome;
let tabs: Page[];
beforeAll(async () => {
  site = await openSite();
  profile = createProfile();
  chrome = await launchChrome(profile);
  tabs = [await site.open(chrome.context), await site.open(chrome.context)];
  await tabs[0].evaluate(async () => {
    const dataset = await window.lathe.importSample('iris');
    const recipe = await window.lathe.suggestRecipe(dataset.id, { seed: 1 });
    recipe.backend = 'cpu';
    recipe.training.epochs = 2;
    await window.lathe.train(recipe, { model: 'm' });
  });
});
afterAll(async () => {
  await chrome.kill();
  await site.close();
  removeProfile(profile);
});

/** Has both tabs do their work at the same moment of the clock that they share. */
async function race<T>(work: (page: Page, tab: number, at: number) => Promise<T>): Promise<T[]> {
  const at = Date.now() + 100;
  return Promise.all(tabs.map((page, tab) => work(page, tab, at)));
}

fault('two tabs', 100, 'one trains and the other is told, and neither undoes what the other wrote', async (n) => {
  await race((page, tab, at) =>
    page.evaluate(
      async ([n, tab, at]) => {
        const { lathe } = window;
        const [dataset] = await lathe.datasets();
        const recipe = await lathe.suggestRecipe(dataset.id, { seed: 1 });
        recipe.backend = 'cpu';
        Object.assign(recipe.training, { epochs: 100_000, earlyStopping: null }); // until it is stopped
        while (Date.now() < at);
        window.raced = lathe.train(recipe, { model: 'raced' }).then(
          ({ id }) => ({ id, error: '' }),
          (error: Error) => ({ id: '', error: error.message }),
        );
        const lines = Array.from({ length: 50 }, (_, i) => `${n},${tab},${i}`);
        await Promise.all([
          tab === 0
            ? lathe.updateVersion('m@1', { note: `note ${n}` })
            : lathe.updateVersion('m@1', { tags: [`tag-${n}`] }),
          lathe.setAlias('m', tab === 0 ? `left-${n}` : `right-${n}`, 1),
          lathe.importFiles([new File([`a,b,c\n${lines.join('\n')}`], `race-${n}-${tab}.csv`)]),
        ]);
      },
      [n, tab, at] as const,
    ),
  );
  const outcome = (page: Page) => page.evaluate(() => window.raced);
  const told = await Promise.race(tabs.map(outcome)); // the other trains until it is stopped
  expect(told).toEqual({ id: '', error: expect.stringMatching(/another tab of this page is training/) });
  await Promise.all(tabs.map((page) => page.evaluate(() => window.lathe.stop().catch(() => {}))));
  const outcomes = await Promise.all(tabs.map(outcome));
  expect(outcomes.filter(({ id }) => id)).toHaveLength(1);

  for (const page of tabs) {
    const seen = await page.evaluate(
      async (n) => ({
        version: await window.lathe.version('m@1'),
        datasets: (await window.lathe.datasets())
          .map(({ name }) => name)
          .filter((name) => name.startsWith(`race-${n}-`)),
        runs: (await window.lathe.runs()).map(({ id }) => id),
        raced: (await window.lathe.versions()).filter(({ model }) => model === 'raced').map(({ number }) => number),
      }),
      n,
    );
    expect(seen.version).toMatchObject({ note: `note ${n}`, tags: [`tag-${n}`] });
    expect(seen.version.aliases).toEqual(expect.arrayContaining([`left-${n}`, `right-${n}`]));
    expect(seen.datasets.toSorted()).toEqual([`race-${n}-0`, `race-${n}-1`]);
    expect(new Set(seen.runs).size).toBe(seen.runs.length);
    expect(seen.raced).toEqual(seen.raced.map((_, i) => i + 1));
  }
  await tabs[0].evaluate(async (n) => {
    for (const { id, name } of await window.lathe.datasets()) {
      if (name.startsWith('race-')) await window.lathe.removeDataset(id);
    }
    await window.lathe.setAlias('m', `left-${n}`, null);
    await window.lathe.setAlias('m', `right-${n}`, null);
  }, n);
});
