// The page that lists what ships, against the packages that the project depends on.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DIST, launchApp, type App } from './app.ts';

let app: App;
beforeAll(async () => {
  app = await launchApp();
});
afterAll(() => app.close());

test('every dependency of the page is listed with its licence, and its text opens', async () => {
  const { dependencies } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8'));
  const page = await app.open({ hash: '#/about' });
  await page.getByRole('heading', { level: 1, name: 'What Lathe is made of' }).waitFor();
  await page.getByText('svelte', { exact: true }).waitFor();
  for (const name of Object.keys(dependencies)) {
    expect(await page.getByText(name, { exact: true }).count(), name).toBeGreaterThan(0);
  }
  await page.getByText('idb', { exact: true }).click();
  await page.getByRole('region', { name: 'Licence of idb' }).getByText('Permission to use').waitFor();
  await page.context().close();
  expect(app.complaints).toEqual([]);
});

test('every package of which the source maps of a build know a source is in the list, with the text of its licence', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lathe-maps-'));
  try {
    const build = ['scripts/tool.mjs', 'vite', 'build', '--sourcemap', '--outDir', folder, '--logLevel', 'warn'];
    const { status, stderr } = spawnSync(process.execPath, build, { cwd: resolve(DIST, '..'), encoding: 'utf8' });
    expect(status, stderr).toBe(0);
    const maps = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.map'));
    expect(maps.length).toBeGreaterThan(20);
    const sources = maps.flatMap((path) => JSON.parse(readFileSync(join(folder, path), 'utf8')).sources as string[]);
    const inBuild = new Set(
      sources.flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.slice(1, 2) ?? []),
    );
    const listed = JSON.parse(readFileSync(join(DIST, 'licenses.json'), 'utf8')) as { name: string; text: string }[];
    expect(inBuild.size).toBeGreaterThan(10);
    expect([...inBuild].filter((name) => !listed.some((each) => each.name === name))).toEqual([]);
    expect(listed.filter(({ text }) => text.length < 500).map(({ name }) => name)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
