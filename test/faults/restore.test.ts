// Backups of some size: what is restored has the hashes that it had, and a browser that is killed in the middle of it
// leaves all of it or nothing, and cleans up when it is opened again.

import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { DATASETS, VERSIONS, writeBlobs, type Written } from '../../scripts/benchStore/blobs.ts';
import { writableTo } from '../../scripts/benchStore/files.ts';
import { createRandom } from '../../src/base/random.ts';
import { visiting } from './chrome.ts';
import { fault, TRIAL_MS } from './rows.ts';
import { openSite, type Site } from './site.ts';

const SIZE_BYTES = 40e6;
/** What a restore of this takes on a slow machine; a kill comes somewhere in it. */
const RESTORE_MS = 1500;
/** Lathe cleans up once its page has what it shows first. */
const PATIENCE = { timeout: 20_000 };

let folder: string;
let site: Site;
let written: Written;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lathe-backup-'));
  written = await writeBlobs(folder, join(folder, 'large.zip'), SIZE_BYTES);
  site = await openSite((request, response) => {
    const name = /^\/backups\/([\w.]+)$/.exec(request.url ?? '')?.[1];
    if (!name) return false;
    if (request.method === 'POST') void saveBody(request, name).then(() => response.end());
    else createReadStream(join(folder, name)).pipe(response);
    return true;
  });
});
afterAll(async () => {
  await site.close();
  rmSync(folder, { recursive: true, force: true });
});

async function saveBody(body: AsyncIterable<Uint8Array>, name: string): Promise<void> {
  const writer = writableTo(join(folder, name)).getWriter();
  for await (const piece of body) await writer.write(piece);
  await writer.close();
}

function restore(page: Page, name: string): Promise<void> {
  return page.evaluate(async (name) => {
    const blob = await (await fetch(`/backups/${name}`)).blob();
    await window.lathe.restore(new File([blob], name));
  }, name);
}

/** The files of Lathe's folder, by their paths; those of the ledger and of the room in reserve left out. */
function listFiles(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const found: string[] = [];
    const walk = async (folder: FileSystemDirectoryHandle, path: string) => {
      for await (const [name, handle] of folder.entries()) {
        if (handle.kind === 'file') found.push(path + name);
        else await walk(handle, `${path}${name}/`);
      }
    };
    const top = await navigator.storage.getDirectory();
    await walk(await top.getDirectoryHandle('lathe', { create: true }), '');
    return found.filter((path) => !/^(ledger\.json|reserve|journal\/\d+\.json)$/.test(path)).sort();
  });
}

/** Every data set, version and run, as the verbs tell them. */
const readAll = (page: Page) =>
  page.evaluate(async () => {
    const [datasets, versions, runs] = [
      await window.lathe.datasets(),
      await window.lathe.versions(),
      await window.lathe.runs(),
    ];
    return { datasets, versions, runs };
  });

const blobPaths = () => written.blobs.map((hash) => `blobs/${hash.slice(0, 2)}/${hash}`);

async function expectWhole(page: Page): Promise<void> {
  const { datasets, versions, runs } = await readAll(page);
  expect([datasets.length, versions.length, runs.length]).toEqual([DATASETS, VERSIONS, VERSIONS]);
  await expect.poll(() => listFiles(page), PATIENCE).toEqual(blobPaths());
  const report = await page.evaluate(() => window.lathe.audit());
  expect(report).toMatchObject({ blobs: written.blobs.length, bytes: written.sizeBytes, repaired: [], damaged: [] });
}

test(
  'what was backed up, wiped and restored has the same hashes, and the backup goes with its page',
  async () => {
    await visiting(async (visit) => {
      const page = await site.open(visit.chrome.context);
      await restore(page, 'large.zip');
      await expectWhole(page);
      const before = await readAll(page);
      await page.evaluate(async () => {
        const { file } = await window.lathe.backup();
        await fetch('/backups/again.zip', { method: 'POST', body: file });
      });
      expect((await listFiles(page)).some((path) => path.startsWith('temporary/'))).toBe(true);
      await visit.reopen();
      const later = await site.open(visit.chrome.context);
      await expect.poll(() => listFiles(later), PATIENCE).toEqual(blobPaths()); // the backup, which nobody could lock, is gone

      await later.close();
      await site.clear(visit.chrome.context);
      const wiped = await site.open(visit.chrome.context);
      expect(await readAll(wiped)).toEqual({ datasets: [], versions: [], runs: [] });
      await restore(wiped, 'again.zip');
      await expectWhole(wiped);
      expect(await readAll(wiped)).toEqual(before);
    });
  },
  2 * TRIAL_MS,
);

fault(
  'browser killed in mid-restore',
  20,
  'shows all of it or nothing, removes what is left over, and can be restored again',
  (n) =>
    visiting(async (visit) => {
      const page = await site.open(visit.chrome.context);
      let acknowledged = false;
      restore(page, 'large.zip').then(
        () => (acknowledged = true),
        () => {}, // it ends with its browser
      );
      await new Promise((resolve) => setTimeout(resolve, createRandom(n).below(RESTORE_MS)));
      const wasAcknowledged = acknowledged;
      await visit.chrome.kill();
      await visit.reopen();

      const later = await site.open(visit.chrome.context);
      const { datasets, versions, runs } = await readAll(later);
      const counts = [datasets.length, versions.length, runs.length];
      const all = [DATASETS, VERSIONS, VERSIONS];
      expect(wasAcknowledged ? [all] : [all, [0, 0, 0]]).toContainEqual(counts);
      await expect.poll(() => listFiles(later), PATIENCE).toEqual(counts[0] === 0 ? [] : blobPaths());
      expect(await later.evaluate(() => window.lathe.incident())).toBeNull();
      await restore(later, 'large.zip');
      await expectWhole(later);
    }),
);
