import { deleteDB, openDB } from 'idb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import {
  changeDataset,
  listDatasets,
  readDataset,
  readTable,
  removeDataset,
  saveDataset,
} from '../../src/store/datasets.ts';
import { createStorage, writing, type Database, type Storage } from '../../src/store/db.ts';
import { openShelf } from '../../src/store/measurements.ts';
import { sha256, sha256OfFiles } from '../../src/store/hash.ts';
import { addRun, interruptRuns, listRuns, removeRun, saveRun } from '../../src/store/runs.ts';
import {
  changeVersion,
  listVersions,
  readTrained,
  readVersion,
  removeVersion,
  renameModel,
  saveVersion,
} from '../../src/store/versions.ts';
import { datasetOf, newRun, trained, versionOf } from './fixtures.ts';

let name: string;
let storage: Storage;
let db: Database;
let count = 0;

beforeEach(async () => {
  name = `store test ${++count}`;
  storage = createStorage(name);
  db = await storage.open();
});

afterEach(async () => {
  await storage.close();
  await deleteDB(name);
});

const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error as UserError,
  );

async function addVersion(model: string) {
  const run = await addRun(db, newRun);
  return saveVersion(db, versionOf(model, run.id), trained, { ...run, state: 'finished' });
}

describe('data sets', () => {
  it('are there again, columns, missing values and source file, when the database is opened anew', async () => {
    const { dataset, content } = datasetOf('d1');
    await saveDataset(db, dataset, content);
    await storage.close();
    db = await storage.open();
    expect(await listDatasets(db)).toEqual([dataset]);
    const { table, source } = await readTable(db, 'd1');
    expect(table).toEqual({ rows: 2, columns: (content as { columns: unknown }).columns });
    expect(await source.text()).toBe('x,y\n1,2\n');
  });

  it('are listed the oldest first', async () => {
    for (const [id, createdAt] of [['b', 2] as const, ['a', 3] as const, ['c', 1] as const]) {
      const { dataset, content } = datasetOf(id);
      await saveDataset(db, { ...dataset, createdAt }, content);
    }
    expect((await listDatasets(db)).map(({ id }) => id)).toEqual(['c', 'b', 'a']);
  });

  it('get another name without their content being written again', async () => {
    const { dataset, content } = datasetOf('d1');
    await saveDataset(db, dataset, content);
    expect((await changeDataset(db, 'd1', { name: '<img onerror=alert(1)>' })).name).toBe('<img onerror=alert(1)>');
    expect((await readDataset(db, 'd1')).columns).toEqual(dataset.columns);
  });

  it('go with their content', async () => {
    const { dataset, content } = datasetOf('d1');
    await saveDataset(db, dataset, content);
    await removeDataset(db, 'd1');
    expect([await db.count('datasets'), await db.count('content')]).toEqual([0, 0]);
    expect(await errorOf(readDataset(db, 'd1'))).toMatchObject({ code: 'unknown' });
    expect(await errorOf(removeDataset(db, 'd1'))).toMatchObject({ code: 'unknown' });
  });

  it('are kept whole or not at all', async () => {
    const { dataset } = datasetOf('d1');
    const broken = { kind: 'table', source: new Blob(), columns: [() => 1] } as never;
    expect(await errorOf(saveDataset(db, dataset, broken))).toMatchObject({ name: 'DataCloneError' });
    expect(await db.count('datasets')).toBe(0);
  });
});

describe('runs', () => {
  it('get numbers that are never given twice', async () => {
    const first = await addRun(db, { ...newRun, state: 'failed' });
    const second = await addRun(db, { ...newRun, state: 'failed' });
    await removeRun(db, second.id);
    const third = await addRun(db, newRun);
    expect([first.id, second.id, third.id]).toEqual([1, 2, 3]);
  });

  it('that were cut off become interrupted and keep their log', async () => {
    const run = await addRun(db, newRun);
    const log = [{ epoch: 1, loss: 1, metric: 0.5, valLoss: null, valMetric: null, learningRate: 0.1, durationMs: 3 }];
    await saveRun(db, { ...run, log });
    await interruptRuns(db);
    expect(await listRuns(db)).toMatchObject([{ id: 1, state: 'interrupted', log, versionId: null }]);
  });

  it('are not removed while they run', async () => {
    const run = await addRun(db, newRun);
    expect(await errorOf(removeRun(db, run.id))).toMatchObject({ code: 'invalid' });
    expect(await errorOf(removeRun(db, 99))).toMatchObject({ code: 'unknown' });
  });
});

describe('versions', () => {
  it('count up within a model, finish their run, and come back with their weights', async () => {
    const versions = [await addVersion('a'), await addVersion('b'), await addVersion('a')];
    expect(versions.map(({ id }) => id)).toEqual(['a@1', 'b@1', 'a@2']);
    expect(await listVersions(db)).toEqual(versions);
    expect((await listRuns(db)).map(({ state, versionId }) => [state, versionId])).toEqual([
      ['finished', 'a@1'],
      ['finished', 'b@1'],
      ['finished', 'a@2'],
    ]);
    expect(await readTrained(db, versions[2])).toMatchObject(trained);
  });

  it('never get the number of one that was removed', async () => {
    await addVersion('a');
    await removeVersion(db, (await addVersion('a')).id);
    expect((await addVersion('a')).id).toBe('a@3');
    expect(await db.count('trained')).toBe(2);
    expect(await errorOf(readVersion(db, 'a@2'))).toMatchObject({ code: 'unknown' });
  });

  it('keep their numbers, notes and weights under a new name of the model', async () => {
    await addVersion('old');
    await addVersion('old');
    await addVersion('other');
    await changeVersion(db, 'old@2', { note: 'the good one' });
    const renamed = await renameModel(db, 'old', 'new');
    expect(renamed.map(({ id, note }) => [id, note])).toEqual([
      ['new@1', ''],
      ['new@2', 'the good one'],
    ]);
    expect(await readTrained(db, await readVersion(db, 'new@2'))).toMatchObject(trained);
    expect((await addVersion('new')).number).toBe(3);
    expect(await errorOf(renameModel(db, 'new', 'other'))).toMatchObject({ code: 'invalid' });
    expect(await errorOf(renameModel(db, 'old', 'x'))).toMatchObject({ code: 'unknown' });
  });

  it('take hostile names as names', async () => {
    for (const model of ['__proto__', 'constructor', '<img src=x onerror=alert(1)>', '../../etc', 'a@1', '💥\u202e']) {
      const { id } = await addVersion(model);
      expect((await readVersion(db, id)).model).toBe(model);
    }
  });

  it('whose weights are no longer those that were saved say so', async () => {
    const version = await addVersion('a');
    const kept = await readTrained(db, version);
    await db.put('trained', { ...kept, weights: [{ ...kept.weights[0], data: Float32Array.of(0.25) }] }, version.runId);
    expect(await errorOf(readTrained(db, version))).toMatchObject({ code: 'invalid' });
    await db.delete('trained', version.runId);
    expect(await errorOf(readTrained(db, version))).toMatchObject({ code: 'missing' });
  });
});

describe('the database', () => {
  it('of a newer page is left alone, with a sentence that says what to do', async () => {
    await storage.close();
    (await openDB(name, 99)).close();
    const error = await errorOf(storage.open());
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toContain('newer Lathe');
  });

  it('lets a newer page in and then says that this one is old', async () => {
    const newer = await openDB(name, 99);
    expect((await errorOf(storage.open())).message).toContain('Reload');
    newer.close();
  });

  it('opens again after it was closed', async () => {
    await storage.close();
    expect(await listDatasets(await storage.open())).toEqual([]);
  });

  it('names what there was no room for', async () => {
    const full = () => Promise.reject(new DOMException('full', 'QuotaExceededError'));
    const error = await errorOf(writing(db, ['datasets'], "the data set 'x'", full));
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toContain("no room for the data set 'x'");
  });
});

describe('hashes', () => {
  it('are SHA-256 in hex', async () => {
    expect(await sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(await sha256(new Blob(['abc']))).toBe(await sha256(new TextEncoder().encode('abc')));
  });

  it('of files do not depend on their order, and do on names, labels and bytes', async () => {
    const a = { name: 'a', label: 'x', bytes: Uint8Array.of(1) };
    const b = { name: 'b', label: null, bytes: Uint8Array.of(2) };
    const hash = await sha256OfFiles([a, b]);
    expect(await sha256OfFiles([b, a])).toBe(hash);
    const others = [
      [{ ...a, name: 'c' }, b],
      [{ ...a, label: 'y' }, b],
      [{ ...a, bytes: Uint8Array.of(3) }, b],
    ];
    for (const files of others) expect(await sha256OfFiles(files)).not.toBe(hash);
  });
});

describe('measurements', () => {
  it('are kept from one visit to the next, and are never a reason to fail', async () => {
    await openShelf(db).set('step of iris', { cpu: 0.9, webgpu: 0.4 });
    await storage.close();
    db = await storage.open();
    const shelf = openShelf(db);
    expect(await shelf.get('step of iris')).toEqual({ cpu: 0.9, webgpu: 0.4 });
    expect(await shelf.get('step of another')).toBeUndefined();
    await storage.close();
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    expect(await shelf.get('step of iris')).toBeUndefined();
    await shelf.set('step of iris', {});
    expect(warn).toHaveBeenCalledTimes(2);
    warn.mockRestore();
  });

  it('find their place in a database of an earlier Lathe', async () => {
    await storage.close();
    await deleteDB(name);
    const earlier = await openDB(name, 1, { upgrade: (database) => void database.createObjectStore('runs') });
    earlier.close();
    db = await storage.open();
    await openShelf(db).set('step', 1);
    expect(await openShelf(db).get('step')).toBe(1);
  });
});
