// Carries a database of an earlier schema over. All that is heavy is first copied to blobs and the journal is written; then
// one upgrade of the database changes it. Until that upgrade is complete the old database is whole, so a migration that
// was cut off anywhere begins anew. What each schema asks for is in migrateStores.ts (1 and 2) and migrateRecords.ts (3).

import { openDB, type IDBPDatabase } from 'idb';
import { openDatabase, SCHEMA, type Database, type Upgrade } from './db.ts';
import { prepareRecords } from './migrateRecords.ts';
import { prepareStores } from './migrateStores.ts';
import type { Migration, Prepared } from './migration.ts';

/** Call it alone among all tabs. @throws UserError where there is no room for the copies; whatever `onStep` throws */
export async function migrate(migration: Migration): Promise<void> {
  for (;;) {
    const prepared = await prepare(migration);
    if (!prepared) return; // another tab has done it meanwhile
    migration.onStep('upgrade');
    const upgrade = async (database: Database, _oldVersion: number, transaction: Upgrade) => {
      if (!(await prepared.isCurrent(transaction))) throw new ChangedMeanwhile();
      prepared.apply(database, transaction);
    };
    try {
      (await openDatabase(migration.name, { ...migration.hooks, upgrade })).db.close();
      return;
    } catch (error) {
      if (!(error instanceof ChangedMeanwhile)) throw error; // else an older page wrote to it while it was read: again
    }
  }
}

class ChangedMeanwhile extends Error {}

async function prepare(migration: Migration): Promise<Prepared | null> {
  const db: IDBPDatabase = await openDB(migration.name, undefined, {
    blocking: (_c, _b, event) => (event.target as IDBDatabase).close(),
  });
  try {
    if (db.version >= SCHEMA) return null;
    migration.onStep('read');
    return await (db.version < 3 ? prepareStores(db, migration) : prepareRecords(db, migration));
  } finally {
    db.close();
  }
}
