// Databases of other schemas, made and held open behind Lathe's back from an empty page of its origin: what a Lathe of
// schema 1, 2 or 3 left (fixtures/, from real ones), and what one of a schema yet to come would leave.

import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import type { Dataset, ImageItem, Prediction, RowPage, RunDetail, VersionDetail } from '../../src/worker/api.ts';

/** A key and a value, with bytes as {$: type, base64}. */
type Entry = [key: unknown, value: unknown];

/** What an old Lathe's verbs said of its workspace. */
export interface OldWorkspace {
  datasets: Dataset[];
  versions: VersionDetail[];
  runs: RunDetail[];
  /** by data set */
  rows: Record<string, RowPage>;
  /** by data set: name and bytes, base64 */
  images: Record<string, [ImageItem['name'], string][]>;
  /** by version, for the first five rows of iris */
  predictions: Record<string, Prediction[]>;
}

interface Fixture {
  stores: Record<string, Entry[]>;
  /** schema 3: path and bytes, base64 */
  files?: [path: string[], base64: string][];
  expected: OldWorkspace;
}

export type OldSchema = 1 | 2 | 3;

const readFixture = (schema: 2 | 3) =>
  JSON.parse(readFileSync(new URL(`fixtures/schema${schema}.json`, import.meta.url), 'utf8')) as Fixture;
const schema2 = readFixture(2); // of schema 1 it differs by one store
const FIXTURES: Record<OldSchema, Fixture> = { 1: schema2, 2: schema2, 3: readFixture(3) };

/** What Lathe said of the old workspace when it was new. */
export function oldWorkspace(schema: OldSchema): OldWorkspace {
  return FIXTURES[schema].expected;
}

/** Makes the database and the files that a Lathe of this schema left. */
export function writeOldDatabase(page: Page, schema: OldSchema): Promise<void> {
  const { stores, files = [] } = FIXTURES[schema];
  return page.evaluate(
    async ([schema, stores, files]) => {
      const top = await navigator.storage.getDirectory();
      for (const [path, base64] of files) {
        let folder = top;
        for (const name of path.slice(0, -1)) folder = await folder.getDirectoryHandle(name, { create: true });
        const file = await folder.getFileHandle(path.at(-1)!, { create: true });
        const writable = await file.createWritable();
        await writable.write(Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)));
        await writable.close();
      }
      const decode = (value: unknown): unknown => {
        if (Array.isArray(value)) return value.map(decode);
        if (value === null || typeof value !== 'object') return value;
        const { $, base64, text, type } = value as { $?: string; base64: string; text: string; type: string };
        if ($ === undefined) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decode(item)]));
        if ($ === 'number') return Number(text);
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        if ($ === 'Blob') return new Blob([bytes], { type });
        return new (globalThis as unknown as Record<string, new (buffer: ArrayBuffer) => unknown>)[$](bytes.buffer);
      };
      const request = indexedDB.open('lathe', schema);
      request.onupgradeneeded = () => {
        const database = request.result;
        if (schema === 3) {
          const records = database.createObjectStore('records', { keyPath: ['kind', 'key'] });
          records.createIndex('name', ['kind', 'name']);
          records.createIndex('sequence', 'sequence');
          records.createIndex('refs', 'refs', { multiEntry: true });
          database.createObjectStore('summary');
        } else {
          database.createObjectStore('datasets', { keyPath: 'id' });
          database.createObjectStore('content');
          database.createObjectStore('runs', { keyPath: 'id', autoIncrement: true });
          database.createObjectStore('models', { keyPath: 'name' });
          database.createObjectStore('versions', { keyPath: 'runId' }).createIndex('id', 'id', { unique: true });
          database.createObjectStore('trained');
        }
        if (schema !== 1) database.createObjectStore('measurements');
        for (const [name, entries] of Object.entries(stores)) {
          if (!database.objectStoreNames.contains(name)) continue;
          const store = request.transaction!.objectStore(name);
          for (const [key, value] of entries)
            store.put(decode(value), store.keyPath === null ? (key as IDBValidKey) : undefined);
        }
      };
      await new Promise<void>((resolve, reject) => {
        request.onsuccess = () => resolve();
        request.onerror = () => reject(request.error);
      });
      request.result.close();
    },
    [schema, stores, files] as const,
  );
}

/** Every key and value of the database as it lies there, as text, and its schema; it is opened as it is. */
export function dumpDatabase(page: Page): Promise<{ schema: number; stores: Record<string, string> }> {
  return page.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((resolve, reject) => {
      const request = indexedDB.open('lathe');
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    const text = async (value: unknown): Promise<unknown> => {
      if (value instanceof Blob) return [...new Uint8Array(await value.arrayBuffer())].join();
      if (ArrayBuffer.isView(value)) return [value.constructor.name, ...(value as Uint8Array)];
      if (Array.isArray(value)) return Promise.all(value.map(text));
      if (value === null || typeof value !== 'object') return value;
      const entries = Object.entries(value).map(async ([key, item]) => [key, await text(item)]);
      return Object.fromEntries((await Promise.all(entries)) as [string, unknown][]);
    };
    const found: Record<string, string> = {};
    for (const name of database.objectStoreNames) {
      const store = database.transaction(name).objectStore(name);
      const read = (method: 'getAll' | 'getAllKeys') =>
        new Promise<unknown[]>((resolve, reject) => {
          const request = store[method]();
          request.onsuccess = () => resolve(request.result as unknown[]);
          request.onerror = () => reject(request.error);
        });
      found[name] = JSON.stringify([await read('getAllKeys'), await text(await read('getAll'))]);
    }
    const schema = database.version;
    database.close();
    return { schema, stores: found };
  });
}

/** Holds the database open as a page does that lets go for nobody. */
export function holdDatabase(page: Page): Promise<void> {
  return page.evaluate(
    () =>
      new Promise<void>((resolve, reject) => {
        const request = indexedDB.open('lathe');
        request.onsuccess = () => {
          (window as unknown as { held: IDBDatabase }).held = request.result;
          resolve();
        };
        request.onerror = () => reject(request.error);
      }),
  );
}

/** Raises the database's schema by so many, as a newer Lathe does, which adds a store of its own. */
export function raiseSchema(page: Page, by: number): Promise<void> {
  return page.evaluate(async (by) => {
    const open = (version?: number) =>
      new Promise<IDBDatabase>((resolve, reject) => {
        const request = indexedDB.open('lathe', version);
        request.onupgradeneeded = () => {
          const store = request.result.createObjectStore('made by a newer Lathe');
          store.put({ precious: true }, 'key');
        };
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
        request.onblocked = () => reject(new Error('another page has the database open'));
      });
    const present = await open();
    const { version } = present;
    present.close();
    (await open(version + by)).close();
  }, by);
}
