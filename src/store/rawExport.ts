// The last way out: everything that can still be read, as it lies on the disk, in one tar file. It works on a database of
// any schema, also a newer one or one that is damaged; it interprets nothing, repairs nothing and deletes nothing.

import { openDB, type IDBPDatabase } from 'idb';
import { stringify } from '../base/json.ts';
import { writeTar, type TarEntry } from '../data/formats/tar.ts';
import { listFiles, listFolders, openTopFolder, readFile, type Folder } from './files.ts';
import { databaseOf } from './places.ts';

const README = `What Lathe keeps, as it lies on the disk.

files/      the workspace's folder: ledger.json and journal/ (the second copy of the records: a hash, then JSON),
            blobs/ (data, columns and weights, each named by its SHA-256), aside/ (damaged records)
database/   each store of the database as one line of JSON for each value: [key, value]. Typed arrays and files
            are entries of their own, named where they stand: {"$":["bytes",{"type":"Float64Array","entry":"..."}]}
            Where a passphrase is set, seal.json says how its key is made, files/sealed/ has the ledger and the journal,
            database-sealed/ the database, and what is sealed stays so.
unreadable.txt  what could not be read, where there is anything
`;

/** @param name of the workspace */
export async function exportRaw(name: string, now: number): Promise<File> {
  const unreadable: string[] = [];
  const entries: TarEntry[] = [{ name: 'README.txt', content: new Blob([README]) }];
  const attempt = async (what: string, work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      unreadable.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  await attempt('files', async () => addFolder(await openTopFolder(name), 'files', entries, attempt));
  const sealed = await isThere(databaseOf(name, true));
  if (!sealed || (await isThere(name))) {
    await attempt('database', () => addDatabase(name, 'database', entries, attempt));
  }
  if (sealed) {
    await attempt('sealed database', () => addDatabase(databaseOf(name, true), 'database-sealed', entries, attempt));
  }
  if (unreadable.length > 0) {
    entries.push({ name: 'unreadable.txt', content: new Blob([unreadable.join('\n')]) });
  }
  return new File([writeTar(entries, now)], 'lathe-raw.tar', { type: 'application/x-tar' });
}

type Attempt = (what: string, work: () => Promise<void>) => Promise<void>;

async function addFolder(folder: Folder, path: string, entries: TarEntry[], attempt: Attempt): Promise<void> {
  for (const name of await listFiles(folder)) {
    await attempt(`${path}/${name}`, async () => {
      const content = await readFile(folder, name);
      if (content) entries.push({ name: `${path}/${name}`, content });
    });
  }
  for (const inner of await listFolders(folder)) await addFolder(inner, `${path}/${inner.name}`, entries, attempt);
}

async function addDatabase(name: string, path: string, entries: TarEntry[], attempt: Attempt): Promise<void> {
  const db: IDBPDatabase = await openDB(name, undefined, {
    upgrade(_database, _oldVersion, _newVersion, transaction) {
      transaction.done.catch(() => {}); // told by openDB
      transaction.abort(); // there is no database, and none is to be made
    },
  });
  try {
    for (const store of db.objectStoreNames) await attempt(store, () => addStore(db, store, path, entries, attempt));
  } finally {
    db.close();
  }
}

async function addStore(
  db: IDBPDatabase,
  store: string,
  path: string,
  entries: TarEntry[],
  attempt: Attempt,
): Promise<void> {
  const lines: string[] = [];
  let count = 0;
  const addBytes = (type: string, content: Blob): unknown => {
    const entry = `${path}/${store}-${++count}.bin`;
    entries.push({ name: entry, content });
    return { type, entry };
  };
  const tag = (value: object): [string, unknown] | undefined => {
    if (value instanceof Blob) return ['bytes', addBytes('Blob', value)];
    if (ArrayBuffer.isView(value)) return ['bytes', addBytes(value.constructor.name, copyOf(value))];
    if (value instanceof Date) return ['date', value.getTime()];
    return undefined;
  };
  for (const key of await db.getAllKeys(store)) {
    await attempt(`${store} ${String(key)}`, async () => {
      lines.push(stringify([key, await db.get(store, key)], tag));
    });
  }
  entries.push({ name: `${path}/${store}.jsonl`, content: new Blob([lines.map((line) => `${line}\n`).join('')]) });
}

async function isThere(database: string): Promise<boolean> {
  const all = (await indexedDB.databases?.().catch(() => [])) ?? [];
  return all.some(({ name }) => name === database);
}

function copyOf(view: ArrayBufferView): Blob {
  return new Blob([view as ArrayBufferView<ArrayBuffer>]);
}
