// `window.lathe` in the console does what the page does, and the page shows what a script did.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchApp, type App } from './app.ts';

let app: App;
beforeAll(async () => {
  app = await launchApp();
});
afterAll(() => app.close());

test('the README’s script runs as it is printed, and the page shows what came of it', async () => {
  const page = await app.open();
  await page.getByRole('heading', { level: 1, name: 'Data' }).waitFor();
  const readme = await (await import('node:fs/promises')).readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const script = /```js\n([\s\S]*?)```/.exec(readme)![1];
  const given = await page.evaluate(`(async () => {
    ${script}
    return { metrics, confusion, prediction, name: file.name, verification };
  })()`);
  expect(given).toMatchObject({
    metrics: { accuracy: expect.any(Number) },
    confusion: { labels: ['setosa', 'versicolor', 'virginica'] },
    prediction: { label: 'setosa' },
    name: 'Iris-v1.onnx',
    verification: { runtime: expect.stringContaining('onnxruntime-web') },
  });
  const stages = page.getByRole('navigation', { name: 'Stages' });
  await stages.getByRole('link', { name: /^Versions/ }).click();
  await page.getByRole('article', { name: 'Iris@1' }).waitFor();
  await stages.getByRole('link', { name: /^Evaluate/ }).click();
  await page.getByText('Balanced accuracy').first().waitFor();

  await page.evaluate(async () => {
    for (const { id } of await window.lathe.versions()) await window.lathe.removeVersion(id);
    for (const { id } of await window.lathe.datasets()) await window.lathe.removeDataset(id);
  });
  await stages.getByRole('link', { name: /^Data/ }).click();
  await page.getByRole('button', { name: /use this sample: iris/i }).waitFor();
  await stages.getByRole('link', { name: /^Versions.*none yet/ }).waitFor();
  expect(app.complaints).toEqual([]);
});
