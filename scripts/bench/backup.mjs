// Backup, wipe and restore of a large workspace (3 data sets, 20 versions, 2 GB of random bytes), in the built page and
// a profile on disk: seconds, MB/s, and whether memory is flat meanwhile. The peers move the same bytes within the same
// files of the browser and do nothing else: all blobs into one file, and one file into as many as there are blobs.
// Afterwards every hash is held against what was written. Arguments: gigabytes (2 without).

import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { chromium } from 'playwright-core';
import { loadModule } from '../benchStore/load.mjs';
import { watchMemory } from '../benchStore/memory.mjs';
import { CHROMIUM_ARGS } from '../chromium.mjs';
import { serveFolder } from '../serve.mjs';

/** Peak of memory above what it was at the start, at most. */
const FLAT_MB = 200;

/** Runs in the page: puts the chosen file back. */
async function restore() {
  const [file] = document.querySelector('#backup').files;
  const startedAt = performance.now();
  await window.lathe.restore(file);
  return performance.now() - startedAt;
}

/** Runs in the page: makes a backup, and keeps it for `handOut`. */
async function backup() {
  const startedAt = performance.now();
  window.made = (await window.lathe.backup()).file;
  return performance.now() - startedAt;
}

/** Runs in the page: sends the backup to the disk. */
async function handOut() {
  const response = await fetch('/again.zip', { method: 'POST', body: window.made });
  if (!response.ok) throw new Error(`the backup was not taken: ${response.status}`);
}

/** Runs in the page: the blobs' names, sorted. */
async function listBlobs() {
  const top = await (await navigator.storage.getDirectory()).getDirectoryHandle('lathe');
  const names = [];
  for await (const folder of (await top.getDirectoryHandle('blobs')).values()) {
    for await (const name of folder.keys()) names.push(name);
  }
  return names.sort();
}

/** Runs in the page: the peer of `direction`; the file `one` lies between the two. */
async function copy(direction) {
  const root = await navigator.storage.getDirectory();
  const blobs = await (await root.getDirectoryHandle('lathe')).getDirectoryHandle('blobs');
  const files = [];
  for await (const folder of blobs.values()) {
    for await (const handle of folder.values()) files.push(await handle.getFile());
  }
  const peer = await root.getDirectoryHandle('peer', { create: true });
  const startedAt = performance.now();
  const one = await peer.getFileHandle('one', { create: true });
  if (direction === 'into one') {
    const to = await one.createWritable();
    for (const file of files) await file.stream().pipeTo(to, { preventClose: true });
    await to.close();
  } else {
    const from = await one.getFile();
    let at = 0;
    for (const { name, size } of files) {
      const part = from.slice(at, (at += size));
      await part.stream().pipeTo(await (await peer.getFileHandle(name, { create: true })).createWritable());
    }
    await root.removeEntry('peer', { recursive: true });
  }
  return performance.now() - startedAt;
}

export default async function measure({ dist, executablePath, args = [] }) {
  const sizeBytes = Number(args[0] ?? 2) * 1e9;
  const folder = mkdtempSync(join(tmpdir(), 'lathe-bench-'));
  const profile = join(folder, 'profile');
  const original = join(folder, 'original.zip');
  const again = join(folder, 'again.zip');
  const server = await serveFolder(dist, 0, (request, response) => {
    if (request.method !== 'POST') return false;
    pipeline(request, createWriteStream(again)).then(
      () => response.end(),
      () => response.destroy(),
    );
    return true;
  });
  let context;
  const rows = [];
  const ratios = {};
  try {
    const { writeBlobs } = await loadModule('blobs');
    const written = await writeBlobs(folder, original, sizeBytes);
    console.log(`${written.blobs.length} blobs, ${Math.round(written.sizeBytes / 1e6)} MB`);
    context = await chromium.launchPersistentContext(profile, { executablePath, args: CHROMIUM_ARGS });

    async function openPage() {
      const page = await context.newPage();
      page.setDefaultTimeout(0);
      await page.goto(server.url);
      await page.waitForFunction(() => window.lathe);
      await page.evaluate(() => window.lathe.datasets());
      await page.evaluate(() => document.body.append(Object.assign(document.createElement('input'), { type: 'file', id: 'backup' }))); // prettier-ignore
      return page;
    }
    /** Runs `work` in the page, which tells how many milliseconds it took. */
    async function timed(page, what, work, argument) {
      const memory = await watchMemory(page, profile);
      const ms = await page.evaluate(work, argument);
      const used = await memory.stop();
      const row = { what, seconds: Math.round(ms / 100) / 10, MBperSecond: Math.round(written.sizeBytes / 1e3 / ms) };
      for (const [name, { startMB, peakMB }] of Object.entries(used)) row[`${name}, MB`] = `${startMB} to ${peakMB}`;
      rows.push(row);
      console.log(JSON.stringify(row));
      const growth = Math.max(...Object.values(used).map(({ startMB, peakMB }) => peakMB - startMB));
      if (!what.startsWith('peer')) ratios[`${what}: most memory above its start, MB (bar ${FLAT_MB})`] = growth;
      return ms;
    }
    async function expectAll(page) {
      const names = await page.evaluate(listBlobs);
      const { blobs, bytes, damaged } = await page.evaluate(() => window.lathe.audit());
      const isWhole = JSON.stringify(names) === JSON.stringify(written.blobs) && blobs === names.length;
      if (!isWhole || bytes !== written.sizeBytes || damaged.length > 0) {
        throw new Error(`other blobs than were written: ${names.length}, ${bytes} bytes, ${damaged.join(', ')}`);
      }
    }

    const page = await openPage();
    await page.setInputFiles('#backup', original);
    await timed(page, 'restore into an empty workspace', restore);
    await expectAll(page);
    rmSync(original);
    const peerBackup = await timed(page, 'peer: all blobs copied into one file', copy, 'into one');
    const backupMs = await timed(page, 'backup', backup);
    await page.evaluate(handOut);
    await page.evaluate(async () => (await navigator.storage.getDirectory()).removeEntry('peer', { recursive: true }));

    const session = await context.newCDPSession(page);
    const origin = new URL(server.url).origin;
    await page.goto('about:blank');
    await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'all' });
    await page.close();
    const wiped = await openPage();
    if ((await wiped.evaluate(() => window.lathe.versions())).length > 0) throw new Error('it was not wiped');
    await wiped.setInputFiles('#backup', again);
    const restoreMs = await timed(wiped, 'restore after the wipe', restore);
    await expectAll(wiped);
    await wiped.evaluate(copy, 'into one');
    const peerRestore = await timed(wiped, 'peer: one file copied into as many', copy, 'out of one');
    ratios['backup / peer, time'] = Math.round((backupMs / peerBackup) * 100) / 100;
    ratios['restore / peer, time'] = Math.round((restoreMs / peerRestore) * 100) / 100;
    return { rows, ratios };
  } finally {
    await context?.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
}
