// "What left this machine" tells what the host was really asked, and shows a leak where there is one.

import type { Page } from 'playwright-core';
import { afterEach, expect, test } from 'vitest';
import { launchApp, type App } from './app.ts';
import { makeControlBuild } from './network/leaks.ts';
import { openSinks } from './network/sinks.ts';
import { title, walkJourney } from './steps.ts';

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function launch(options: Parameters<typeof launchApp>[0] = {}): Promise<App> {
  const app = await launchApp(options);
  ending.push(() => app.close());
  return app;
}

async function look(page: Page): Promise<void> {
  await page.getByRole('contentinfo').getByRole('link', { name: 'What left this machine' }).click();
  await title(page, 'What left this machine');
}

const figure = (page: Page, name: string | RegExp) =>
  page.locator('dt', { hasText: name }).locator('xpath=../dd').innerText();

test('after the whole journey it lists what the host was asked, all of it and nothing else', async () => {
  const app = await launch();
  const page = await app.open();
  await walkJourney(page);
  await look(page);
  await page.waitForTimeout(500);
  expect(await figure(page, 'Requests to other hosts')).toMatch(/^0\s/);
  expect(await figure(page, 'Stopped by the policy')).toBe('0');
  await page.getByText('Each of them, in their order').click();
  const listed = await page.locator('details ol .mono').allInnerTexts();
  const { pathname } = new URL(app.url);
  // what Chromium asks for by itself it does not count in the page's own list
  const own = app.asked.filter((each) => !each.endsWith('/favicon.ico'));
  expect(new Set(own)).toEqual(
    new Set(listed.map((path) => `GET ${pathname}${path === 'the page itself' ? '' : path}`)),
  );
  expect(await figure(page, /^Files of Lathe asked of/)).toMatch(new RegExp(`^${own.length}, `));
});

test('every request is a GET without a body for a file of the build, whatever the data', async () => {
  const app = await launch();
  await walkJourney(await app.open());
  expect(app.asked.length).toBeGreaterThan(10);
  expect(
    app.asked.filter(
      (each) =>
        !/^GET \/some\/path\/(assets\/[\w.-]+|samples\/index\.json|favicon\.svg|manifest\.webmanifest|icon-\d+\.png)?$/.test(
          each,
        ),
    ),
  ).toEqual([]);
});

test('a leak to another host is counted, and named', async () => {
  const sinks = await openSinks();
  const control = makeControlBuild(false, sinks.udpPort, 'worker fetch');
  ending.push(() => sinks.close(), control.remove);
  const app = await launch({ folder: control.folder, args: sinks.chromiumArgs });
  const page = await app.browser.newPage();
  await page.goto(`${app.url}?leak=fetch`);
  await look(page);
  await page.getByText('this should be 0').waitFor();
  await expect.poll(() => figure(page, 'Requests to other hosts')).toMatch(/^2\s/);
  const list = page.getByRole('region', { name: 'Requests to other hosts' });
  expect(await list.innerText()).toMatch(/the page[\s\S]*its worker|its worker[\s\S]*the page/);
});

test('what the policy stops is counted, in the page and in the worker', async () => {
  const sinks = await openSinks();
  const control = makeControlBuild(true, sinks.udpPort, 'worker fetch');
  ending.push(() => sinks.close(), control.remove);
  const app = await launch({ folder: control.folder, args: sinks.chromiumArgs });
  const page = await app.browser.newPage();
  await page.goto(`${app.url}?leak=image`);
  await look(page);
  await expect.poll(() => figure(page, 'Stopped by the policy')).toBe('2');
  expect(await figure(page, 'Requests to other hosts')).toMatch(/^0\s/);
  await page.getByText(/by the page: img-src/).waitFor();
  await page.getByText(/by the engine: connect-src/).waitFor();
  expect(sinks.seen).toEqual([]);
});
