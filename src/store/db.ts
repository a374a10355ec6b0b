// The IndexedDB: its schema, how it is opened, and one strict transaction at a time. Records are one store, so that a
// list is one read and a commit one write. What they hold is sealed JSON (records.ts); data and weights are files
// (blobs.ts). Databases of earlier schemas are carried over by migrate.ts.

import { deleteDB, openDB, type DBSchema, type IDBPDatabase, type IDBPTransaction, type StoreNames } from 'idb';
import { abortError, UserError } from '../base/errors.ts';
import { standBack } from './clearing.ts';
import { closedError, isClosed, nameWriteError } from './errors.ts';
import type { Kind } from './kinds.ts';
import type { SealFacts } from './places.ts';

/** A record as it lies on disk. */
export interface StoredRecord {
  kind: Kind;
  key: string;
  /** what else it is found by */
  name?: string;
  /** the commit that made it, and a fraction by which those of one commit are ordered */
  created: number;
  /** the commit that changed it last */
  sequence: number;
  /** of `json`, hex */
  sha256: string;
  /** SHA-256 of the blobs and recipes that it refers to */
  refs: string[];
  /** canonical */
  json: string;
}

/** What all records come to; written with every commit, and once more outside the database (ledger.ts). */
export interface Summary {
  /** of the last commit; 0 before the first */
  sequence: number;
  /** records of each kind that has any */
  counts: Partial<Record<Kind, number>>;
  /** xor of the records' hashes */
  digest: string;
  /** the last number given to a run */
  lastRun: number;
  /** of sealed records: the second copy of what tells how */
  seal?: SealFacts;
}

export const EMPTY: Summary = { sequence: 0, counts: {}, digest: '0'.repeat(64), lastRun: 0 };

export interface LatheSchema extends DBSchema {
  records: {
    key: [Kind, string];
    value: StoredRecord;
    indexes: { name: [Kind, string]; sequence: number; refs: string };
  };
  /** the one summary, under 'now' */
  summary: { key: string; value: Summary };
  /** by what was measured; plain JSON */
  measurements: { key: string; value: unknown };
}

export type Database = IDBPDatabase<LatheSchema>;
export type StoreName = StoreNames<LatheSchema>;
export type Upgrade = IDBPTransaction<LatheSchema, StoreName[], 'versionchange'>;

/** Schemas 1 and 2 kept each kind in stores of its own, and heavy content in the database; 3 a run's log in its record. */
export const SCHEMA = 4;

export interface Opened {
  db: Database;
  /** it was not there before */
  fresh: boolean;
  /** the browser found it damaged and wiped it (Chromium says so, once) */
  dataLoss: boolean;
}

export interface OpeningHooks {
  /** Carries a database of an earlier schema over, in its upgrade. What it throws leaves the database as it was. */
  upgrade(database: Database, oldVersion: number, transaction: Upgrade): Promise<void>;
  /** an older page in another tab does not let go of the database yet; opening goes on when that tab is closed */
  onBlocked(): void;
  /** a newer page wants the database, and waits until `letGo` is called, which closes it here */
  onWanted(letGo: () => void): void;
  /** the browser, or another tab that salvages, has closed it: its files are gone or broken */
  onTerminated(): void;
}

/** @throws DOMException where it cannot be opened (errors.ts says why); whatever `upgrade` throws */
export async function openDatabase(name: string, hooks: OpeningHooks): Promise<Opened> {
  let fresh = false;
  let dataLoss = false;
  const failures: unknown[] = [];
  try {
    const db = await openDB<LatheSchema>(name, SCHEMA, {
      async upgrade(database, oldVersion, _newVersion, transaction, event) {
        fresh = oldVersion === 0;
        dataLoss = (event as IDBVersionChangeEvent & { dataLoss?: string }).dataLoss === 'total';
        const done = transaction.done.catch(() => {}); // told by openDB
        try {
          if (fresh) createStores(database, transaction);
          else await hooks.upgrade(database, oldVersion, transaction);
        } catch (error) {
          failures.push(error);
          abort(transaction);
          await done;
        }
      },
      blocked: () => hooks.onBlocked(),
      blocking(_current, wanted, event) {
        const letGo = () => (event.target as IDBDatabase).close(); // or the other page would wait for ever
        if (wanted !== null) return hooks.onWanted(letGo);
        letGo();
        hooks.onTerminated();
      },
      terminated() {
        standBack();
        hooks.onTerminated();
      },
    });
    return { db, fresh, dataLoss };
  } catch (error) {
    throw failures.length > 0 ? failures[0] : error;
  }
}

/** What a database says of itself, which is not in use; undefined where there is none, or it cannot be read. */
export async function readSummaryOf(name: string): Promise<Summary | undefined> {
  const all = (await indexedDB.databases?.().catch(() => [])) ?? [];
  if (!all.some((each) => each.name === name)) return undefined;
  try {
    const db = await openDB<LatheSchema>(name);
    try {
      return await db.get('summary', 'now');
    } finally {
      db.close();
    }
  } catch {
    return undefined;
  }
}

/**
 * Has the browser bring its database files up to date. Chromium keeps all databases of a page in one log-structured store
 * (LevelDB): what was removed lies in its files until they are merged, which the removal of a database sets off for the
 * files that are older. So nothing is left of a database that is removed between two calls of this.
 */
export async function mergeFiles(name: string): Promise<void> {
  const scratch = `${name} scratch`;
  const db = await openDB(scratch, 1, { upgrade: (database) => void database.createObjectStore('any') });
  await db.put('any', 0, 0);
  db.close();
  await deleteDB(scratch);
}

/** Makes the stores of this schema, empty. */
export function createStores(database: Database, transaction: Upgrade): void {
  const records = database.createObjectStore('records', { keyPath: ['kind', 'key'] });
  records.createIndex('name', ['kind', 'name']);
  records.createIndex('sequence', 'sequence');
  records.createIndex('refs', 'refs', { multiEntry: true });
  database
    .createObjectStore('summary')
    .put(EMPTY, 'now')
    .catch(() => {}); // the upgrade fails as a whole, and says so
  if (!transaction.objectStoreNames.contains('measurements')) database.createObjectStore('measurements');
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
    // a request only says that its transaction was aborted
    const cause = transaction.error ?? error;
    const named = isClosed(cause) ? closedError(what, cause) : nameWriteError(cause, what);
    throw named instanceof UserError ? named : error;
  }
}

function abort(transaction: { abort(): void }): void {
  try {
    transaction.abort();
  } catch (error) {
    if (!(error instanceof DOMException && error.name === 'InvalidStateError')) throw error; // it has ended already
  }
}
