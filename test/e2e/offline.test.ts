// The offline copy: after one visit the network can be cut. A newer build is offered and never forced, and the files of
// two builds never mix.

import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DIST, launchApp, type App } from './app.ts';
import { ALL_REFUSED, probe } from './network/probe.ts';
import { dropSample, goTo, title, walkJourney } from './steps.ts';

let app: App;
let folders: string[] = [];
beforeEach(async () => {
  app = await launchApp();
});
afterEach(async () => {
  await app.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  folders = [];
});

interface Build {
  id: string;
  files: { path: string; sha256: string; sizeBytes: number }[];
}

const LIST = /\{"id":"\w+","files":\[.*?\]\}/s;
const BUILD = JSON.parse(LIST.exec(readFileSync(join(DIST, 'service-worker.js'), 'utf8'))![0]) as Build;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

const saved = (page: Page) => page.getByText('✓ Works with the network cut').waitFor({ timeout: 60_000 });
const build = (page: Page) => page.evaluate(() => (globalThis as { latheBuild?: number }).latheBuild ?? 1);

/** Paths of the files that lie in a folder. */
const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) =>
      join(file.parentPath, file.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    );

function copyOfBuild(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lathe-build-'));
  folders.push(folder);
  cpSync(DIST, folder, { recursive: true });
  return folder;
}

/** The next build: every hashed file has another name, and the page says which build it is. */
function nextBuild(): string {
  const folder = copyOfBuild();
  const assets = readdirSync(join(folder, 'assets'));
  const renamed = assets.map((name) => [name, name.replace(/\.(\w+)$/, '2.$1')]);
  for (const path of filesIn(folder)) {
    if (!/\.(js|css|html)$/.test(path) || path === 'service-worker.js') continue;
    let text = readFileSync(join(folder, path), 'utf8');
    for (const [before, after] of renamed) text = text.replaceAll(before, after);
    if (/^assets.index-[\w-]+\.js$/.test(path)) text += '\nglobalThis.latheBuild = 2;';
    writeFileSync(join(folder, path), text);
  }
  for (const [before, after] of renamed) renameSync(join(folder, 'assets', before), join(folder, 'assets', after));
  const files = BUILD.files.map(({ path }) => {
    const now = renamed.reduce((name, [before, after]) => name.replace(before, after), path);
    const bytes = readFileSync(join(folder, now || 'index.html'));
    return { path: now, sha256: sha256(bytes), sizeBytes: bytes.length };
  });
  const script = join(folder, 'service-worker.js');
  writeFileSync(script, readFileSync(script, 'utf8').replace(LIST, JSON.stringify({ id: 'next', files })));
  return folder;
}

test('the list has every file of the build but the README’s picture and the script itself, with its hash', () => {
  expect(BUILD.files.map(({ path }) => path || 'index.html').sort()).toEqual(
    filesIn(DIST)
      .filter((path) => path !== 'service-worker.js' && path !== 'screenshot.png')
      .sort(),
  );
  for (const file of BUILD.files) {
    const bytes = readFileSync(join(DIST, file.path || 'index.html'));
    expect(file, file.path).toEqual({ path: file.path, sha256: sha256(bytes), sizeBytes: bytes.length });
  }
});

test('after one visit the network can be cut, and the whole journey passes', async () => {
  const page = await app.open({ offline: true, hash: '#/privacy' });
  await saved(page);
  await page.getByText(`all its ${BUILD.files.length} files`).waitFor();
  await app.cut();

  // what was not loaded before the cut comes from the copy, without a reload
  await goTo(page, 'Train');
  await page.goto(app.url);
  expect(await walkJourney(page)).toHaveLength(4);
  for (const place of ['What left this machine', 'What Lathe is made of']) {
    await page.getByRole('contentinfo').getByRole('link', { name: place }).click();
    await title(page, place);
  }
  await page.getByText('idb', { exact: true }).waitFor();

  // every file that the build has, and nothing else
  const found = await page.evaluate(async (files) => {
    const hex = (bytes: ArrayBuffer) =>
      Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, '0')).join('');
    const wrong: string[] = [];
    for (const { path, sha256 } of files) {
      const response = await fetch(new URL(path, document.baseURI));
      if (hex(await crypto.subtle.digest('SHA-256', await response.arrayBuffer())) !== sha256) wrong.push(path);
    }
    const missing = await fetch(new URL('samples/none.csv', document.baseURI)).catch((error: Error) => error.name);
    const names = await caches.keys();
    const addresses = (await (await caches.open(names[0])).keys()).map(({ url }) => url);
    return { wrong, missing, names, addresses };
  }, BUILD.files);
  expect(found.wrong).toEqual([]);
  expect(found.missing).toBe('TypeError');
  expect(found.names).toEqual([`lathe ${app.url} ${BUILD.id}`]);
  expect(found.addresses.sort()).toEqual(BUILD.files.map(({ path }) => app.url + encodeURI(path)).sort());

  // the policy holds as it did: in the page that comes from the copy, and in its worker
  expect(await probe(page)).toEqual(ALL_REFUSED);
  for (const worker of page.workers()) expect(await probe(worker)).toEqual(ALL_REFUSED);
});

test('a newer build is offered and not forced, breaks no training, and shares no file with the older one', async () => {
  const page = await app.open({ offline: true, hash: '#/privacy' });
  await saved(page);
  const banner = page.getByRole('region', { name: 'Update' });
  await goTo(page, 'Data');
  await dropSample(page, 'iris.csv');
  await page.getByRole('heading', { name: 'iris', exact: true }).waitFor();
  await goTo(page, 'Train');
  await page.getByRole('heading', { name: 'What this comes to' }).waitFor();
  await page.evaluate(() => {
    // held in the middle, however fast the machine is
    const timer = setInterval(
      () =>
        void window.lathe
          .pause()
          .then(() => clearInterval(timer))
          .catch(() => {}),
      20,
    );
  });
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await page.getByText('Paused').first().waitFor();

  app.serve(nextBuild());
  await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())!.update());
  await banner.waitFor({ timeout: 60_000 });
  expect(await banner.innerText()).toContain('when what is under way has ended');
  expect(await banner.getByRole('button', { name: 'Reload' }).isDisabled()).toBe(true);
  await page.evaluate(() => window.lathe.resume());
  await page.getByRole('heading', { name: 'Trained iris@1' }).waitFor({ timeout: 120_000 });

  // the host has the newer files alone by now; this page goes on with its own
  await goTo(page, 'Evaluate');
  await page
    .getByRole('button', { name: /actual (\w+), predicted \1/ })
    .first()
    .waitFor();
  await page.reload();
  await title(page, 'Evaluate');
  expect(await build(page)).toBe(1);
  await goTo(page, 'Predict');

  // another window keeps it back
  const second = await page.context().newPage();
  await second.goto(app.url);
  await title(second, 'Data');
  expect(await build(second)).toBe(1);
  await banner.getByRole('button', { name: 'Reload' }).click();
  await page.getByText('The old one is open in 1 other tab').waitFor();
  expect(await build(page)).toBe(1);
  await second.close();

  await banner.getByRole('button', { name: 'Reload' }).click();
  await page.waitForFunction(() => (globalThis as { latheBuild?: number }).latheBuild === 2);
  await title(page, 'Predict');
  await app.cut();
  await page.reload();
  await goTo(page, 'Versions');
  await page.getByRole('article', { name: 'iris@1' }).waitFor();
  expect(await build(page)).toBe(2);
  const addresses = await page.evaluate(async () => {
    const names = await caches.keys();
    return (await Promise.all(names.map(async (name) => (await caches.open(name)).keys())))
      .flat()
      .map(({ url }) => url);
  });
  expect(addresses).toHaveLength(BUILD.files.length);
  expect(addresses.filter((url) => url.includes('/assets/') && !/2\.\w+$/.test(url))).toEqual([]);
  expect(app.complaints.filter((each) => !each.includes('ERR_CONNECTION_REFUSED'))).toEqual([]);
});

test('a build that its host changed on the way is not kept, and says which file', async () => {
  const folder = copyOfBuild();
  writeFileSync(join(folder, 'samples', 'iris.csv'), 'a,b\n1,2\n');
  app.serve(folder);
  const page = await app.open({ offline: true, hash: '#/privacy' });
  await page.getByText('other bytes for samples/iris.csv than were built').waitFor({ timeout: 60_000 });
  expect(await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.active ?? null)).toBeNull();
});

test('it can be given up, and is not made again until it is asked for', async () => {
  const page = await app.open({ offline: true, hash: '#/privacy' });
  await saved(page);
  await page.getByRole('button', { name: 'Give them up' }).click();
  await page.getByText('its files are not saved here').waitFor();
  expect(await page.evaluate(() => caches.keys())).toEqual([]);
  await page.reload();
  await page.getByText('its files are not saved here').waitFor();
  await page.waitForTimeout(6000);
  expect(await page.evaluate(() => caches.keys())).toEqual([]);
  await page.getByRole('button', { name: 'Save them now' }).click();
  await saved(page);
});

test('a browser finds nothing that keeps it from being installed', async () => {
  const page = await app.open({ offline: true });
  await saved(page);
  const session = await page.context().newCDPSession(page);
  const { errors, data } = await session.send('Page.getAppManifest');
  expect(errors).toEqual([]);
  expect(JSON.parse(data!)).toMatchObject({ name: 'Lathe', start_url: './', display: 'standalone' });
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  // a context of a test counts as a private window
  expect(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito')).toEqual([]);
  for (const { src } of JSON.parse(data!).icons as { src: string }[]) {
    expect((await page.request.get(new URL(src, app.url).href)).ok(), src).toBe(true);
  }
});
