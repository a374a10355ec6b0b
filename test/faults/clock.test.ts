// The machine's clock is set forward or back by ten years, between two visits or in the middle of a training.

import { afterAll, beforeAll, expect } from 'vitest';
import { visiting } from './chrome.ts';
import { clockScript, setClock } from './clock.ts';
import { fault } from './rows.ts';
import { openSite, type Site } from './site.ts';

const TEN_YEARS_MS = 10 * 365.25 * 86_400_000;

let site: Site;
beforeAll(async () => void (site = await openSite()));
afterAll(() => site.close());

fault(
  'clock back or forward ten years',
  4,
  'what was made later comes later, the newest is the one at hand, and nothing took less than no time',
  (n) =>
    visiting(async ({ chrome }) => {
      const shift = n % 2 === 0 ? -TEN_YEARS_MS : TEN_YEARS_MS;
      const inMidTraining = n >= 2;
      const page = await site.open(chrome.context, { script: clockScript(0) });
      await page.exposeBinding('setClock', () => setClock(page, shift));
      const work = (name: string, jump: boolean) =>
        page.evaluate(
          async ([name, jump]) => {
            const { lathe } = window;
            const dataset = await lathe.importFiles([
              new File([`x,y,kind\n${'1,2,a\n3,4,b\n'.repeat(40)}${name}`], name),
            ]);
            const recipe = await lathe.suggestRecipe(dataset.id, { target: 'kind', seed: 1 });
            recipe.backend = 'cpu';
            recipe.training.epochs = jump ? 30 : 2;
            await lathe.train(recipe, {
              model: 'm',
              onProgress: ({ epoch }) => {
                if (jump && epoch?.epoch === 10) void (window as unknown as { setClock(): Promise<void> }).setClock();
              },
            });
          },
          [name, jump] as const,
        );
      await work('first.csv', inMidTraining);
      await setClock(page, shift);
      await work('second.csv', false);
      const now = await page.evaluate(() => Date.now());
      expect(Math.abs(now - Date.now() - shift)).toBeLessThan(60_000); // the clock was set indeed
      await page.close();

      const later = await site.open(chrome.context, { script: clockScript(shift) });
      const { datasets, versions, runs } = await later.evaluate(async () => ({
        datasets: await window.lathe.datasets(),
        versions: await Promise.all((await window.lathe.versions()).map(({ id }) => window.lathe.version(id))),
        runs: await Promise.all((await window.lathe.runs()).map(({ id }) => window.lathe.run(id))),
      }));
      if (!inMidTraining) expect(Math.sign(versions[1].createdAt - versions[0].createdAt)).toBe(Math.sign(shift));
      expect(datasets.map(({ name }) => name)).toEqual(['first', 'second']);
      expect(versions.map(({ id }) => id)).toEqual(['m@1', 'm@2']);
      expect(runs.map(({ versionId }) => versionId)).toEqual(['m@1', 'm@2']);
      for (const { durationMs, log } of [...versions, ...runs]) {
        expect(durationMs).toBeGreaterThan(0);
        expect(durationMs).toBeLessThan(60_000);
        for (const epoch of log) expect(epoch.durationMs).toBeGreaterThanOrEqual(0);
      }
      await later.close();
    }),
);
