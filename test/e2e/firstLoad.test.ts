// What a person pays before anything is trained.

import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchApp, type App } from './app.ts';

let app: App;
beforeAll(async () => {
  app = await launchApp();
});
afterAll(() => app.close());

test('the first load is at most 90 kB of gzipped JavaScript, and everything comes from the page’s own host', async () => {
  // the service worker saves the rest for use without a network once the page has nothing else to do
  const page = await app.browser.newPage({ serviceWorkers: 'block' });
  const scripts = new Map<string, Promise<Buffer>>();
  page.context().on('response', (response) => {
    if (response.request().serviceWorker()) return; // the offline copy is made when the page has nothing else to do
    if (/\.m?js$/.test(new URL(response.url()).pathname)) scripts.set(response.url(), response.body());
  });
  await page.goto(app.url);
  await page.getByRole('button', { name: /iris/i }).first().waitFor();
  await page.waitForTimeout(2000); // what it loads by itself afterwards counts too
  const bodies = await Promise.all(scripts.values());
  const bytes = bodies.reduce((sum, body) => sum + gzipSync(body, { level: 9 }).length, 0);
  console.log(`first load: ${scripts.size} scripts, ${(bytes / 1000).toFixed(1)} kB gzipped`);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(90_000);
  expect([...scripts.keys()].filter((url) => !url.startsWith(app.url) && !url.startsWith('blob:'))).toEqual([]);
  await page.close();
});
