// The workspace under a passphrase: nothing of it is in the clear, nothing of it is lost, wherever it is cut off.

import { openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { audit } from '../../src/store/audit.ts';
import { backupWorkspace } from '../../src/store/backup.ts';
import { cleanUp } from '../../src/store/cleanUp.ts';
import { listDatasets, readTable, saveDataset } from '../../src/store/datasets.ts';
import { setAlias } from '../../src/store/aliases.ts';
import { readModels, renameModel } from '../../src/store/models.ts';
import { readBackup } from '../../src/store/readBackup.ts';
import { restoreBackup } from '../../src/store/restore.ts';
import { addRun, listRuns } from '../../src/store/runs.ts';
import { salvage } from '../../src/store/salvage.ts';
import { eraseWorkspace as eraseAll, finishSealing, setPassphrase } from '../../src/store/sealing.ts';
import { readUsage } from '../../src/store/usage.ts';
import { changeVersion, listVersions, readTrained, saveVersion } from '../../src/store/versions.ts';
import { createWorkspace, type Workspace } from '../../src/store/workspace.ts';
import { eraseWorkspace } from './erase.ts';
import { datasetOf, newRun, trained, versionOf } from './fixtures.ts';

const NAME = 'Zitronenfalter'; // in the names, notes and cells of what is kept here
const ID = 'd1'.padEnd(64, '0');
const PASSPHRASE = 'four quiet paper boats';
let name: string;
let open: Workspace[];
let count = 0;

beforeEach(() => {
  name = `sealing test ${++count}`;
  open = [];
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const each of open) await each.close();
  await eraseWorkspace(name);
  await eraseWorkspace(`${name} sealed`);
});

/** As another tab, or a later visit, has it. */
function anotherTab(): Workspace {
  const tab = createWorkspace(name);
  open.push(tab);
  return tab;
}

async function fill(ws: Workspace): Promise<void> {
  const { dataset, content } = datasetOf('d1');
  const source = new Blob([`${NAME},y\n1,2\n`]);
  await saveDataset(ws, { ...dataset, id: ID, name: NAME }, { ...content, source } as typeof content);
  await saveVersion(ws, versionOf(NAME), trained, await addRun(ws, { ...newRun, datasetName: NAME }));
  await setAlias(ws, NAME, 'champion', 1);
  await changeVersion(ws, `${NAME}@champion`, { note: NAME });
}

/** All that `fill` has kept, read anew. */
async function expectEverything(ws: Workspace): Promise<void> {
  expect(await ws.incident()).toBeNull();
  expect((await listDatasets(ws)).map((each) => each.name)).toEqual([NAME]);
  expect(await (await readTable(ws, ID)).source.text()).toBe(`${NAME},y\n1,2\n`);
  expect(await readModels(ws)).toMatchObject([
    { name: NAME, lastNumber: 1, numbers: [1], aliases: [{ name: 'champion', number: 1 }] },
  ]);
  const [version] = await listVersions(ws);
  expect([version.id, version.note, version.aliases]).toEqual([`${NAME}@1`, NAME, ['champion']]);
  expect(await readTrained(ws, version)).toEqual(trained);
  expect((await listRuns(ws)).map(({ versionId }) => versionId)).toEqual([`${NAME}@1`]);
  expect((await audit(ws)).damaged).toEqual([]);
}

/** What lies in the databases and the files, as text. */
async function everythingOnDisk(): Promise<string> {
  const texts: string[] = [];
  for (const { name: database } of await indexedDB.databases()) {
    if (!database!.startsWith(name)) continue;
    const db = await openDB(database!);
    for (const store of db.objectStoreNames) {
      texts.push(JSON.stringify([await db.getAllKeys(store), await db.getAll(store)]));
    }
    db.close();
  }
  const walk = async (folder: FileSystemDirectoryHandle): Promise<void> => {
    for await (const [each, handle] of folder.entries()) {
      texts.push(each);
      if (handle.kind === 'directory') await walk(handle);
      else texts.push(await (await handle.getFile()).text());
    }
  };
  await walk(await (await navigator.storage.getDirectory()).getDirectoryHandle(name));
  return texts.join('\n');
}

async function sealed(): Promise<Workspace> {
  const ws = anotherTab();
  await fill(ws);
  await setPassphrase(ws, PASSPHRASE, undefined);
  return ws;
}

async function unlocked(passphrase = PASSPHRASE): Promise<Workspace> {
  const ws = anotherTab();
  await ws.keyring.unlock(passphrase);
  return ws;
}

describe('a sealed workspace', () => {
  it('has nothing in the clear, and all of it once it is unlocked', async () => {
    const ws = anotherTab();
    await fill(ws);
    expect(await everythingOnDisk()).toContain(NAME);
    const told: number[] = [];
    await setPassphrase(ws, PASSPHRASE, undefined, { onProgress: ({ filesDone }) => told.push(filesDone) });
    expect(told).toEqual([0, 1, 2, 3]);
    await expectEverything(ws);
    expect(await everythingOnDisk()).not.toContain(NAME);
    const locked = anotherTab();
    await expect(listDatasets(locked)).rejects.toMatchObject({
      code: 'missing',
      message: expect.stringContaining('locked'),
    });
    await expect(locked.keyring.unlock('another')).rejects.toMatchObject({ code: 'invalid' });
    await locked.keyring.unlock(PASSPHRASE);
    await expectEverything(locked);
    ws.keyring.lock();
    await ws.reopen();
    await expect(listVersions(ws)).rejects.toThrow('locked');
  });

  it('goes on: what is saved, renamed, removed and restored is sealed too', async () => {
    const ws = await sealed();
    const told: string[][] = [];
    ws.onCommitted = (kinds) => told.push(kinds);
    await changeVersion(ws, `${NAME}@1`, { note: NAME });
    expect(told).toEqual([]);
    await renameModel(ws, NAME, `${NAME} 2`);
    const { id } = await saveVersion(
      ws,
      versionOf(`${NAME} 2`),
      { ...trained, dummy: { mean: 7 } },
      await addRun(ws, newRun),
    );
    expect(id).toBe(`${NAME} 2@2`);
    expect((await readUsage(ws)).models).toMatchObject([{ name: `${NAME} 2`, versions: 2 }]);
    expect((await readUsage(ws)).unused.files).toBe(0);
    expect(await cleanUp(ws, ['files'])).toEqual([]);
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    const to = new WritableStream<Uint8Array>({ write: (chunk) => void chunks.push(new Uint8Array(chunk)) });
    await backupWorkspace(ws, to, { app: 'test', models: null });
    await eraseAll(ws);
    expect(await listDatasets(ws)).toEqual([]);
    await setPassphrase(ws, 'another', undefined);
    const backup = await (await readBackup(new File(chunks, 'backup.zip'))).open();
    expect((await restoreBackup(ws, backup)).damaged).toEqual([]);
    expect((await listVersions(await unlocked('another'))).map((version) => version.id)).toEqual([`${NAME} 2@1`, id]);
    expect(await everythingOnDisk()).not.toContain(NAME);
  });

  it('is salvaged from its second copy when its database was wiped, and finds its header in a copy', async () => {
    const ws = await sealed();
    await ws.close();
    await new Promise((resolve) => (indexedDB.deleteDatabase(`${name} sealed`).onsuccess = resolve));
    await (await anotherTab().folder()).removeEntry('seal.json');
    const later = anotherTab();
    expect(await later.incident()).toMatchObject({ kind: 'wiped', expected: { version: 1 } }); // no key is needed to see it
    await expect(salvage(later)).rejects.toThrow('locked');
    await later.keyring.unlock(PASSPHRASE);
    expect(await later.incident()).toMatchObject({ kind: 'wiped' });
    expect(await salvage(later)).toMatchObject({ lost: [] });
    await expectEverything(later);
    await expectEverything(await unlocked());
    expect(await everythingOnDisk()).not.toContain(NAME);
  });

  it('tells a damaged file, and of what it is', async () => {
    const ws = await sealed();
    const [hash] = await ws.blobs.listBy(true);
    const folder = await (await (await ws.folder()).getDirectoryHandle('blobs')).getDirectoryHandle(hash.slice(0, 2));
    const handle = await folder.getFileHandle(`${hash}.sealed`);
    const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
    bytes[bytes.length - 1] ^= 1;
    const writable = await handle.createWritable();
    await writable.write(bytes);
    await writable.close();
    const { damaged } = await audit(await unlocked());
    expect(damaged).toHaveLength(1);
    expect(damaged[0]).toContain(NAME);
  });
});

describe('the passphrase', () => {
  it('is changed without sealing anything anew, and removed', async () => {
    const ws = await sealed();
    const { sequence } = await ws.summary();
    await expect(setPassphrase(ws, 'next', 'wrong')).rejects.toMatchObject({ code: 'invalid' });
    await expect(setPassphrase(ws, null, 'wrong')).rejects.toMatchObject({ code: 'invalid' });
    await expect(setPassphrase(ws, null, undefined)).rejects.toMatchObject({ code: 'missing' });
    await setPassphrase(ws, 'next', PASSPHRASE);
    expect((await ws.summary()).sequence).toBe(sequence);
    await expect(unlocked()).rejects.toMatchObject({ code: 'invalid' });
    const later = await unlocked('next');
    await expectEverything(later);
    await setPassphrase(later, null, 'next');
    await expectEverything(later);
    await expectEverything(ws); // the other tab goes on in the clear
    await expectEverything(anotherTab());
    expect(await everythingOnDisk()).not.toContain('sealed');
    await expect(anotherTab().keyring.unlock('next')).rejects.toThrow('none is set');
  });

  it('that one tab sets locks the other, which loses nothing that it was saving', async () => {
    const [one, other] = [anotherTab(), anotherTab()];
    await fill(one);
    await listVersions(other);
    const setting = setPassphrase(one, PASSPHRASE, undefined);
    const saved: string[] = [];
    const refused: string[] = [];
    for (let i = 0; refused.length === 0; i++) {
      await changeVersion(other, `${NAME}@1`, { note: `${NAME} ${i}` }).then(
        () => saved.push(`${NAME} ${i}`),
        (error: Error) => refused.push(error.message),
      );
    }
    await setting;
    expect(refused[0]).toContain('locked');
    const [{ note }] = await listVersions(await unlocked());
    expect(note).toBe(saved.at(-1) ?? NAME);
    expect(await everythingOnDisk()).not.toContain(NAME);
  });
});

/** Calls `work` with workspaces that are each cut off before the first step that none was cut off before. @returns the steps */
async function cutOffEverywhere(work: (ws: Workspace) => Promise<void>): Promise<string[]> {
  const cut = new Set<string>();
  for (;;) {
    const ws = anotherTab();
    ws.onSealingStep = (step) => {
      if (cut.has(step)) return;
      cut.add(step);
      throw new Error('cut off');
    };
    const error = await work(ws).then(
      () => null,
      (error: Error) => error,
    );
    if (error && [...cut].at(-1)!.startsWith('file')) await leaveUnfinished(ws);
    await ws.close();
    if (!error) return [...cut];
    expect(error.message).toBe('cut off');
  }
}

/** What a browser has made of each file that it was to write when it was killed: an empty one, beside the old. */
async function leaveUnfinished(ws: Workspace): Promise<void> {
  const blobs = await (await ws.folder()).getDirectoryHandle('blobs');
  const seals = (await ws.keyring.facts())?.state === 'sealing';
  for (const hash of await ws.blobs.listBy(!seals)) {
    const folder = await blobs.getDirectoryHandle(hash.slice(0, 2));
    await folder.getFileHandle(seals ? `${hash}.sealed` : hash, { create: true });
  }
}

/** What a later visit finds, whatever state it is in. */
async function visit(): Promise<Workspace> {
  const ws = anotherTab();
  if (await ws.keyring.isLocked()) await ws.keyring.unlock(PASSPHRASE);
  await expectEverything(ws);
  return ws;
}

it('sealing that is cut off at any step leaves everything readable, and goes on', async () => {
  await fill(anotherTab());
  const steps = await cutOffEverywhere(async (ws) => {
    await visit();
    if (await ws.keyring.isLocked()) {
      await ws.keyring.unlock(PASSPHRASE);
      await finishSealing(ws);
    } else await setPassphrase(ws, PASSPHRASE, undefined);
  });
  expect(steps).toEqual(['journal', 'database', 'ledger', 'flip', 'old records', 'file 0', 'file 1', 'sealed']);
  await visit();
  expect(await everythingOnDisk()).not.toContain(NAME);
  const back = await cutOffEverywhere(async (ws) => {
    const now = await visit();
    const facts = await now.keyring.facts();
    if (!facts) return;
    if (await ws.keyring.isLocked()) await ws.keyring.unlock(PASSPHRASE);
    if (facts.state === 'sealed') await setPassphrase(ws, null, PASSPHRASE);
    else await finishSealing(ws);
  });
  expect(back).toEqual(['file 0', 'file 1', 'journal', 'database', 'ledger', 'unsealed', 'forget']);
  await visit();
  expect(await everythingOnDisk()).not.toContain('sealed');
});

it('sealing that finds no room at any write says so and loses nothing', async () => {
  await fill(anotherTab());
  const { createWritable } = FileSystemFileHandle.prototype;
  let refused = 0;
  for (let at = 0; ; at++) {
    const ws = await visit();
    let writes = 0;
    vi.spyOn(FileSystemFileHandle.prototype, 'createWritable').mockImplementation(function (
      this: FileSystemFileHandle,
      ...args
    ) {
      return writes++ === at
        ? Promise.reject(new DOMException('full', 'QuotaExceededError'))
        : createWritable.apply(this, args);
    });
    const error = await setOrFinish(ws).then(
      () => null,
      (error: Error) => error,
    );
    vi.restoreAllMocks();
    await ws.close();
    if (!error && writes <= at) break;
    if (error) expect(error.message).toContain('no room');
    refused++;
  }
  expect(refused).toBeGreaterThan(4);
  await visit();
  expect(await everythingOnDisk()).not.toContain(NAME);
});

async function setOrFinish(ws: Workspace): Promise<void> {
  if (await ws.keyring.facts()) await finishSealing(ws);
  else await setPassphrase(ws, PASSPHRASE, undefined);
}
