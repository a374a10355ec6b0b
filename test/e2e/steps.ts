// Steps of a person in the built app, shared by the tests that walk the whole journey.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { SAMPLES } from './app.ts';

/** Drops files on the page as a browser does. */
export async function dropFiles(page: Page, files: { name: string; bytes: Buffer }[]): Promise<void> {
  const transfer = await page.evaluateHandle(
    (files) => {
      const transfer = new DataTransfer();
      for (const { name, base64 } of files) {
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        transfer.items.add(new File([bytes], name));
      }
      return transfer;
    },
    files.map(({ name, bytes }) => ({ name, base64: bytes.toString('base64') })),
  );
  for (const type of ['dragenter', 'dragover', 'drop'])
    await page.dispatchEvent('main', type, { dataTransfer: transfer });
}

/** Drops one of the sample files. */
export const dropSample = (page: Page, file: string): Promise<void> =>
  dropFiles(page, [{ name: file, bytes: readFileSync(join(SAMPLES, file)) }]);

/** The link of a stage in the rail. */
export const stage = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Stages' }).getByRole('link', { name: new RegExp(`^${name}`) });

/** Waits for the title of a stage. */
export const title = (page: Page, name: string) => page.getByRole('heading', { level: 1, name }).waitFor();

export const goTo = async (page: Page, name: string): Promise<void> => {
  await stage(page, name).click();
  await title(page, name);
};

/**
 * Everything that Lathe is for, by clicks: a dropped table, trained, evaluated, exported in both formats and used to
 * predict, and a version brought back from a backup. Gives the names of the files that were downloaded.
 */
export async function walkJourney(page: Page): Promise<string[]> {
  const saved: string[] = [];
  const save = async (click: () => Promise<void>): Promise<Buffer> => {
    const download = page.waitForEvent('download');
    await click();
    const file = await download;
    const bytes = readFileSync(await file.path());
    if (bytes.length < 100) throw new Error(`${file.suggestedFilename()} is almost empty`);
    saved.push(file.suggestedFilename());
    return bytes;
  };

  await title(page, 'Data');
  await dropSample(page, 'iris.csv');
  await page.getByRole('heading', { name: 'iris', exact: true }).waitFor();

  await goTo(page, 'Train');
  await page.getByRole('heading', { name: 'What this comes to' }).waitFor();
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await page.getByRole('heading', { name: 'Trained iris@1' }).waitFor({ timeout: 240_000 });

  await goTo(page, 'Evaluate');
  await page
    .getByRole('button', { name: /actual (\w+), predicted \1/ })
    .first()
    .click();
  await page.getByRole('heading', { name: /^Rightly predicted as / }).waitFor();

  await goTo(page, 'Versions');
  await page.getByRole('article', { name: 'iris@1' }).waitFor();

  await goTo(page, 'Export');
  for (const format of ['ONNX', 'TensorFlow.js']) {
    const card = page.getByRole('region', { name: format });
    await card.getByRole('button', { name: /make and verify/i }).click();
    await card.getByText('verified').waitFor({ timeout: 120_000 });
    await save(() => card.getByRole('link', { name: /download/i }).click());
  }

  await goTo(page, 'Predict');
  await page.getByLabel('petal length (cm)').fill('5.9');
  await page
    .getByText(/virginica/)
    .first()
    .waitFor();
  await dropSample(page, 'iris.csv');
  await save(() => page.getByRole('link', { name: 'Download iris-predictions.csv' }).click());

  await page.getByRole('contentinfo').getByRole('link', { name: 'Workspace' }).click();
  await title(page, 'Workspace');
  await page.evaluate(() => delete (window as { showSaveFilePicker?: unknown }).showSaveFilePicker); // a download instead
  const backup = await save(() => page.getByRole('button', { name: 'Save a backup' }).click());
  await page.evaluate(() => window.lathe.removeVersion('iris@1'));
  await page
    .getByLabel('Backup file')
    .setInputFiles({ name: 'backup.zip', mimeType: 'application/zip', buffer: backup });
  await page.getByRole('button', { name: 'Read it back' }).click();
  await page.getByText(/^✓? *[1-9]\d* things? came back/).waitFor();
  await goTo(page, 'Versions');
  await page.getByRole('article', { name: 'iris@1' }).waitFor();
  return saved;
}

/** Takes the records away under the page, as a browser may. */
export const forgetRecords = (page: Page) =>
  page.evaluate(async () => {
    for (const { name } of await indexedDB.databases()) {
      await new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open(name!);
        opening.onerror = () => reject(opening.error);
        opening.onsuccess = () => {
          const transaction = opening.result.transaction('records', 'readwrite');
          transaction.objectStore('records').clear();
          transaction.oncomplete = () => (opening.result.close(), resolve());
        };
      });
    }
  });
