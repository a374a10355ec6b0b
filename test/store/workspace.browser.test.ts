// The workspace itself: commits, the ledger beside them, tabs that race, writes that are cut off or find no room.

import { openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { changeDataset, listDatasets, readDataset, saveDataset } from '../../src/store/datasets.ts';
import { addRun, listRuns, readRun } from '../../src/store/runs.ts';
import { changeVersion, listVersions, readVersion, saveVersion } from '../../src/store/versions.ts';
import { createWorkspace, type Workspace } from '../../src/store/workspace.ts';
import { setAlias } from '../../src/store/aliases.ts';
import { eraseFolder, eraseWorkspace } from './erase.ts';
import { datasetOf, newRun, trained, versionOf } from './fixtures.ts';

let name: string;
let workspace: Workspace;
let open: Workspace[];
let count = 0;

beforeEach(() => {
  name = `workspace test ${++count}`;
  open = [];
  workspace = anotherTab();
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const each of open) await each.close();
  await eraseWorkspace(name);
});

/** A workspace on the same database, as another tab has it. */
function anotherTab(): Workspace {
  const tab = createWorkspace(name);
  open.push(tab);
  return tab;
}

const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error as UserError,
  );

async function addVersion(ws: Workspace, model: string) {
  return saveVersion(ws, versionOf(model), trained, await addRun(ws, newRun));
}

describe('a commit', () => {
  it('is told to whoever follows, with the kinds that it changed, and only where it changed something', async () => {
    const told: string[][] = [];
    workspace.onCommitted = (kinds) => told.push(kinds.toSorted());
    const { id } = await addVersion(workspace, 'a');
    await changeVersion(workspace, id, { note: 'x' });
    await changeVersion(workspace, id, { note: 'x' });
    expect(told).toEqual([['log', 'recipe', 'run'], ['model', 'run', 'version'], ['version']]);
  });

  it('that throws changes nothing', async () => {
    await addVersion(workspace, 'a');
    const failing = workspace.commit('nothing', async (draft) => {
      draft.remove('model', 'a');
      throw new Error('no');
    });
    expect((await errorOf(failing)).message).toBe('no');
    expect((await readVersion(workspace, 'a@1')).number).toBe(1);
    expect(await workspace.read('model', 'a')).toBeDefined();
  });

  it('sees what it has drafted itself', async () => {
    await addVersion(workspace, 'a');
    await workspace.commit('a look', async (draft) => {
      const model = (await draft.read('model', 'a'))!;
      draft.put('model', 'b', { ...model, name: 'b' });
      draft.remove('model', 'a');
      expect([await draft.read('model', 'a'), (await draft.read('model', 'b'))?.name]).toEqual([undefined, 'b']);
      expect((await draft.list('model')).map(({ name }) => name)).toEqual(['b']);
    });
  });

  it('keeps the same content once', async () => {
    await addVersion(workspace, 'a');
    await addVersion(workspace, 'b');
    expect(await workspace.blobs.list()).toHaveLength(1);
    expect(await workspace.list('recipe')).toHaveLength(1);
  });
});

describe('two tabs', () => {
  it('lose no update of each other', async () => {
    const other = anotherTab();
    const { dataset, content } = datasetOf('d1');
    await saveDataset(workspace, dataset, content);
    const work: Promise<unknown>[] = [];
    for (let i = 0; i < 20; i++) {
      for (const tab of [workspace, other]) {
        work.push(addVersion(tab, 'm'));
        work.push(changeDataset(tab, 'd1', ({ name }) => ({ name: `${name}.` })));
      }
    }
    await Promise.all(work);
    const numbers = (await listVersions(workspace)).map(({ number }) => number).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(new Set((await listRuns(other)).map(({ id }) => id)).size).toBe(40);
    expect((await readDataset(other, 'd1')).name).toBe(`${dataset.name}${'.'.repeat(40)}`);
    expect(await anotherTab().incident()).toBeNull();
  });

  it('may open at any moment of the other’s commits and find everything whole', async () => {
    await addVersion(workspace, 'm');
    let writing = true;
    const writer = (async () => {
      for (let i = 0; writing; i++) await changeVersion(workspace, 'm@1', { note: String(i) });
    })();
    for (let i = 0; i < 30; i++) expect(await anotherTab().incident()).toBeNull();
    writing = false;
    await writer;
  });

  it('may both be the first', async () => {
    const tabs = [workspace, anotherTab(), anotherTab()];
    await Promise.all(tabs.map((tab) => addVersion(tab, 'm')));
    expect((await listVersions(workspace)).map(({ id }) => id).sort()).toEqual(['m@1', 'm@2', 'm@3']);
    expect(await anotherTab().incident()).toBeNull();
  });

  it('take no blob from each other that is written and not yet referred to', async () => {
    const other = anotherTab();
    const { dataset, content } = datasetOf('d1');
    await saveDataset(workspace, dataset, content);
    for (let i = 0; i < 10; i++) {
      await Promise.all([
        workspace.commit('the removal', async (draft) => draft.remove('dataset', 'd1')),
        saveDataset(other, datasetOf('d2').dataset, content),
      ]);
      expect(await workspace.blobs.list()).toHaveLength(2);
      await Promise.all([
        other.commit('the removal', async (draft) => draft.remove('dataset', 'd2')),
        saveDataset(workspace, dataset, content),
      ]);
      expect(await workspace.blobs.list()).toHaveLength(2);
    }
  });
});

describe('a commit that is cut off', () => {
  it('after its journal is not there, and the next one takes its place', async () => {
    await addVersion(workspace, 'a');
    const { sequence } = (await workspace.ledger.read()) as { sequence: number };
    const [version] = await workspace.list('version');
    const ghost = { kind: 'version', key: '99', created: 1, sequence: sequence + 1, sha256: '', refs: [], json: '{}' };
    await workspace.ledger.writeEntry(
      { sequence: sequence + 1, lastRun: 99, put: [ghost as never], removed: [] },
      'a test',
    );
    await workspace.close();
    const later = anotherTab();
    expect(await later.incident()).toBeNull();
    expect(await later.list('version')).toEqual([version]);
    await addRun(later, newRun);
    expect((await later.ledger.readEntry(sequence + 1)) as { put: unknown[] }).toMatchObject({
      put: [
        { kind: 'log', key: '2' },
        { kind: 'run', key: '2' },
      ],
    });
  });

  it('after the database is there, and its ledger is written at the next opening', async () => {
    const write = vi.spyOn(workspace.ledger, 'write').mockRejectedValue(new Error('cut off'));
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    await workspace.open().catch(() => {});
    write.mockRestore();
    await addVersion(workspace, 'a');
    vi.spyOn(workspace.ledger, 'write').mockRejectedValue(new Error('cut off'));
    await setAlias(workspace, 'a', 'champion', 1);
    await workspace.close();
    const later = anotherTab();
    expect(await later.incident()).toBeNull();
    expect((await readVersion(later, 'a@champion')).number).toBe(1);
    expect(await later.ledger.read()).toMatchObject({ sequence: 3 });
  });
});

describe('without room', () => {
  const full = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));

  it('no write of a file loses anything, and all say what there was no room for', async () => {
    await addVersion(workspace, 'a');
    const { dataset, content } = datasetOf('d1');
    const writers: Record<string, () => Promise<unknown>> = {
      "the data set 'data d1'": () => saveDataset(workspace, dataset, content),
      "the version of 'b'": async () => {
        const run = await readRun(workspace, 1);
        return saveVersion(workspace, versionOf('b'), { ...trained, dummy: { mean: Math.random() } }, run);
      },
      'the run': () => addRun(workspace, newRun),
      "the alias 'champion'": () => setAlias(workspace, 'a', 'champion', 1),
      "the notes of version 'a@1'": () => changeVersion(workspace, 'a@1', { note: 'x' }),
    };
    const before = await workspace.ledger.read();
    for (const at of ['createWritable', 'write', 'close'] as const) {
      const target = at === 'createWritable' ? FileSystemFileHandle.prototype : FileSystemWritableFileStream.prototype;
      for (const [what, write] of Object.entries(writers)) {
        const mock = vi.spyOn(target as unknown as Record<string, () => Promise<void>>, at).mockImplementation(full);
        const error = await errorOf(write());
        expect(error).toBeInstanceOf(UserError);
        expect(error.message).toContain(`no room for ${what}`);
        mock.mockRestore();
      }
    }
    expect(await workspace.ledger.read()).toEqual(before);
    expect((await listVersions(workspace)).map(({ id, note }) => [id, note])).toEqual([['a@1', '']]);
    await expect.poll(() => workspace.blobs.list()).toHaveLength(1);
    await workspace.close();
    expect(await anotherTab().incident()).toBeNull();
  });

  it('no write of the database loses anything', async () => {
    await addVersion(workspace, 'a');
    const mock = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    const error = await errorOf(setAlias(workspace, 'a', 'champion', 1));
    mock.mockRestore();
    expect(error.message).toContain("no room for the alias 'champion'");
    expect(await listVersions(workspace)).toMatchObject([{ id: 'a@1', aliases: [] }]);
    await setAlias(workspace, 'a', 'champion', 1);
    expect(await anotherTab().incident()).toBeNull();
  });
});

describe('what is held against the ledger', () => {
  async function damage(change: (db: IDBDatabase) => void): Promise<void> {
    await workspace.close();
    const db = await openDB(name);
    change(db as unknown as IDBDatabase);
    db.close();
  }

  it('is whole when it was never used, and when it was closed and opened', async () => {
    expect(await workspace.incident()).toBeNull();
    await workspace.close();
    expect(await workspace.incident()).toBeNull();
    expect(await listDatasets(workspace)).toEqual([]);
  });

  it('is wiped where the database is gone, and never a first run', async () => {
    await addVersion(workspace, 'a');
    await workspace.close();
    await new Promise((resolve) => (indexedDB.deleteDatabase(name).onsuccess = resolve));
    for (let visit = 0; visit < 2; visit++) {
      const tab = anotherTab();
      expect(await tab.incident()).toMatchObject({ kind: 'wiped', found: 0, expected: { version: 1, run: 1 } });
      expect((await errorOf(addVersion(tab, 'a'))).message).toContain('Salvage');
      await tab.close();
    }
  });

  it('is whole where its first opening was cut off, and wiped where a ledger without content has a journal', async () => {
    const top = await navigator.storage.getDirectory();
    const emptyLedger = async () => {
      const ledger = await (await top.getDirectoryHandle(name, { create: true })).getFileHandle('ledger.json', { create: true }); // prettier-ignore
      await (await ledger.createWritable()).close();
    };
    await emptyLedger();
    expect(await workspace.incident()).toBeNull();
    await addVersion(workspace, 'a');
    await workspace.close();
    await new Promise((resolve) => (indexedDB.deleteDatabase(name).onsuccess = resolve));
    await emptyLedger();
    expect(await anotherTab().incident()).toMatchObject({ kind: 'wiped' });
  });

  it('is halved where records are gone', async () => {
    await addVersion(workspace, 'a');
    await damage((db) => db.transaction('records', 'readwrite').objectStore('records').delete(['version', '1']));
    const tab = anotherTab();
    expect(await tab.incident()).toMatchObject({ kind: 'halved', found: 4 });
    expect(await listRuns(tab)).toHaveLength(1);
  });

  it('is behind where the database is as it was earlier', async () => {
    await addVersion(workspace, 'a');
    const earlier = (await (await workspace.open()).get('summary', 'now'))!;
    const model = (await (await workspace.open()).get('records', ['model', 'a']))!;
    await setAlias(workspace, 'a', 'champion', 1);
    await damage((db) => {
      const transaction = db.transaction(['records', 'summary'], 'readwrite');
      transaction.objectStore('summary').put(earlier, 'now');
      transaction.objectStore('records').put(model);
    });
    expect(await anotherTab().incident()).toMatchObject({ kind: 'behind' });
  });

  it('is an incident where the ledger is gone, or is damaged', async () => {
    await addVersion(workspace, 'a');
    await workspace.close();
    await eraseFolder(name);
    expect(await anotherTab().incident()).toMatchObject({ kind: 'ledgerLost' });
  });

  it('is read from its second copy where a record is not what was written, and left out where that is gone', async () => {
    await addVersion(workspace, 'a');
    const record = (await (await workspace.open()).get('records', ['model', 'a']))!;
    await damage(
      (db) =>
        void db
          .transaction('records', 'readwrite')
          .objectStore('records')
          .put({ ...record, json: record.json.replace('1', '7') }),
    );
    expect(await anotherTab().read('model', 'a')).toMatchObject({ lastNumber: 1 });
    await workspace.ledger.removeEntry(record.sequence);
    expect(await anotherTab().read('model', 'a')).toBeUndefined();
  });
});

it('a browser that writes no file whole is told by name, and which ones do', async () => {
  const { prototype } = FileSystemFileHandle;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'createWritable')!;
  Reflect.deleteProperty(prototype, 'createWritable'); // Safari before 26
  try {
    const error = await errorOf(workspace.open());
    expect(error).toMatchObject({ code: 'unsupported', message: expect.stringContaining('Safari 26 or newer') });
  } finally {
    Object.defineProperty(prototype, 'createWritable', descriptor);
  }
});

describe('the database', () => {
  it('of a newer page is left alone, with a sentence that says what to do', async () => {
    (await openDB(name, 99)).close();
    const error = await errorOf(workspace.open());
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toContain('newer Lathe');
  });

  it('lets a newer page in and then says that this one is old', async () => {
    await workspace.open();
    const newer = await openDB(name, 99);
    expect((await errorOf(workspace.open())).message).toContain('Reload');
    newer.close();
  });

  it('is open once, whoever lets go of it and asks for it at the same moment', async () => {
    let wanted = 0;
    workspace.onWanted = (letGo) => {
      wanted++;
      letGo();
    };
    await Promise.all([workspace.reopen(), workspace.open()]);
    await Promise.all([workspace.reopen(), workspace.reopen(), workspace.open()]);
    await Promise.all([workspace.open(), workspace.open()]);
    (await openDB(name, 99)).close();
    expect(wanted).toBe(1);
  });
});
