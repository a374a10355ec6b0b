// The second copy of the records, outside the IndexedDB, which has been seen to lose records without a word. A journal
// has one file for each commit with what it put and removed; the ledger says what all records come to. Both carry their
// hash. An entry of which everything was changed or removed since is dropped, but for one that says what was removed, as
// long as an older one has it. A commit writes the journal first, then the database, then the ledger: whatever is cut off in between, the
// database is never behind the ledger, and where it is, something was lost. This file judges nothing (incident.ts).

import type { StoredRecord, Summary } from './db.ts';
import { listFiles, openFolder, readChecked, readFile, removeFile, writeChecked, type Folder } from './files.ts';
import type { Kind } from './kinds.ts';

/** What a commit did. */
export interface Entry {
  sequence: number;
  lastRun: number;
  put: StoredRecord[];
  removed: [Kind, string][];
}

export interface LedgerFacts extends Summary {
  /** the browser has wiped the database, and said so when it was opened next */
  dataLoss?: true;
  /** written ahead of a migration that may have been cut off */
  migrating?: true;
}

export interface Ledger {
  /** @returns 'missing' also where there never was one */
  read(): Promise<LedgerFacts | 'missing' | 'damaged'>;
  write(facts: LedgerFacts): Promise<void>;
  /** @throws UserError where there is no room */
  writeEntry(entry: Entry, what: string): Promise<void>;
  readEntry(sequence: number): Promise<Entry | 'missing' | 'damaged'>;
  /** The second copy of a record, or undefined where there is no sound one. */
  findCopy(record: StoredRecord): Promise<StoredRecord | undefined>;
  removeEntry(sequence: number): Promise<void>;
  /** Removes an entry of which no record is left, unless it says that others were removed. */
  dropEntry(sequence: number): Promise<void>;
  /** the commits that have an entry, ascending */
  entries(): Promise<number[]>;
}

/** The file of the summary, in the folder of the journal. */
export const LEDGER = 'ledger.json';
export const JOURNAL = 'journal';

export function createLedger(open: () => Promise<Folder>): Ledger {
  const journal = async () => openFolder(await open(), JOURNAL);
  const fileOf = (sequence: number) => `${sequence}.json`;
  const readEntry = async (sequence: number) => parsed<Entry>(await readChecked(await journal(), fileOf(sequence)));
  return {
    async read() {
      const folder = await open();
      // made and not filled: the page was closed while it opened for the first time, or another tab is at it
      if ((await readFile(folder, LEDGER))?.size === 0) return 'missing';
      return parsed<LedgerFacts>(await readChecked(folder, LEDGER));
    },
    write: async (facts) => writeChecked(await open(), LEDGER, JSON.stringify(facts), 'the ledger'),
    async writeEntry(entry, what) {
      await writeChecked(await journal(), fileOf(entry.sequence), JSON.stringify(entry), what);
    },
    readEntry,
    async findCopy({ kind, key, sequence }) {
      const entry = await readEntry(sequence);
      if (typeof entry === 'string') return undefined;
      return entry.put.find((record) => record.kind === kind && record.key === key);
    },
    removeEntry: async (sequence) => removeFile(await journal(), fileOf(sequence)),
    async dropEntry(sequence) {
      const entry = await readEntry(sequence);
      if (typeof entry === 'string' || entry.removed.length === 0) await removeFile(await journal(), fileOf(sequence));
    },
    async entries() {
      const names = await listFiles(await journal());
      return names
        .filter((name) => /^\d+\.json$/.test(name))
        .map((name) => parseInt(name, 10))
        .sort((a, b) => a - b);
    },
  };
}

function parsed<T>(read: { text: string } | 'missing' | 'damaged'): T | 'missing' | 'damaged' {
  return typeof read === 'string' ? read : (JSON.parse(read.text) as T);
}
