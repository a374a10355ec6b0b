// The newest sound copy of every record, out of the database and the journal, and which of the two lacks it. It only
// reads: repair.ts writes back what it finds.

import { EMPTY, type Database, type StoredRecord, type Summary } from './db.ts';
import { isUnreadable } from './errors.ts';
import type { Ledger } from './ledger.ts';
import { readSummary } from './opening.ts';
import { isSound, summarize } from './records.ts';

export interface Gathered {
  /** the newest sound copy of each record, the oldest first */
  best: StoredRecord[];
  /** of `best`: what the database lacks, or has damaged or older */
  toDatabase: StoredRecord[];
  /** of `best`: what the journal lacks, or has older */
  toJournal: StoredRecord[];
  /** in the database, though the journal says that it was removed since */
  removed: StoredRecord[];
  /** damaged in the database, and `best` has nothing or something older in its place */
  damaged: StoredRecord[];
  /** entries of the journal that are damaged */
  damagedEntries: number[];
  /** entries of the journal that nothing needs, ascending */
  deadEntries: number[];
  /** what `best` comes to, as of the last commit that is known of */
  summary: Summary;
  /** both the database and the ledger say so too */
  agreed: boolean;
  /** the database cannot be read, or not all of it */
  unreadable: boolean;
}

/** @param db null where it cannot be opened */
export async function gather(ledger: Ledger, db: Database | null): Promise<Gathered> {
  const told = await ledger.read();
  const known = typeof told === 'string' ? EMPTY : told;
  const sequences = await ledger.entries();
  const first = db && (await readAll(db));
  const ours = first?.summary ?? EMPTY;
  // What is past the last commit of a database that has lost nothing was cut off, or is being written now.
  const whole = first?.records && ours.sequence > 0 && ours.sequence >= known.sequence;
  const last = whole ? ours.sequence : Math.max(known.sequence, ours.sequence, ...sequences);

  const journal = await readJournal(
    ledger,
    sequences.filter((sequence) => sequence <= last),
  );
  const records = first?.records ?? (db ? await readEach(db, [...journal.records.values()]) : []);
  const best = new Map(journal.records);
  const removed: StoredRecord[] = [];
  const damaged: StoredRecord[] = [];
  for (const record of records) {
    const id = idOf(record);
    const sound = await isSound(record);
    if (sound && record.sequence >= (journal.changedAt.get(id) ?? 0)) best.set(id, record);
    else if (sound && !best.has(id)) removed.push(record);
    else if (!sound && best.get(id)?.sequence !== record.sequence) damaged.push(record);
  }
  const newest = [...best.values()].sort((a, b) => a.created - b.created);
  const here = new Map(records.map((record) => [idOf(record), record]));
  const used = new Set(newest.map(({ sequence }) => sequence));
  const runs = newest.filter(({ kind }) => kind === 'run').map(({ key }) => Number(key));
  const lastRun = Math.max(known.lastRun, ours.lastRun, journal.lastRun, ...runs);
  const summary = summarize({ ...EMPTY, lastRun }, last, [], newest);
  return {
    best: newest,
    toDatabase: newest.filter((record) => !isSame(here.get(idOf(record)), record)),
    toJournal: newest.filter((record) => !isSame(journal.records.get(idOf(record)), record)),
    removed,
    damaged,
    damagedEntries: journal.damaged,
    deadEntries: deadEntries(journal, used),
    summary,
    agreed: [ours, known].every((says) => says.sequence === last && says.digest === summary.digest),
    unreadable: !first?.records,
  };
}

interface Journal {
  /** as the last sound entry that has them left them */
  records: Map<string, StoredRecord>;
  /** the commit that changed or removed a record last */
  changedAt: Map<string, number>;
  damaged: number[];
  lastRun: number;
  /** what each sound entry put and removed */
  entries: { sequence: number; put: string[]; removed: string[] }[];
}

/** What the journal comes to. */
async function readJournal(ledger: Ledger, sequences: number[]): Promise<Journal> {
  const journal: Journal = { records: new Map(), changedAt: new Map(), damaged: [], lastRun: 0, entries: [] };
  for (const sequence of sequences) {
    const entry = await ledger.readEntry(sequence);
    if (entry === 'damaged') journal.damaged.push(sequence);
    if (typeof entry === 'string') continue;
    journal.lastRun = Math.max(journal.lastRun, entry.lastRun);
    journal.entries.push({
      sequence,
      put: entry.put.map(idOf),
      removed: entry.removed.map(([kind, key]) => idOf({ kind, key })),
    });
    for (const record of entry.put) {
      if (!(await isSound(record))) continue;
      journal.records.set(idOf(record), record);
      journal.changedAt.set(idOf(record), sequence);
    }
    for (const [kind, key] of entry.removed) {
      journal.records.delete(idOf({ kind, key }));
      journal.changedAt.set(idOf({ kind, key }), sequence);
    }
  }
  return journal;
}

/** @param used commits that a record is from. An entry is needed for them, or to say that what an older one has is removed. */
function deadEntries({ entries }: Journal, used: Set<number>): number[] {
  const older = new Set<string>();
  return entries
    .filter(({ sequence, put, removed }) => {
      const needed = used.has(sequence) || removed.some((id) => older.has(id));
      if (needed) put.forEach((id) => older.add(id));
      return !needed;
    })
    .map(({ sequence }) => sequence);
}

/** All that is in the database at one moment; no records where it cannot give them all. */
async function readAll(db: Database): Promise<{ summary: Summary; records: StoredRecord[] | null } | null> {
  try {
    const transaction = db.transaction(['records', 'summary']);
    const [records, summary] = await Promise.all([
      transaction.objectStore('records').getAll(),
      transaction.objectStore('summary').get('now'),
    ]);
    return { records, summary: summary ?? EMPTY };
  } catch (error) {
    if (!isUnreadable(error)) throw error;
  }
  try {
    return { records: null, summary: (await readSummary(db)).summary };
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return null;
  }
}

/** What a damaged database still gives of the records that the journal knows. */
async function readEach(db: Database, known: StoredRecord[]): Promise<StoredRecord[]> {
  const found: StoredRecord[] = [];
  for (const { kind, key } of known) {
    try {
      const record = await db.get('records', [kind, key]);
      if (record) found.push(record);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
    }
  }
  return found;
}

function idOf({ kind, key }: Pick<StoredRecord, 'kind' | 'key'>): string {
  return `${kind} ${key}`;
}

function isSame(a: StoredRecord | undefined, b: StoredRecord): boolean {
  return a !== undefined && a.json === b.json && a.sequence === b.sequence;
}
