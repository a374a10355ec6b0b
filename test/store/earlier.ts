// Workspaces as earlier Lathes have left them, with something of everything.

import { openDB } from 'idb';
import { openTopFolder, writeFile } from '../../src/store/files.ts';
import { sha256 } from '../../src/store/hash.ts';
import type { RunDetail } from '../../src/store/runs.ts';
import type { VersionDetail } from '../../src/store/versions.ts';
import schema3 from '../faults/fixtures/schema3.json';
import { datasetOf, newRun, recipe, trained, versionOf } from './fixtures.ts';

export const pictures = {
  kind: 'images' as const,
  packed: new Blob(['abcdef']),
  offsets: Float64Array.of(0, 2, 6),
  names: ['a/1.png', 'b/2.png'],
  labels: Int32Array.of(0, 1),
};

const log = [{ epoch: 1, loss: 1, metric: 0.5, valLoss: null, valMetric: null, learningRate: 0.1, durationMs: 3 }];

/** A version as schemas 1 and 2 had it. */
const version = (model: string, number: number, runId: number) => ({
  ...versionOf(model),
  id: `${model}@${number}`,
  number,
  note: `note ${runId}`,
  createdAt: 1000,
  runId,
  datasetId: 'd1',
  datasetName: 'data d1',
  recipe,
  log,
});

/** What a Lathe of schema 3 had left after some work: its database, its files, and what its verbs said of it. */
export const { stores, files, expected } = schema3 as unknown as {
  stores: Record<string, [IDBValidKey, unknown][]>;
  files: [path: string[], base64: string][];
  expected: { runs: RunDetail[]; versions: VersionDetail[] };
};

export async function makeSchema3(name: string): Promise<void> {
  for (const [[, ...path], base64] of files) {
    let folder = await openTopFolder(name);
    for (const each of path.slice(0, -1)) folder = await folder.getDirectoryHandle(each, { create: true });
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    await writeFile(folder, path.at(-1)!, new Blob([bytes]), 'a file');
  }
  const db = await openDB(name, 3, {
    upgrade(database) {
      const records = database.createObjectStore('records', { keyPath: ['kind', 'key'] });
      records.createIndex('name', ['kind', 'name']);
      records.createIndex('sequence', 'sequence');
      records.createIndex('refs', 'refs', { multiEntry: true });
      for (const store of ['summary', 'measurements']) database.createObjectStore(store);
    },
  });
  for (const [store, entries] of Object.entries(stores)) {
    for (const [key, value] of entries) await db.put(store, value, store === 'records' ? undefined : key);
  }
  db.close();
}

/** Two data sets, four runs of which one was removed, three versions of two models. */
export async function makeEarlier(name: string, schema: 1 | 2): Promise<void> {
  const db = await openDB(name, schema, {
    upgrade(database) {
      database.createObjectStore('datasets', { keyPath: 'id' });
      database.createObjectStore('content');
      database.createObjectStore('runs', { keyPath: 'id', autoIncrement: true });
      database.createObjectStore('models', { keyPath: 'name' });
      database.createObjectStore('versions', { keyPath: 'runId' }).createIndex('id', 'id', { unique: true });
      database.createObjectStore('trained');
      if (schema === 2) void database.createObjectStore('measurements').put({ cpu: 1 }, 'step');
    },
  });
  const { dataset, content } = datasetOf('d1');
  await db.put('datasets', { ...dataset, createdAt: 2 });
  await db.put('content', content, 'd1');
  await db.put('datasets', { ...datasetOf('pictures').dataset, kind: 'images', createdAt: 1 });
  await db.put('content', pictures, 'pictures');
  for (const state of ['finished', 'finished', 'failed', 'finished', 'failed'] as const) {
    await db.add('runs', { ...newRun, state, log });
  }
  await db.delete('runs', 4); // its version stays
  await db.delete('runs', 5); // its number is not given again
  await db.put('models', { name: '__proto__', lastNumber: 2 });
  await db.put('models', { name: 'iris', lastNumber: 5 });
  const weights = new Blob(trained.weights.map(({ data }) => data as Float32Array<ArrayBuffer>));
  const hash = await sha256(weights);
  for (const each of [version('__proto__', 1, 1), version('iris', 5, 2), version('__proto__', 2, 4)]) {
    await db.put('versions', each);
    await db.put('trained', { ...trained, sha256: hash }, each.runId);
  }
  db.close();
}

/** Everything that lies in a database, of whatever schema. */
export async function dump(name: string): Promise<unknown> {
  const db = await openDB(name);
  const stores = await Promise.all(
    [...db.objectStoreNames].map(async (store) => [store, await db.getAllKeys(store), await db.getAll(store)]),
  );
  db.close();
  return [db.version, stores];
}
