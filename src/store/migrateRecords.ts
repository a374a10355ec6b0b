// From schema 3 to schema 4: the same stores, but each run's log becomes a record of its own. A database that has lost
// something is left as it is, so that this is still seen; salvage, which deals with it, leads its records on.

import type { IDBPDatabase } from 'idb';
import { stringify } from '../base/json.ts';
import { EMPTY, type LatheSchema, type StoredRecord, type Upgrade } from './db.ts';
import { raise } from './earlier.ts';
import { judge } from './incident.ts';
import { writeJournal, type Migration, type Prepared } from './migration.ts';
import { isSound, rangeOf, summarize } from './records.ts';

/** Writes the journal. */
export async function prepareRecords(db: IDBPDatabase, migration: Migration): Promise<Prepared> {
  const { ledger, onStep } = migration;
  const known = await ledger.read(); // before the database, which an older page may write to meanwhile
  const transaction = (db as unknown as IDBPDatabase<LatheSchema>).transaction(['records', 'summary']);
  const store = transaction.objectStore('records');
  const [found, count, runs, versions] = await Promise.all([
    transaction.objectStore('summary').get('now'),
    store.count(),
    store.getAll(rangeOf('run')),
    store.getAll(rangeOf('version')),
  ]);
  const before = found ?? EMPTY;
  const isCurrent = async (upgrade: Upgrade) =>
    stringify(await upgrade.objectStore('summary').get('now')) === stringify(found);
  if (judge({ ledger: known, database: { summary: before, records: count } })) return { isCurrent, apply: () => {} };

  const sound: StoredRecord[] = [];
  for (const record of [...runs, ...versions]) {
    const copy = (await isSound(record)) ? record : await ledger.findCopy(record);
    if (copy) sound.push(copy); // else it is found, and set aside, by the next audit
  }
  const raised = await raise(sound, migration.codec);
  const records = [...raised.values()].flat();
  await writeJournal(migration, before.sequence, before.lastRun, records);
  const summary = summarize(before, before.sequence + records.length, [...raised.keys()], records);
  return {
    isCurrent,
    apply(_database, upgrade) {
      const told = () => {}; // the upgrade fails as a whole, and says so
      for (const record of records) {
        onStep(`record ${record.kind} ${record.key}`);
        upgrade.objectStore('records').put(record).catch(told);
      }
      onStep('summary');
      upgrade.objectStore('summary').put(summary, 'now').catch(told);
    },
  };
}
