// What every migration has in common: what it is given, what it comes to, and how the journal is written ahead of it.

import type { Blobs } from './blobs.ts';
import type { Codec } from './codec.ts';
import type { Database, OpeningHooks, StoredRecord, Upgrade } from './db.ts';
import type { Ledger } from './ledger.ts';

export interface Migration {
  /** of the database */
  name: string;
  codec: Codec;
  hooks: OpeningHooks;
  blobs: Blobs;
  ledger: Ledger;
  /** called before each step; what it throws aborts the migration */
  onStep: (step: string) => void;
}

/** What is left to do, within the upgrade. */
export interface Prepared {
  /** Whether the database still is what this was prepared from. */
  isCurrent(transaction: Upgrade): Promise<boolean>;
  /** Waits for nothing, or the transaction would end under it. */
  apply(database: Database, transaction: Upgrade): void;
}

/** Records in one entry of the journal. */
const RECORDS_AN_ENTRY = 50;

/** Gives the journal these records as commits after the one of this number, and each of them the number of its own. */
export async function writeJournal(
  { ledger, onStep }: Migration,
  after: number,
  lastRun: number,
  records: StoredRecord[],
): Promise<void> {
  onStep('journal');
  for (const sequence of await ledger.entries()) {
    if (sequence > after) await ledger.removeEntry(sequence); // of a migration that was cut off
  }
  for (let start = 0; start < records.length; start += RECORDS_AN_ENTRY) {
    const put = records.slice(start, start + RECORDS_AN_ENTRY);
    const sequence = after + start + put.length;
    for (const record of put) record.sequence = sequence;
    await ledger.writeEntry({ sequence, lastRun, put, removed: [] }, 'the journal');
  }
}
