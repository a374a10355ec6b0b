// The tab crashes in the middle of an epoch: the run is offered when the page is opened again, and ends as if nothing
// had happened.

import { afterAll, beforeAll, expect } from 'vitest';
import type { Page } from 'playwright-core';
import { createRandom } from '../../src/base/random.ts';
import type { TrainProgress, VersionDetail } from '../../src/worker/api.ts';
import { createProfile, launchChrome, prepareCrash, removeProfile, type Chrome } from './chrome.ts';
import { fault } from './rows.ts';
import { openSite, type Site } from './site.ts';

/** About how long a training takes: its first checkpoint comes after a second. */
const TRAINING_MS = 1500;
const BACK_AT_MOST_MS = 30_000;

let site: Site;
let profile: string;
let chrome: Chrome;
let epochs = 3;
let undisturbed: VersionDetail;

beforeAll(async () => {
  site = await openSite();
  profile = createProfile();
  chrome = await launchChrome(profile);
  const page = await site.open(chrome.context);
  await page.evaluate(() => window.lathe.importSample('breast-cancer'));
  await page.exposeBinding('follow', () => {});
  const epochMs = (await train(page)).log.at(-1)!.durationMs;
  epochs = Math.max(5, Math.round(TRAINING_MS / epochMs));
  undisturbed = await train(page);
  await page.close();
});
afterAll(async () => {
  await chrome.kill();
  await site.close();
  removeProfile(profile);
});

/** Trains on the CPU from a fixed seed, in epochs of many small steps. The page's `follow` is told of its progress. */
function train(page: Page): Promise<VersionDetail> {
  return page.evaluate(async (epochs) => {
    const [dataset] = await window.lathe.datasets();
    const recipe = await window.lathe.suggestRecipe(dataset.id, { seed: 1 });
    recipe.backend = 'cpu';
    Object.assign(recipe.training, { epochs, batchSize: 8, earlyStopping: null });
    const onProgress = (window as unknown as { follow(progress: TrainProgress): void }).follow;
    return window.lathe.train(recipe, { onProgress });
  }, epochs);
}

/** What a log says, but for how long it took. */
const curve = ({ log }: VersionDetail) => log.map(({ durationMs: _, ...epoch }) => epoch);

/** Trains, has the tab crash after so many epochs and a part of one, and opens the page again. */
async function crashAfter(done: number): Promise<{ page: Page; heard: number; crashedAt: number }> {
  const page = await site.open(chrome.context);
  let heard = 0;
  let reach = () => {};
  const reached = new Promise<void>((resolve) => (reach = resolve));
  await page.exposeBinding('follow', (_source, { step }: TrainProgress) => {
    heard = step?.epoch ?? heard;
    if (heard > done) reach();
  });
  const crash = await prepareCrash(page);
  const training = train(page);
  training.catch(() => {}); // it ends with its tab
  await Promise.race([reached, training]);
  await new Promise((resolve) => setTimeout(resolve, (done % 1) * undisturbed.log.at(-1)!.durationMs));
  await crash();
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
    let done = createRandom(n).next() * (epochs - 2);
    let { page, heard, crashedAt } = await crashAfter(done);
    let run = (await page.evaluate(() => window.lathe.runs())).at(-1)!;
    while (run.state === 'finished' && done > 1) {
      await forget(page, run.id); // a busy machine: the training was through before its tab was told to crash
      ({ page, heard, crashedAt } = await crashAfter(--done));
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
