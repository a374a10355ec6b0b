// The tab crashes in the middle of an epoch: the run is offered when the page is opened again, and ends as if nothing
// had happened.

import { afterAll, beforeAll, expect } from 'vitest';
import type { Page } from 'playwright-core';
import { createRandom } from '../../src/base/random.ts';
import type { TrainProgress, VersionDetail } from '../../src/worker/api.ts';
import { crashTab, createProfile, launchChrome, removeProfile, type Chrome } from './chrome.ts';
import { fault } from './rows.ts';
import { openSite, type Site } from './site.ts';

const EPOCHS = 8;
const BACK_AT_MOST_MS = 30_000;

let site: Site;
let profile: string;
let chrome: Chrome;
let undisturbed: VersionDetail;

beforeAll(async () => {
  site = await openSite();
  profile = createProfile();
  chrome = await launchChrome(profile);
  const page = await site.open(chrome.context);
  await page.evaluate(() => window.lathe.importSample('breast-cancer'));
  undisturbed = await train(page, () => {});
  await page.close();
});
afterAll(async () => {
  await chrome.kill();
  await site.close();
  removeProfile(profile);
});

/** Trains on the CPU from a fixed seed, in epochs of many small steps. */
async function train(page: Page, follow: (progress: TrainProgress) => void): Promise<VersionDetail> {
  await page.exposeBinding('follow', (_source, progress: TrainProgress) => follow(progress));
  return page.evaluate(async (epochs) => {
    const [dataset] = await window.lathe.datasets();
    const recipe = await window.lathe.suggestRecipe(dataset.id, { seed: 1 });
    recipe.backend = 'cpu';
    Object.assign(recipe.training, { epochs, batchSize: 8, earlyStopping: null });
    const onProgress = (window as unknown as { follow(progress: TrainProgress): void }).follow;
    return window.lathe.train(recipe, { onProgress });
  }, EPOCHS);
}

/** What a log says, but for how long it took. */
const curve = ({ log }: VersionDetail) => log.map(({ durationMs: _, ...epoch }) => epoch);

/** Trains, has the tab crash after so many epochs and a part of one, and opens the page again. */
async function crashIn(epochs: number): Promise<{ page: Page; heard: number; crashedAt: number }> {
  const page = await site.open(chrome.context);
  let heard = 0;
  let reach = () => {};
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const training = train(page, ({ step }) => {
    heard = step?.epoch ?? heard;
    if (heard > epochs) reach();
  });
  training.catch(() => {}); // it ends with its tab
  await Promise.race([reached, training]);
  await new Promise((resolve) => setTimeout(resolve, (epochs % 1) * undisturbed.log.at(-1)!.durationMs));
  await crashTab(page);
  const crashedAt = Date.now();
  return { page: await site.open(chrome.context), heard, crashedAt };
}

async function forget(page: Page, runId: number): Promise<void> {
  await page.evaluate(async (runId) => {
    const { id } = (await window.lathe.versions()).find((version) => version.runId === runId)!;
    await window.lathe.removeVersion(id);
    await window.lathe.removeRun(runId);
  }, runId);
  await page.close();
}

fault(
  'tab crash in mid-epoch',
  100,
  'the run is offered, goes on from at most one epoch or 30 s back, and ends with the same weights bit for bit',
  async (n) => {
    let epochs = createRandom(n).next() * (EPOCHS - 1);
    let { page, heard, crashedAt } = await crashIn(epochs);
    let run = (await page.evaluate(() => window.lathe.runs())).at(-1)!;
    while (run.state === 'finished' && epochs > 1) {
      await forget(page, run.id); // a busy machine: the training was through before its tab was told to crash
      ({ page, heard, crashedAt } = await crashIn(--epochs));
      run = (await page.evaluate(() => window.lathe.runs())).at(-1)!;
    }
    expect(run.state).toBe('interrupted');
    await page.getByRole('region', { name: 'Training that was cut off' }).waitFor({ timeout: 10_000 });
    const from = run.resumable!;
    if (from.epoch < heard - 1) expect(crashedAt - (from.savedAt ?? run.startedAt)).toBeLessThan(BACK_AT_MOST_MS);
    const { version, taken, report } = await page.evaluate(async (id) => {
      const taken: number[] = [];
      const onProgress = ({ log }: TrainProgress) => log && taken.push(log.length);
      const version = await window.lathe.resumeRun(id, { onProgress });
      return { version, taken, report: await window.lathe.audit() };
    }, run.id);
    expect(taken).toEqual(from.savedAt === null ? [] : [from.epoch - 1]);
    expect(version.weightsSha256).toBe(undisturbed.weightsSha256);
    expect(curve(version)).toEqual(curve(undisturbed));
    expect(report).toMatchObject({ damaged: [], repaired: [] });
    await forget(page, run.id);
  },
);
