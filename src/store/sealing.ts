// The passphrase of the workspace: set, changed, removed. Setting one copies all records, sealed, to places of their own,
// and then says in one small file that these are the records now; until that is written nothing has changed, and from
// then on everything is locked in every tab. The files that it leaves in the clear are sealed one by one. Removing it is
// the way back. Cut off anywhere, it goes on with `finishSealing`, and what was kept can be read all the while.

import { UserError } from '../base/errors.ts';
import { listAside, rewriteAside } from './aside.ts';
import { PLAIN, recode, type Codec } from './codec.ts';
import { EMPTY, mergeFiles, openDatabase, writing, type Database, type StoredRecord } from './db.ts';
import { gather } from './gather.ts';
import { incidentError } from './incident.ts';
import { noPassphrase } from './keyring.ts';
import { newKeys } from './keys.ts';
import { createLedger } from './ledger.ts';
import { readMeasurement, writeMeasurement } from './measurements.ts';
import { readSummary } from './opening.ts';
import { clearPlace, isSealed, placeOf, type Place, type SealFacts } from './places.ts';
import { summarize } from './records.ts';
import { needsRepair, repair } from './repair.ts';
import { openSeal, rewrapSeal } from './seal.ts';
import { removeOldTemporaries } from './temporary.ts';
import type { Workspace } from './workspace.ts';

export interface SealingProgress {
  files: number;
  filesDone: number;
}

export interface SealingOptions {
  onProgress?: (progress: SealingProgress) => void;
  /** stops between two files; `finishSealing` goes on */
  signal?: AbortSignal;
}

const WHAT = 'what is sealed';
/** Records in one entry of the journal. */
const RECORDS_AN_ENTRY = 50;

/**
 * Sets a passphrase, or changes it, or removes it (null). Changing it seals nothing anew: the data key stays.
 * @param current the passphrase that is set, where one is
 * @throws UserError where `current` is wrong, it is locked, there is an incident, or no room: what is there stays readable
 */
export async function setPassphrase(
  ws: Workspace,
  passphrase: string | null,
  current: string | undefined,
  options: SealingOptions = {},
): Promise<void> {
  const facts = await ws.keyring.look();
  if (!isSealed(facts)) {
    if (passphrase === null) throw noPassphrase();
    await sealRecords(ws, passphrase);
    return finishSealing(ws, options);
  }
  await ws.keyring.keys(); // or it is locked
  if (!current) throw new UserError('missing', 'passphrase: one is set. Give that one too, to change or remove it.');
  const header = passphrase === null ? facts.header : await rewrapSeal(facts.header, current, passphrase);
  if (passphrase === null) await openSeal(facts.header, current);
  await ws.alone(async () => {
    const now = await ws.keyring.look();
    if (now?.id !== facts.id || now.header.sha256 !== facts.header.sha256) {
      throw new UserError('invalid', 'passphrase: another tab has just changed it. Reload the page.');
    }
    const state = passphrase === null ? 'unsealing' : now.state === 'unsealing' ? 'sealing' : now.state;
    await writeFacts(ws, { ...now, header, state });
  });
  await finishSealing(ws, options);
}

/** Goes on with what was cut off; nothing where nothing was. @throws as setPassphrase */
export async function finishSealing(ws: Workspace, options: SealingOptions = {}): Promise<void> {
  const facts = await ws.keyring.look();
  if (facts?.state === 'sealing') {
    ws.onSealingStep('old records');
    await ws.alone(async () => {
      await writeFacts(ws, facts);
      await clearOld(ws, false);
    });
    await rewriteFiles(ws, true, options);
    await ws.exclusively(async () => {
      await rewriteFiles(ws, true, {}, (work) => work());
      ws.onSealingStep('sealed');
      await writeFacts(ws, { ...facts, state: 'sealed' });
    });
  }
  if (facts?.state === 'unsealing') {
    await rewriteFiles(ws, false, options);
    await makeWhole(ws);
    await ws.exclusively(async () => {
      await rewriteFiles(ws, false, {}, (work) => work());
      await copyRecords(ws, false, PLAIN);
      ws.onSealingStep('unsealed');
      await ws.keyring.write({ ...facts, state: 'unsealed' });
      await ws.reopen();
      await removeSealed(ws);
    });
  }
  if (facts?.state === 'unsealed') await ws.exclusively(() => removeSealed(ws));
}

/** The records, sealed, take the place of those in the clear. */
async function sealRecords(ws: Workspace, passphrase: string): Promise<void> {
  const { facts, keys } = await newKeys(passphrase);
  await makeWhole(ws);
  await ws.exclusively(async () => {
    if (isSealed(await ws.keyring.facts())) {
      throw new UserError('invalid', 'passphrase: another tab has just set one. Unlock with that.');
    }
    await copyRecords(ws, true, keys.codec);
    ws.onSealingStep('flip');
    await ws.keyring.write(facts);
    ws.keyring.take(facts, keys);
    await ws.reopen();
  });
}

/** Writes what the disk is to say of the passphrase, and its second copies. Call it alone. */
async function writeFacts(ws: Workspace, facts: SealFacts): Promise<void> {
  await ws.keyring.write(facts);
  const db = await ws.open();
  const summary = { ...(await readSummary(db)).summary, seal: facts };
  await writing(db, ['summary'], WHAT, (transaction) => transaction.objectStore('summary').put(summary, 'now'));
  await ws.ledger.write(summary);
}

async function clearOld(ws: Workspace, sealed: boolean): Promise<void> {
  await mergeFiles(ws.name);
  await clearPlace(ws.name, await ws.folder(), sealed);
  await mergeFiles(ws.name);
}

/** The last step back: nothing is left of what was sealed. */
async function removeSealed(ws: Workspace): Promise<void> {
  await clearOld(ws, true);
  ws.onSealingStep('forget');
  await ws.keyring.write(null);
}

/** What is damaged is put right, or aside, before everything is copied. @throws UserError where there is an incident */
async function makeWhole(ws: Workspace): Promise<void> {
  const incident = await ws.incident();
  if (incident) throw incidentError(incident);
  if (needsRepair(await gather(ws.ledger, await ws.open()))) await repair(ws);
}

/** Copies every record to another place, which is cleared first, and after a failure. The ledger comes last. */
async function copyRecords(ws: Workspace, sealed: boolean, codec: Codec): Promise<void> {
  const top = await ws.folder();
  await clearPlace(ws.name, top, sealed);
  try {
    const to = await placeOf(ws.name, top, sealed);
    ws.onSealingStep('journal');
    const { records, lastRun, sequence } = await copyJournal(ws, to, codec);
    const summary = summarize({ ...EMPTY, lastRun }, sequence, [], records);
    ws.onSealingStep('database');
    const measurements = await copyMeasurements(ws, codec);
    const db = await openAt(to);
    try {
      await writing(db, ['records', 'summary', 'measurements'], WHAT, async (transaction) => {
        const [store, shelf] = [transaction.objectStore('records'), transaction.objectStore('measurements')];
        await Promise.all([
          ...records.map((record) => store.put(record)),
          ...measurements.map(([key, value]) => shelf.put(value, key)),
          transaction.objectStore('summary').put(summary, 'now'),
        ]);
      });
    } finally {
      db.close();
    }
    ws.onSealingStep('ledger');
    await createLedger(async () => to.folder).write(summary);
  } catch (error) {
    await clearPlace(ws.name, top, sealed).catch(console.warn); // the next attempt clears it
    throw error;
  }
}

async function copyJournal(
  ws: Workspace,
  to: Place,
  codec: Codec,
): Promise<{ records: StoredRecord[]; lastRun: number; sequence: number }> {
  const { best, summary } = await gather(ws.ledger, await ws.open());
  const from = await ws.codec();
  const journal = createLedger(async () => to.folder);
  const records: StoredRecord[] = [];
  let { sequence } = summary;
  for (let start = 0; start < best.length; start += RECORDS_AN_ENTRY) {
    sequence++;
    const part = best.slice(start, start + RECORDS_AN_ENTRY);
    const put = await Promise.all(part.map((old) => recode(old, from, codec, { created: old.created, sequence })));
    await journal.writeEntry({ sequence, lastRun: summary.lastRun, put, removed: [] }, WHAT);
    records.push(...put);
  }
  return { records, lastRun: summary.lastRun, sequence };
}

/** Those that can be read. */
async function copyMeasurements(ws: Workspace, codec: Codec): Promise<[string, unknown][]> {
  const db = await ws.open();
  const from = await ws.codec();
  const copied: [string, unknown][] = [];
  for (const key of await db.getAllKeys('measurements')) {
    try {
      const value = await readMeasurement(from, key, await db.get('measurements', key));
      copied.push([key, await writeMeasurement(codec, key, value)]);
    } catch (error) {
      console.warn(`measurement '${key}' not kept:`, error);
    }
  }
  return copied;
}

async function openAt({ database }: Place): Promise<Database> {
  const nothing = () => {};
  const hooks = {
    upgrade: async () => {},
    onBlocked: nothing,
    onWanted: (letGo: () => void) => letGo(),
    onTerminated: nothing,
  };
  return (await openDatabase(database, hooks)).db;
}

/** Seals every file that lies in the clear, or the other way round, one at a time. @param hold keeps others off each */
async function rewriteFiles(
  ws: Workspace,
  seal: boolean,
  { onProgress, signal }: SealingOptions,
  hold: (work: () => Promise<void>) => Promise<void> = ws.exclusively,
): Promise<void> {
  const names = await ws.blobs.listBy(!seal);
  for (const [filesDone, name] of names.entries()) {
    onProgress?.({ files: names.length, filesDone });
    signal?.throwIfAborted();
    ws.onSealingStep(`file ${filesDone}`);
    const isBlob = /^[0-9a-f]{64}$/.test(name);
    await hold(() => (isBlob ? ws.blobs.rewrite(name, 'a file that is sealed') : ws.blobs.remove(name)));
  }
  if ((await listAside(ws)).length > 0) await hold(() => rewriteAside(ws, seal));
  if (seal) await removeOldTemporaries(ws.name);
  onProgress?.({ files: names.length, filesDone: names.length });
}

/** Removes everything, also what is locked: the workspace is as on a first visit. Other tabs are to be reloaded. */
export async function eraseWorkspace(ws: Workspace): Promise<void> {
  await ws.alone(async () => {
    await ws.reopen();
    const top = await ws.folder();
    for (const sealed of [true, false]) await clearPlace(ws.name, top, sealed);
    for await (const name of top.keys()) await top.removeEntry(name, { recursive: true });
  });
  await ws.beginAnew();
}
