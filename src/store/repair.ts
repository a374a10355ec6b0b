// Writes back what gather.ts found: afterwards database, journal and ledger say the same, and the database holds the
// newest sound copy of every record. What is damaged without a copy is set aside in a file, for whoever can read it.

import { deleteDB } from 'idb';
import { setAside } from './aside.ts';
import { readRecord, writeRecord } from './codec.ts';
import { EMPTY, writing, type Database, type StoredRecord } from './db.ts';
import { raise } from './earlier.ts';
import { gather, type Gathered } from './gather.ts';
import { incidentError } from './incident.ts';
import { isSealed } from './places.ts';
import { summarize } from './records.ts';
import type { Workspace } from './workspace.ts';

const WHAT = 'what was salvaged';
/** Records in one entry of the journal. */
const RECORDS_AN_ENTRY = 50;

/** Is there anything to write back? */
export function needsRepair(found: Gathered): boolean {
  const { toDatabase, toJournal, removed, damaged, damagedEntries, agreed, unreadable } = found;
  return !agreed || unreadable || [toDatabase, toJournal, removed, damaged, damagedEntries].some((list) => list.length);
}

/**
 * @param options.always also where there is nothing to put right: the ledger may be gone
 * @returns what was found and put right
 * @throws UserError where there is no room, or a newer Lathe has taken over; what is there stays
 */
export function repair(ws: Workspace, { always = false } = {}): Promise<Gathered> {
  return ws.alone(async () => {
    await ws.keyring.keys(); // what is locked is not broken
    const incident = await ws.incident();
    if (incident?.kind === 'newer') throw incidentError(incident);
    let db = await ws.open().catch(() => null);
    const found = await gather(ws.ledger, db);
    if (!always && !needsRepair(found)) return found;
    await setAside(ws, found.damaged);
    const raised = await raise(found.best, await ws.codec());
    const made = [...(await missingModels(ws, found)), ...[...raised.values()].flat()];
    const records = await journalAnew(ws, found, raised, made);
    if (!db || found.unreadable) {
      await ws.reopen(); // lets go of it
      await deleteDB((await ws.place()).database); // all that it could give is in the journal now
      db = await ws.open();
    }
    await writeAnew(ws, db, found, records);
    await ws.reopen();
    return found;
  });
}

/** A version whose model is lost gets it back, as far as its versions tell of it. */
async function missingModels(ws: Workspace, { best }: Gathered): Promise<StoredRecord[]> {
  const codec = await ws.codec();
  const known = new Set(best.filter(({ kind }) => kind === 'model').map(({ key }) => key));
  const lost = new Map<string, number>();
  for (const record of best) {
    if (record.kind !== 'version') continue;
    const { model, number } = (await readRecord<'version'>(codec, record)).value;
    if (!known.has(await codec.keyOf('model', model))) lost.set(model, Math.max(number, lost.get(model) ?? 0));
  }
  const made = [...lost].map(([name, lastNumber]) =>
    writeRecord(codec, 'model', name, { name, lastNumber, aliases: [] }, { created: 0, sequence: 0 }),
  );
  return Promise.all(made);
}

/**
 * Gives the journal what it lacks, as commits after the last.
 * @param replaced of what was found, these have others in their place
 * @returns every record, with the commit that it is from
 */
async function journalAnew(
  { ledger }: Workspace,
  found: Gathered,
  replaced: Map<StoredRecord, unknown>,
  made: StoredRecord[],
): Promise<StoredRecord[]> {
  const missing = [...found.toJournal.filter((record) => !replaced.has(record)), ...made];
  const anew = new Map<StoredRecord, StoredRecord>();
  let { sequence } = found.summary;
  for (let start = 0; start < missing.length; start += RECORDS_AN_ENTRY) {
    sequence++;
    const put = missing.slice(start, start + RECORDS_AN_ENTRY).map((record) => {
      const renewed = { ...record, created: record.created || sequence, sequence };
      anew.set(record, renewed);
      return renewed;
    });
    await ledger.writeEntry({ sequence, lastRun: found.summary.lastRun, put, removed: [] }, WHAT);
  }
  const kept = found.best.filter((record) => !replaced.has(record));
  return [...kept, ...made].map((record) => anew.get(record) ?? record);
}

async function writeAnew(ws: Workspace, db: Database, found: Gathered, records: StoredRecord[]): Promise<void> {
  const sequence = records.reduce((last, record) => Math.max(last, record.sequence), found.summary.sequence);
  const { lastRun } = found.summary;
  const seal = await ws.keyring.facts();
  const summary = summarize({ ...EMPTY, lastRun, ...(isSealed(seal) ? { seal } : {}) }, sequence, [], records);
  await writing(db, ['records', 'summary'], WHAT, async (transaction) => {
    const store = transaction.objectStore('records');
    await Promise.all([
      store.clear(),
      ...records.map((record) => store.put(record)),
      transaction.objectStore('summary').put(summary, 'now'),
    ]);
  });
  await ws.ledger.write(summary);
  const cutOff = (await ws.ledger.entries()).filter((entry) => entry > sequence);
  for (const entry of [...found.deadEntries, ...found.damagedEntries, ...cutOff]) await ws.ledger.removeEntry(entry);
}
