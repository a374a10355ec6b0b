// Whether what lies in the database is all that was saved: it is held against the ledger outside it. A database that was
// wiped or halved is an incident and never a first run. Nothing is repaired here.

import { UserError, type ErrorCode } from '../base/errors.ts';
import type { Summary } from './db.ts';
import type { Kind } from './kinds.ts';
import type { LedgerFacts } from './ledger.ts';

export type IncidentKind =
  /** it is empty, and was not */
  | 'wiped'
  /** it is as it was some commits ago */
  | 'behind'
  /** it has fewer or other records than it says itself */
  | 'halved'
  /** the browser cannot read it */
  | 'unreadable'
  /** its second copy is gone, or damaged; nothing proves any more that it is whole */
  | 'ledgerLost'
  /** it is whole, and of a schema that this page does not know */
  | 'newer'
  /** the browser has closed it, and answers nothing that is asked of the files since */
  | 'silent';

export interface Incident {
  kind: IncidentKind;
  /** what happened and what to do, for people */
  message: string;
  /** records of each kind that should be there; null where that is not known */
  expected: Partial<Record<Kind, number>> | null;
  /** records that are there; null where that cannot be read */
  found: number | null;
}

/** Nothing is read, written or deleted until the page is the newer one. */
export const NEWER: Incident = {
  kind: 'newer',
  message: 'A newer Lathe than this page has taken over what is kept here. Reload the page; nothing was changed.',
  expected: null,
  found: null,
};

export const SILENT: Incident = {
  kind: 'silent',
  message:
    'The browser has closed what was kept here, cleared it perhaps, and does not answer any more. Restart the browser, then restore a backup of what is gone; until then nothing is written.',
  expected: null,
  found: null,
};

export interface Evidence {
  ledger: LedgerFacts | 'missing' | 'damaged';
  /** as the database says; null where it cannot be read */
  database: { summary: Summary; records: number } | null;
}

/** Null where everything is there, or nothing ever was. */
export function judge({ ledger, database }: Evidence): Incident | null {
  const known = typeof ledger === 'string' ? null : ledger;
  const incident = (kind: IncidentKind, what: string): Incident => ({
    kind,
    message: `${what} Salvage what the second copy has, or restore a backup; until then nothing is written.`,
    expected: known?.counts ?? null,
    found: database?.records ?? null,
  });
  if (!database) return incident('unreadable', 'The browser cannot read the database: its files on disk are damaged.');
  const { summary, records } = database;
  if (ledger === 'damaged' && records === 0) {
    return incident('wiped', 'The database is empty, and its second copy was not.');
  }
  if (known?.dataLoss) {
    return incident('wiped', 'The browser found the database damaged on disk and wiped it.');
  }
  if (known && summary.sequence < known.sequence) {
    return records === 0
      ? incident('wiped', `The database is empty; ${total(known)} records were in it.`)
      : incident('behind', `The database has lost its last ${known.sequence - summary.sequence} changes.`);
  }
  if (records !== total(summary)) {
    return incident('halved', `The database has ${records} of the ${total(summary)} records that were saved.`);
  }
  if (known && known.sequence === summary.sequence && known.digest !== summary.digest) {
    return incident('halved', 'The database has other records than were saved.');
  }
  if (!known && summary.sequence > 0) {
    return incident('ledgerLost', 'The second copy of the records is gone or damaged, so nothing proves them whole.');
  }
  return null;
}

export function total({ counts }: Pick<Summary, 'counts'>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

const CODES: Partial<Record<IncidentKind, ErrorCode>> = {
  unreadable: 'missing',
  wiped: 'missing',
  newer: 'unsupported',
  silent: 'missing',
};

export function incidentError({ kind, message }: Incident): UserError {
  return new UserError(CODES[kind] ?? 'invalid', `storage: ${message}`);
}

export function isSilent(error: unknown): boolean {
  return error instanceof UserError && error.message === incidentError(SILENT).message;
}
