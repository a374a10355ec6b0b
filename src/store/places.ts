// Where the records lie: in the plain places, or, once the workspace is sealed, in the sealed ones: another database, and
// another folder with the ledger and the journal. The way from one to the other is one write of one small file (SEAL_FILE).

import { deleteDB } from 'idb';
import { readSummaryOf, type Summary } from './db.ts';
import { findFolder, openFolder, readChecked, readFile, removeFile, type Folder } from './files.ts';
import { JOURNAL, LEDGER } from './ledger.ts';
import type { SealHeader } from './seal.ts';

/**
 * `sealing`: the records are, some files are not yet. `unsealing`: the records still are, some files are not any more.
 * `unsealed`: nothing is, and what was is to be removed.
 */
export type SealState = 'sealing' | 'sealed' | 'unsealing' | 'unsealed';

export interface SealFacts {
  /** of the data key; changing the passphrase keeps it */
  id: string;
  state: SealState;
  header: SealHeader;
}

/** A database, and a folder with ledger and journal. */
export interface Place {
  database: string;
  folder: Folder;
}

/** Says where the records are. */
export const SEAL_FILE = 'seal.json';
const SEALED = 'sealed';

export function isSealed(facts: SealFacts | null): facts is SealFacts {
  return facts !== null && facts.state !== 'unsealed';
}

/** @param name of the workspace @param top its folder */
export async function placeOf(name: string, top: Folder, sealed: boolean): Promise<Place> {
  return { database: databaseOf(name, sealed), folder: sealed ? await openFolder(top, SEALED) : top };
}

export function databaseOf(name: string, sealed: boolean): string {
  return sealed ? `${name} ${SEALED}` : name;
}

/** Removes the records of a place, where there are any. */
export async function clearPlace(name: string, top: Folder, sealed: boolean): Promise<void> {
  await deleteDB(databaseOf(name, sealed));
  for (const each of sealed ? [SEALED] : [JOURNAL, LEDGER]) await removeFile(top, each);
}

/** What the sealed records come to, as their ledger says or else their database; undefined where there are none. */
export async function findSealedSummary(name: string, top: Folder): Promise<Summary | undefined> {
  const folder = await findFolder(top, SEALED);
  const told = folder && (await readChecked(folder, LEDGER));
  if (told && typeof told !== 'string') return JSON.parse(told.text) as Summary;
  if (!folder && (await readFile(top, LEDGER))) return undefined; // a workspace in the clear
  return readSummaryOf(databaseOf(name, true));
}
