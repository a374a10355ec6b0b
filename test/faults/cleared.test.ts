// All that the origin has stored is cleared under the open page, as a browser does when the disk is full, or a person in
// its settings.

import { afterAll, beforeAll, expect } from 'vitest';
import type { Page } from 'playwright-core';
import { createRandom } from '../../src/base/random.ts';
import { visiting } from './chrome.ts';
import { fault, within } from './rows.ts';
import { openSite, type Site } from './site.ts';
import { fingerprint, makeWorkspace } from './workspace.ts';

declare global {
  interface Window {
    /** what became of each thing done, 'saved' or the error, until two were refused */
    used: Promise<string[]>;
  }
}

/** A page stands back for a moment, and gives up on files that do not answer some seconds later. */
const PATIENCE_MS = 15_000;

let site: Site;
beforeAll(async () => void (site = await openSite()));
afterAll(() => site.close());

/** What is being done with the page. */
const uses: Record<string, (page: Page) => Promise<void>> = {
  'it is looked at': (page) => page.evaluate(() => void (window.used = Promise.resolve([]))),
  'it writes': (page) =>
    page.evaluate(() => {
      const { lathe } = window;
      const write = (n: number) =>
        n % 2 === 0
          ? lathe.updateVersion('Iris@1', { note: `note ${n}` })
          : lathe.importFiles([new File([`a,b\n${`${n},2\n`.repeat(50)}`], `table-${n}.csv`)]);
      const writing = async () => {
        const outcomes: string[] = [];
        for (let n = 0; outcomes.filter((outcome) => outcome !== 'saved').length < 2; n++) {
          outcomes.push(
            await write(n).then(
              () => 'saved',
              ({ name, message }: Error) => `${name} ${message}`,
            ),
          );
        }
        return outcomes;
      };
      window.used = writing();
    }),
  'it trains': (page) =>
    page.evaluate(async () => {
      const { lathe } = window;
      const recipe = await lathe.suggestRecipe((await lathe.datasets())[0].id, { seed: 9 });
      recipe.backend = 'cpu';
      Object.assign(recipe.training, { epochs: 100_000, earlyStopping: null });
      await new Promise<void>((resolve) => {
        window.used = lathe.train(recipe, { onProgress: ({ epoch }) => epoch && resolve() }).then(
          () => ['saved'],
          ({ name, message }: Error) => [`${name} ${message}`],
        );
      });
    }),
};

/** A backup of the workspace as it is. */
const takeBackup = (page: Page): Promise<number[]> =>
  page.evaluate(async () => {
    const { file } = await window.lathe.backup();
    return [...new Uint8Array(await file!.arrayBuffer())];
  });

/** Puts a backup back, or says why not. */
const restore = (page: Page, backup: number[]): Promise<string> =>
  page.evaluate(
    (backup) =>
      window.lathe.restore(new File([Uint8Array.from(backup)], 'backup.zip')).then(
        () => 'restored',
        ({ message }: Error) => message,
      ),
    backup,
  );

// Chromium may lock its own file system up when it clears it while a page writes (store/clearing.ts). The page then says
// so, and the browser has to be started again before anything is kept; it does not happen each time.
fault(
  'origin cleared under the app',
  10,
  'the page says so and offers to restore a backup, and nothing is said to be saved that is not',
  (n) =>
    visiting(async (visit) => {
      const { chrome } = visit;
      let page = await site.open(chrome.context);
      await makeWorkspace(page);
      const backup = await takeBackup(page);
      const kept = await fingerprint(page);
      const how = Object.keys(uses)[n % 3];
      await uses[how](page);
      await new Promise((resolve) => setTimeout(resolve, createRandom(n).below(300)));
      await site.clear(chrome.context);

      const panel = page.getByRole('region', { name: 'Something that was kept here is gone' });
      await panel.waitFor({ timeout: PATIENCE_MS });
      await panel.getByRole('button', { name: 'Restore a backup' }).click();
      await page.getByRole('heading', { name: 'Workspace', level: 1 }).waitFor();
      const next = page.evaluate(() =>
        window.lathe.renameModel('Iris', 'renamed').then(
          () => 'saved',
          ({ name, message }: Error) => `${name} ${message}`,
        ),
      );
      expect(await within(PATIENCE_MS, next)).toMatch(
        /^UserError .*storage: .*(restore a backup|Nothing of it was saved)/,
      );
      const outcomes = await within(
        2 * PATIENCE_MS,
        page.evaluate(async () => {
          await window.lathe.stop().catch(() => {});
          return window.used;
        }),
      );
      const refused = outcomes.findIndex((outcome) => outcome !== 'saved');
      if (how !== 'it is looked at') expect(refused).toBeGreaterThanOrEqual(0);
      for (const outcome of refused < 0 ? [] : outcomes.slice(refused)) {
        expect(outcome).toMatch(/^UserError .*(storage: |is not kept in this browser|it is gone)/);
      }

      const told = await within(PATIENCE_MS, restore(page, backup));
      if (told === 'restored') await panel.waitFor({ state: 'hidden' });
      else {
        expect(told).toMatch(/does not answer any more\. Restart the browser, then restore a backup/);
        await visit.reopen();
        page = await site.open(visit.chrome.context);
        expect(await restore(page, backup)).toBe('restored');
      }
      console.log(`trial ${n}, ${how}: ${told}`);
      expect(await fingerprint(page)).toEqual(kept);
      expect(await page.evaluate(() => window.lathe.audit())).toMatchObject({ damaged: [], repaired: [] });
    }),
);
