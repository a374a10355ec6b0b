// A backup by click in one browser, read back by click in another: the same ids, the same hashes.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchApp, type App } from './app.ts';

let app: App;
let folder: string;
beforeAll(async () => {
  app = await launchApp();
  folder = mkdtempSync(join(tmpdir(), 'lathe-backup-'));
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Opens the workspace as in a browser that lets no page pick a place on disk. */
async function openWorkspace(): Promise<Page> {
  const page = await app.open({ hash: '#/workspace' });
  await page.evaluate(() => delete (window as { showSaveFilePicker?: unknown }).showSaveFilePicker);
  return page;
}

const idsOf = (page: Page) =>
  page.evaluate(async () => {
    const [datasets, versions] = await Promise.all([window.lathe.datasets(), window.lathe.versions()]);
    return { datasets: datasets.map(({ id }) => id).sort(), versions: versions.map(({ id, runId }) => [id, runId]) };
  });

test('what was backed up under a passphrase comes back in another browser with the same ids', async () => {
  const page = await openWorkspace();
  await page.evaluate(async () => {
    const { lathe } = window;
    const dataset = await lathe.importSample('iris');
    const recipe = await lathe.suggestRecipe(dataset.id);
    recipe.training.epochs = 2;
    recipe.backend = 'cpu';
    await lathe.train(recipe);
    await lathe.train(recipe, { model: '<b>flowers</b>' });
    await lathe.setAlias('<b>flowers</b>', 'champion', 1);
  });
  const before = await idsOf(page);
  await page.getByLabel('Passphrase (optional)').fill('a long one');
  await page.getByLabel('The passphrase again').fill('another');
  await page.getByText('The two differ.').waitFor();
  expect(await page.getByRole('button', { name: 'Save a backup' }).isDisabled()).toBe(true);
  await page.getByLabel('The passphrase again').fill('a long one');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save a backup' }).click(),
  ]);
  const file = join(folder, 'backup.zip');
  await download.saveAs(file);

  const other = await openWorkspace();
  await other.getByLabel('Backup file').setInputFiles(file);
  await other.getByLabel('Passphrase of the backup').fill('a wrong one');
  await other.getByRole('button', { name: 'Open it' }).click();
  await other.getByText('it is not the one that this was sealed with').waitFor();
  await other.getByLabel('Passphrase of the backup').fill('a long one');
  await other.getByRole('button', { name: 'Open it' }).click();
  await other.getByText('1 data set, 2 versions of 2 models').waitFor();
  await other.getByRole('button', { name: 'Read it back' }).click();
  await other.getByText('were here already').waitFor();
  expect(await idsOf(other)).toEqual(before);
  expect(await other.evaluate(async () => (await window.lathe.version('<b>flowers</b>@champion')).id)).toBe('<b>flowers</b>@1'); // prettier-ignore
  expect(await other.evaluate(async () => (await window.lathe.audit()).damaged)).toEqual([]);
  expect(await other.evaluate(async () => (await window.lathe.evaluate('<b>flowers</b>@1')).rows)).toBeGreaterThan(10);

  // and once more: nothing is added
  await other.getByLabel('Backup file').setInputFiles(file);
  await other.getByLabel('Passphrase of the backup').fill('a long one');
  await other.getByRole('button', { name: 'Open it' }).click();
  await other.getByRole('button', { name: 'Read it back' }).click();
  await other.getByText('0 things came back').waitFor();
  expect(await idsOf(other)).toEqual(before);

  // sealed where it lies, it is opened with the passphrase alone
  await other.getByRole('button', { name: 'Set a passphrase' }).click();
  await other.getByLabel('New passphrase').fill('four quiet paper boats');
  await other.getByLabel('The same again').fill('four quiet paper boats');
  await other.getByLabel('nobody can open this').check();
  await other.getByRole('button', { name: 'Seal everything' }).click();
  await other.getByText('What is kept here is sealed').waitFor();
  await other.getByRole('button', { name: 'Lock now' }).click();
  await other.getByRole('heading', { name: 'Lathe is locked' }).waitFor();
  expect(await other.getByText('flowers').count()).toBe(0);
  await other.getByLabel('Passphrase', { exact: true }).fill('a wrong one');
  await other.getByRole('button', { name: 'Unlock' }).click();
  await other.getByText('It is not the one that this was sealed with').waitFor();
  await other.getByLabel('Passphrase', { exact: true }).fill('four quiet paper boats');
  await other.getByRole('button', { name: 'Unlock' }).click();
  await other.getByRole('heading', { name: 'Workspace' }).waitFor();
  expect(await idsOf(other)).toEqual(before);
});
