// The database: its schema, the migrations that lead to it, and what can go wrong with it, by name. Light records and
// heavy ones lie in stores apart, so that a list is read without the data. What a record means is said where it is kept.

import { openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction, type StoreNames } from 'idb';
import { abortError, UserError } from '../base/errors.ts';
import type { DatasetContent, DatasetDetail } from './datasets.ts';
import type { RunRecord } from './runs.ts';
import type { ModelRecord, TrainedModel, Version } from './versions.ts';

export interface LatheSchema extends DBSchema {
  datasets: { key: string; value: DatasetDetail };
  /** by data set id */
  content: { key: string; value: DatasetContent };
  /** numbered by the database, which never gives a number twice */
  runs: { key: number; value: RunRecord };
  /** by name; kept when its versions are gone, so that no number is given twice */
  models: { key: string; value: ModelRecord };
  /** by run id, for a version's own id changes with its model's name */
  versions: { key: number; value: Version; indexes: { id: string } };
  /** by run id */
  trained: { key: number; value: TrainedModel };
  /** by what was measured; plain JSON */
  measurements: { key: string; value: unknown };
}

export type Database = IDBPDatabase<LatheSchema>;
export type StoreName = StoreNames<LatheSchema>;
type Upgrade = IDBPTransaction<LatheSchema, StoreName[], 'versionchange'>;

/** `MIGRATIONS[n]` leads from schema n to n + 1. Those that were released are never edited; a new schema is a new one. */
const MIGRATIONS: ((database: Database, transaction: Upgrade) => void | Promise<void>)[] = [
  (database) => {
    database.createObjectStore('datasets', { keyPath: 'id' });
    database.createObjectStore('content');
    database.createObjectStore('runs', { keyPath: 'id', autoIncrement: true });
    database.createObjectStore('models', { keyPath: 'name' });
    database.createObjectStore('versions', { keyPath: 'runId' }).createIndex('id', 'id', { unique: true });
    database.createObjectStore('trained');
  },
  (database) => void database.createObjectStore('measurements'),
];

/** A database that opens itself when it is asked for, and again after the browser has closed it. */
export interface Storage {
  /** @throws UserError where it cannot be opened */
  open(): Promise<Database>;
  close(): Promise<void>;
}

/** @param name of the database; one origin may hold several */
export function createStorage(name: string): Storage {
  let opening: Promise<Database> | null = null;
  let superseded = false;

  async function openOnce(): Promise<Database> {
    let stuck: (error: UserError) => void;
    const blocked = new Promise<never>((_, reject) => (stuck = reject));
    const opened = openDB<LatheSchema>(name, MIGRATIONS.length, {
      async upgrade(database, oldVersion, newVersion, transaction) {
        for (let from = oldVersion; from < (newVersion ?? 0); from++) await MIGRATIONS[from](database, transaction);
      },
      blocked: () =>
        stuck(
          new UserError(
            'unsupported',
            'storage: an older Lathe is open in another tab. Close that tab, then try again.',
          ),
        ),
      blocking(_current, _blocked, event) {
        superseded = true;
        (event.target as IDBDatabase).close(); // or the newer page would wait for this one for ever
      },
      terminated: () => (opening = null),
    });
    return Promise.race([opened, blocked]);
  }

  return {
    async open() {
      if (superseded) {
        throw new UserError('unsupported', 'storage: a newer Lathe is open in another tab. Reload this page.');
      }
      opening ??= openOnce();
      try {
        return await opening;
      } catch (error) {
        opening = null;
        throw openingError(error, name);
      }
    },
    async close() {
      (await opening)?.close();
      opening = null;
    },
  };
}

function openingError(error: unknown, name: string): unknown {
  if (!(error instanceof DOMException)) return error;
  switch (error.name) {
    case 'VersionError':
      return new UserError(
        'unsupported',
        `storage '${name}': it was written by a newer Lathe than this page. Reload the page; nothing was changed.`,
        { cause: error },
      );
    case 'QuotaExceededError':
      return quotaError('the database', error);
    case 'SecurityError':
    case 'InvalidStateError':
      return new UserError(
        'unsupported',
        'storage: this browser does not let this page keep anything (private window, or cookies blocked). Allow storage for it, then reload.',
        { cause: error },
      );
    default:
      return new UserError(
        'invalid',
        `storage '${name}': the browser cannot open it (${error.name}: ${error.message}). Reload the page; if it stays so, its files on disk are damaged.`,
        { cause: error },
      );
  }
}

/**
 * Writes to some stores in one transaction: all of `work` is on disk when this returns, or none of it ever.
 * @param what is being saved, for the error where there is no room
 * @param work waits for nothing but the transaction's own requests, or the transaction ends under it
 * @throws UserError where there is no room; whatever `work` throws
 */
export async function writing<Names extends StoreName[], T>(
  db: Database,
  stores: Names,
  what: string,
  work: (transaction: IDBPTransaction<LatheSchema, Names, 'readwrite'>) => Promise<T>,
): Promise<T> {
  const transaction = db.transaction(stores, 'readwrite', { durability: 'strict' });
  const done = transaction.done.then(
    () => null,
    (error: unknown) => error ?? abortError(),
  );
  try {
    const result = await work(transaction);
    const failure = await done;
    if (failure) throw failure;
    return result;
  } catch (error) {
    abort(transaction);
    await done;
    const cause = transaction.error ?? error; // a request only says that its transaction was aborted
    throw cause instanceof DOMException && cause.name === 'QuotaExceededError' ? quotaError(what, cause) : error;
  }
}

function abort(transaction: { abort(): void }): void {
  try {
    transaction.abort();
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'InvalidStateError')) throw error; // it has ended already
  }
}

function quotaError(what: string, cause: unknown): UserError {
  return new UserError(
    'unsupported',
    `storage: there is no room for ${what}. Nothing of it was saved and nothing else was lost; remove data sets or versions, or free disk space, then try again.`,
    { cause },
  );
}
