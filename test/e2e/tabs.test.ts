// Two tabs of one browser, with its profile on disk: one trains and the other follows; the one that trains crashes; after
// a restart of the browser, now without WebGPU, the training goes on.

import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SOFTWARE_WEBGPU_ARGS } from '../../scripts/chromium.mjs';
import { crashTab, createProfile, launchChrome, removeProfile, type Chrome } from '../faults/chrome.ts';
import { openSite, type Site } from '../faults/site.ts';
import { audit } from './axe.ts';
import { goTo } from './steps.ts';

/** a folder for pictures of what is looked at */
const SHOTS = process.env.LATHE_SHOTS;
const profile = createProfile();
const complaints: string[] = [];
let site: Site;
let chrome: Chrome;

async function launch(...webgpu: string[]): Promise<void> {
  chrome = await launchChrome(profile, [], webgpu);
  chrome.context.on('weberror', (error) => complaints.push(error.error().stack ?? error.error().message));
}
beforeAll(async () => {
  site = await openSite();
  await launch(...SOFTWARE_WEBGPU_ARGS);
});
afterAll(async () => {
  await chrome.kill();
  await site.close();
  removeProfile(profile);
});

const panel = (page: Page) => page.getByRole('region', { name: 'Training', exact: true });
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });
const lastEpoch = (page: Page) =>
  page
    .getByText(/^After [\d,]+ epochs? the training loss is/)
    .first()
    .textContent()
    .then((text) => Number(/[\d,]+/.exec(text!)![0].replaceAll(',', '')));

/** Looks at the page, narrow and wide, light and dark: nothing for axe-core to find. */
async function look(page: Page, name: string): Promise<void> {
  for (const [width, colorScheme] of SHOTS ? ALL_LOOKS : LOOKS) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    await page.waitForTimeout(300); // charts draw, transitions end
    if (SHOTS) await page.screenshot({ path: join(SHOTS, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    expect({ name, width, colorScheme, faults: await audit(page) }).toMatchObject({ faults: [] });
  }
}
type Look = [width: number, colorScheme: 'light' | 'dark'];
const LOOKS: Look[] = [
  [320, 'dark'],
  [1280, 'light'],
];
const ALL_LOOKS: Look[] = [...LOOKS, [320, 'light'], [1280, 'dark']];

test('one trains, the other follows, and what was cut off goes on after a restart', async () => {
  const trainer = await site.open(chrome.context);
  const follower = await site.open(chrome.context);
  await goTo(follower, 'Train');
  await follower.getByRole('heading', { name: 'Nothing to learn from yet' }).waitFor();

  await trainer.evaluate(() => window.lathe.importSample('iris'));
  await follower.getByRole('heading', { name: 'What this comes to' }).waitFor();
  await trainer.evaluate(async () => {
    const [{ id }] = await window.lathe.datasets();
    const recipe = await window.lathe.suggestRecipe(id, { seed: 1 });
    recipe.backend = 'cpu';
    recipe.training.epochs = 2;
    await window.lathe.train(recipe, { model: 'iris' });
    await window.lathe.updateVersion('iris@1', { note: 'as a start', tags: ['small'] });
    await window.lathe.setAlias('iris', 'champion', 1);
    Object.assign(recipe.training, { epochs: 100_000, earlyStopping: null });
    recipe.backend = 'webgpu';
    window.lathe.train(recipe, { model: 'iris' }).catch(() => {});
  });

  await follower.getByRole('heading', { name: 'Training in another tab' }).waitFor();
  const seen = await lastEpoch(follower);
  await expect.poll(() => lastEpoch(follower)).toBeGreaterThan(seen);
  expect(await button(follower, 'Train').isDisabled()).toBe(true);
  expect(await button(follower, 'Discard').count()).toBe(0);
  await panel(follower).getByText('one training goes on at a time').waitFor();
  await look(follower, 'follower');
  await button(follower, 'Pause').click();
  await follower.getByRole('heading', { name: 'Paused in another tab' }).waitFor();
  await goTo(trainer, 'Train');
  await trainer.getByRole('heading', { name: 'Paused by a script' }).waitFor();
  await button(trainer, 'Resume').click();
  await follower.getByRole('heading', { name: 'Training in another tab' }).waitFor();

  await goTo(follower, 'Versions');
  const card = follower.getByRole('article', { name: 'iris@1' });
  for (const text of ['small', 'champion']) await card.getByText(text, { exact: true }).waitFor();
  await trainer.evaluate(() => window.lathe.renameModel('iris', 'flowers'));
  await follower.getByRole('article', { name: 'flowers@1' }).waitFor();
  await trainer.evaluate(() => window.lathe.removeVersion('flowers@1'));
  await follower.getByRole('heading', { name: 'No version yet' }).waitFor();

  await trainer.getByText(/^Checkpoint: epoch/).waitFor();
  await crashTab(trainer);
  const offer = (page: Page) => page.getByRole('region', { name: 'Training that was cut off' });
  await offer(follower).waitFor({ timeout: 5000 });
  await chrome.close();
  await launch('--disable-features=WebGPU');

  const page = await site.open(chrome.context);
  await offer(page)
    .getByText(/was cut off at epoch/)
    .waitFor();
  await look(page, 'banner');
  const [run] = await page.evaluate(async () =>
    (await window.lathe.runs()).filter(({ state }) => state === 'interrupted'),
  );
  expect(run).toMatchObject({ model: 'flowers', backend: 'webgpu' });
  await button(page, 'Resume').click();
  await page.getByRole('heading', { name: 'Training', exact: true, level: 2 }).waitFor();
  await expect.poll(() => lastEpoch(page)).toBeGreaterThan(run.resumable!.epoch);
  await look(page, 'resumed');
  await button(page, 'Stop, keep the best').click();
  await page.getByRole('heading', { name: 'Trained flowers@2' }).waitFor();
  await panel(page)
    .getByText(/The run began on webgpu .* and went on on (webgl|cpu)/)
    .waitFor();
  const { log } = await page.evaluate(() => window.lathe.version('flowers@2'));
  expect(log.map(({ epoch }) => epoch)).toEqual(log.map((_, i) => i + 1));
  expect(log.length).toBeGreaterThan(run.resumable!.epoch);
  await goTo(page, 'Versions');
  await page.getByRole('article', { name: 'flowers@2' }).waitFor();
  expect(complaints).toEqual([]);
});
