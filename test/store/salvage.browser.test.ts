// After something was lost: what is noticed, what comes back, what is said to be lost; and the audit that looks for it.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { audit, readAudit } from '../../src/store/audit.ts';
import { listDatasets, readTable, removeDataset, saveDataset } from '../../src/store/datasets.ts';
import { auditWhenIdle } from '../../src/store/idleAudit.ts';
import { setAlias } from '../../src/store/aliases.ts';
import { addRun, listRuns, removeRun } from '../../src/store/runs.ts';
import { salvage } from '../../src/store/salvage.ts';
import {
  changeVersion,
  listVersions,
  readTrained,
  readVersion,
  removeVersion,
  saveVersion,
} from '../../src/store/versions.ts';
import { createWorkspace, type Workspace } from '../../src/store/workspace.ts';
import { eraseFolder, eraseWorkspace } from './erase.ts';
import { datasetOf, newRun, trained, versionOf } from './fixtures.ts';

let name: string;
let workspace: Workspace;
let open: Workspace[];
let count = 0;

beforeEach(() => {
  name = `salvage test ${++count}`;
  open = [];
  workspace = reopened();
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const each of open) await each.close();
  await eraseWorkspace(name);
});

function reopened(now?: () => number): Workspace {
  const tab = createWorkspace(name, { now });
  open.push(tab);
  return tab;
}

async function addVersion(model: string) {
  return saveVersion(workspace, versionOf(model), trained, await addRun(workspace, newRun));
}

/** A data set, two versions with an alias and a note, a removed version, a removed data set, a failed run. */
async function fill(): Promise<void> {
  await saveDataset(workspace, datasetOf('d1').dataset, datasetOf('d1').content);
  await saveDataset(workspace, datasetOf('gone').dataset, datasetOf('gone').content);
  await addVersion('a');
  await addVersion('a');
  await removeVersion(workspace, (await addVersion('b')).id);
  await removeDataset(workspace, 'gone');
  await setAlias(workspace, 'a', 'champion', 2);
  await changeVersion(workspace, 'a@1', { note: 'kept' });
  await addRun(workspace, { ...newRun, state: 'failed' });
}

async function contents(ws: Workspace): Promise<unknown> {
  return [await listDatasets(ws), await listRuns(ws), await listVersions(ws)];
}

async function deleteDatabase(): Promise<void> {
  await new Promise((resolve) => (indexedDB.deleteDatabase(name).onsuccess = resolve));
}

async function inDatabase(change: (transaction: IDBTransaction) => void): Promise<void> {
  const db = (await workspace.open()) as unknown as IDBDatabase;
  const transaction = db.transaction(['records', 'summary'], 'readwrite');
  change(transaction);
  await new Promise((resolve) => (transaction.oncomplete = resolve));
  await workspace.close();
}

async function topFolder(...path: string[]): Promise<FileSystemDirectoryHandle> {
  let folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(name);
  for (const each of path) folder = await folder.getDirectoryHandle(each);
  return folder;
}

async function damageFile(folder: FileSystemDirectoryHandle, file: string): Promise<void> {
  const writable = await (await folder.getFileHandle(file)).createWritable({ keepExistingData: true });
  await writable.write({ type: 'write', position: 70, data: '?' });
  await writable.close();
}

/** After it everything is whole, can be written to, and stays whole. */
async function expectWhole(ws: Workspace): Promise<void> {
  expect(await ws.incident()).toBeNull();
  const { repaired } = await audit(ws);
  expect(repaired).toEqual([]);
  const { id } = await saveVersion(ws, versionOf('later'), trained, await addRun(ws, newRun));
  expect(id).toBe('later@1');
  await ws.close();
  const again = reopened();
  expect(await again.incident()).toBeNull();
  expect((await readVersion(again, id)).id).toBe(id);
}

describe('salvage', () => {
  it('brings everything back where the database was wiped', async () => {
    await fill();
    const before = await contents(workspace);
    await workspace.close();
    await deleteDatabase();
    workspace = reopened();
    expect(await workspace.incident()).toMatchObject({ kind: 'wiped' });
    const report = await salvage(workspace);
    expect(report).toMatchObject({ lost: [], records: { dataset: 1, version: 2, model: 2, run: 4, recipe: 1 } });
    expect(await contents(workspace)).toEqual(before);
    expect((await readTable(workspace, 'd1')).table.rows).toBe(2);
    expect(await readTrained(workspace, await readVersion(workspace, 'a@champion'))).toEqual(trained);
    expect((await addRun(workspace, newRun)).id).toBe(5);
    await expectWhole(workspace);
  });

  it('brings back the records that a halved database has lost', async () => {
    await fill();
    const before = await contents(workspace);
    await inDatabase((transaction) => {
      const records = transaction.objectStore('records');
      for (const key of [
        ['version', '1'],
        ['dataset', 'd1'],
        ['run', '2'],
      ])
        records.delete(key);
    });
    workspace = reopened();
    expect(await workspace.incident()).toMatchObject({ kind: 'halved' });
    expect(await salvage(workspace)).toMatchObject({ recovered: 3, lost: [] });
    expect(await contents(workspace)).toEqual(before);
    await expectWhole(workspace);
  });

  it('brings back the changes that a database which is behind has lost, removals too', async () => {
    await fill();
    const db = await workspace.open();
    const [records, summary] = [await db.getAll('records'), (await db.get('summary', 'now'))!];
    await changeVersion(workspace, 'a@2', { note: 'the last one' });
    await removeVersion(workspace, 'a@1');
    const before = await contents(workspace);
    await inDatabase((transaction) => {
      for (const record of records) transaction.objectStore('records').put(record);
      transaction.objectStore('summary').put(summary, 'now');
    });
    workspace = reopened();
    expect(await workspace.incident()).toMatchObject({ kind: 'behind' });
    expect((await salvage(workspace)).lost).toEqual([]);
    expect(await contents(workspace)).toEqual(before);
    await expectWhole(workspace);
  });

  it('rebuilds a database that the browser cannot open', async () => {
    await fill();
    const before = await contents(workspace);
    await workspace.close();
    const open = vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
      throw new DOMException('Internal error opening backing store', 'UnknownError');
    });
    const { deleteDatabase } = IDBFactory.prototype;
    vi.spyOn(IDBFactory.prototype, 'deleteDatabase').mockImplementation(function (this: IDBFactory, name) {
      open.mockRestore();
      return deleteDatabase.call(this, name);
    });
    workspace = reopened();
    expect(await workspace.incident()).toMatchObject({ kind: 'unreadable', expected: { version: 2 } });
    await expect(listVersions(workspace)).rejects.toMatchObject({ name: 'UserError' });
    expect((await salvage(workspace)).lost).toEqual([]);
    expect(await contents(workspace)).toEqual(before);
    await expectWhole(workspace);
  });

  it('takes what a database that is damaged in part still gives', async () => {
    await fill();
    const before = await contents(workspace);
    const { get, getAll } = IDBObjectStore.prototype;
    const broken = () => {
      throw new DOMException('read error', 'UnknownError');
    };
    vi.spyOn(IDBObjectStore.prototype, 'getAll').mockImplementation(function (this: IDBObjectStore, ...args) {
      return this.name === 'records' ? broken() : getAll.apply(this, args);
    });
    vi.spyOn(IDBObjectStore.prototype, 'get').mockImplementation(function (this: IDBObjectStore, key) {
      return String(key).startsWith('version') ? broken() : get.call(this, key);
    });
    await expect(listVersions(workspace)).rejects.toMatchObject({ name: 'UserError' });
    expect(await workspace.incident()).toMatchObject({ kind: 'unreadable' });
    const { deleteDatabase } = IDBFactory.prototype;
    vi.spyOn(IDBFactory.prototype, 'deleteDatabase').mockImplementation(function (this: IDBFactory, name) {
      vi.restoreAllMocks();
      return deleteDatabase.call(this, name);
    });
    expect((await salvage(workspace)).lost).toEqual([]);
    expect(await contents(workspace)).toEqual(before);
    await expectWhole(workspace);
  });

  it('makes a second copy anew where that is gone, and goes on from the last run', async () => {
    await fill();
    const before = await contents(workspace);
    const journal = await topFolder('journal');
    for await (const file of journal.keys()) await journal.removeEntry(file);
    await (await topFolder()).removeEntry('ledger.json');
    await workspace.close();
    workspace = reopened();
    expect(await workspace.incident()).toMatchObject({ kind: 'ledgerLost' });
    expect(await salvage(workspace)).toMatchObject({ recovered: 0, lost: [] });
    expect(await contents(workspace)).toEqual(before);
    await workspace.close();
    await deleteDatabase();
    workspace = reopened();
    await salvage(workspace);
    expect(await contents(workspace)).toEqual(before);
    await expectWhole(workspace);
  });

  it('says what is lost in both, and gives a version its model back', async () => {
    await fill();
    const { id } = await addVersion('lone');
    await changeVersion(workspace, id, { note: 'in an entry of its own' });
    const db = await workspace.open();
    const lost = [await db.get('records', ['model', 'lone']), await db.get('records', ['dataset', 'd1'])];
    const weights = (await workspace.read('version', '1'))!.trained!;
    await workspace.close();
    await deleteDatabase();
    for (const record of lost) await damageFile(await topFolder('journal'), `${record!.sequence}.json`);
    await (await topFolder('blobs', weights.slice(0, 2))).removeEntry(weights);
    workspace = reopened();
    expect((await salvage(workspace)).lost.toSorted()).toEqual([
      '1 of 1 data sets',
      '1 of 3 models',
      "weights of version 'a@1'",
      "weights of version 'a@2'",
      "weights of version 'lone@1'",
    ]);
    expect((await listVersions(workspace)).map(({ id, note }) => [id, note])).toEqual([
      ['a@1', 'kept'],
      ['a@2', ''],
      ['lone@1', 'in an entry of its own'],
    ]);
    expect((await addVersion('lone')).id).toBe('lone@2');
    await expectWhole(workspace);
  });

  it('says that nothing tells what was there, where both are gone', async () => {
    await fill();
    await deleteDatabase();
    await eraseFolder(name);
    await expect.poll(async () => (await workspace.incident())?.kind).toBe('wiped'); // this page was open and remembers
    const { lost } = await salvage(workspace);
    expect(lost).toContain('2 of 2 versions');
    await expectWhole(workspace);
  });

  it('that finds no room leaves everything as it was', async () => {
    await fill();
    const before = await contents(workspace);
    await workspace.close();
    await deleteDatabase();
    workspace = reopened();
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    await expect(salvage(workspace)).rejects.toThrow('no room');
    put.mockRestore();
    expect(await workspace.incident()).toMatchObject({ kind: 'wiped' });
    await salvage(workspace);
    expect(await contents(workspace)).toEqual(before);
  });
});

describe('the audit', () => {
  it('finds everything sound in what is sound, and tells how far it is', async () => {
    await fill();
    const told: number[] = [];
    const report = await audit(workspace, { onProgress: ({ blobsDone }) => told.push(blobsDone) });
    expect(report).toMatchObject({ repaired: [], damaged: [], blobs: 3 });
    expect(told).toEqual([1, 2, 3]);
    expect(await readAudit(workspace)).toEqual(report);
  });

  it('stops where it is told to', async () => {
    await fill();
    const abort = new AbortController();
    const stopped = audit(workspace, { signal: abort.signal, onProgress: () => abort.abort() });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    expect(await readAudit(workspace)).toBeNull();
  });

  it('leaves nothing in the journal that only tells of what was removed', async () => {
    await removeRun(workspace, (await addRun(workspace, { ...newRun, state: 'failed' })).id);
    expect(await workspace.ledger.entries()).toEqual([2]);
    const { id } = await addVersion('a');
    await removeVersion(workspace, id);
    await audit(workspace);
    expect(await workspace.ledger.entries()).toEqual([3, 4, 5]); // the recipe's, the model's, and that its version is gone from it
    await expectWhole(workspace);
  });

  it('puts right what is damaged in one copy', async () => {
    await fill();
    const before = await contents(workspace);
    const db = await workspace.open();
    const run = (await db.get('records', ['run', '1']))!;
    const alias = (await db.get('records', ['model', 'a']))!;
    await inDatabase((transaction) => {
      transaction.objectStore('records').put({ ...run, json: run.json.replace('1', '2') });
    });
    await damageFile(await topFolder('journal'), `${alias.sequence}.json`);
    workspace = reopened();
    expect(await contents(workspace)).toEqual(before); // the second copy stands in
    const { repaired, damaged } = await audit(workspace);
    expect([repaired.toSorted(), damaged]).toEqual([["model 'a'", 'run 1'], []]);
    expect(await contents(workspace)).toEqual(before);
    await expectWhole(workspace);
  });

  it('sets aside what is damaged in both copies, names it, and leaves the rest usable', async () => {
    await fill();
    const record = (await (await workspace.open()).get('records', ['dataset', 'd1']))!;
    await inDatabase((transaction) => {
      transaction.objectStore('records').put({ ...record, json: record.json.replace('number', 'rubber') });
    });
    await damageFile(await topFolder('journal'), `${record.sequence}.json`);
    workspace = reopened();
    expect(await listDatasets(workspace)).toEqual([]);
    expect((await audit(workspace)).damaged).toEqual(["data set 'data d1'"]);
    expect(await listVersions(workspace)).toHaveLength(2);
    const aside: string[] = [];
    for await (const file of (await topFolder('aside')).keys()) aside.push(file);
    expect(aside).toHaveLength(1);
    await saveDataset(workspace, datasetOf('d1').dataset, datasetOf('d1').content);
    expect((await readTable(workspace, 'd1')).table.rows).toBe(2);
    await expectWhole(workspace);
  });

  it('names blobs that are damaged or gone', async () => {
    await fill();
    const { trained: weights } = (await workspace.read('version', '1'))!;
    const { content } = (await workspace.read('dataset', 'd1'))! as { content: { source: string } };
    await damageFile(await topFolder('blobs', weights!.slice(0, 2)), weights!);
    await workspace.blobs.remove(content.source);
    const { damaged } = await audit(workspace);
    expect(damaged.toSorted()).toEqual([
      "content of data set 'data d1' (missing)",
      "weights of version 'a@1' (damaged)",
    ]);
  });

  it('waits for an incident to be dealt with', async () => {
    await fill();
    await workspace.close();
    await deleteDatabase();
    await expect(audit(reopened())).rejects.toThrow('Salvage');
  });
});

describe('the audit in idle time', () => {
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  it('runs once a day, goes on where it was left, and never while there is something to do', async () => {
    await fill();
    let now = Date.now();
    let busy = true;
    const tab = reopened(() => now);
    const stop = new AbortController();
    const check = vi.spyOn(tab.blobs, 'check');
    const idle = auditWhenIdle(tab, { isBusy: () => busy, lookEveryMs: 5, signal: stop.signal });
    await wait(50);
    expect(await readAudit(tab)).toBeNull();
    check.mockImplementationOnce(async () => {
      busy = true; // one blob, then there is something to do
      return { state: 'sound', sizeBytes: 0 };
    });
    busy = false;
    await expect.poll(() => check.mock.calls.length).toBe(1);
    await wait(50);
    expect(check).toHaveBeenCalledTimes(1);
    stop.abort();
    await idle;

    const again = new AbortController();
    busy = false;
    const later = auditWhenIdle(tab, { isBusy: () => busy, lookEveryMs: 5, signal: again.signal });
    await expect.poll(() => readAudit(tab)).toMatchObject({ blobs: 3 });
    expect(new Set(check.mock.calls.map(([hash]) => hash)).size).toBe(3);
    expect(check).toHaveBeenCalledTimes(3);
    await wait(50);
    expect(check).toHaveBeenCalledTimes(3);
    now += 25 * 60 * 60 * 1000;
    await expect.poll(() => check.mock.calls.length).toBe(6);
    await expect.poll(async () => (await readAudit(tab))?.finishedAt).toBe(now);
    now -= 10 * 365 * 24 * 60 * 60 * 1000; // the clock is set back
    await expect.poll(() => check.mock.calls.length).toBe(9);
    again.abort();
    await later;
  });
});
