// What a person sees when the browser has lost records: never a first run, always a way out.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchApp, type App } from './app.ts';
import { forgetRecords } from './steps.ts';

let app: App;
beforeAll(async () => {
  app = await launchApp();
});
afterAll(() => app.close());

test('records that are gone are an incident, and salvage brings the versions back', async () => {
  const page = await app.open();
  const ids = await page.evaluate(async () => {
    const { lathe } = window;
    const dataset = await lathe.importSample('iris');
    const recipe = await lathe.suggestRecipe(dataset.id);
    recipe.training.epochs = 2;
    recipe.backend = 'cpu';
    for (let i = 0; i < 2; i++) await lathe.train(recipe);
    return (await lathe.versions()).map(({ id }) => id);
  });
  await forgetRecords(page);
  await page.reload();
  await page.getByRole('heading', { name: 'Something that was kept here is gone' }).waitFor();
  await page.getByRole('button', { name: 'Salvage what can be' }).click();
  await page.getByRole('heading', { name: 'Everything is back' }).waitFor();
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('link', { name: 'Versions' }).click();
  for (const id of ids) await page.getByRole('article', { name: id }).waitFor();
  await page.getByRole('link', { name: 'Workspace' }).click();
  await page.getByRole('button', { name: 'Check everything now' }).click();
  await page.getByText('All of it was right').waitFor();
  expect(await page.evaluate(async (id) => (await window.lathe.evaluate(id)).rows, ids[0])).toBeGreaterThan(10);
  await page.context().close();
  expect(app.complaints).toEqual([]);
});
