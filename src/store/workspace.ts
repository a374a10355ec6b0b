// The workspace: everything that is kept, as one thing that opens itself. Light records in the IndexedDB (records.ts),
// heavy content in files (blobs.ts), a second copy of the records outside the database (ledger.ts). All writes of records
// go through `commit`, one at a time in all tabs. What the records mean is said in datasets.ts, runs.ts, versions.ts.
// Opening, reading and committing share what is open, and so this is one file.

import { createBlobs, type Blobs } from './blobs.ts';
import { standBack } from './clearing.ts';
import type { Codec } from './codec.ts';
import { writing, type Database, type Summary } from './db.ts';
import { closedError, isClosed, isQuotaError } from './errors.ts';
import { openTopFolder, type Folder } from './files.ts';
import { incidentError, isSilent, SILENT, type Incident } from './incident.ts';
import { createKeyring, type Keyring } from './keyring.ts';
import type { Kind } from './kinds.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { tryLock, withLock } from './locks.ts';
import { createOpener, readSummary } from './opening.ts';
import { isSealed, placeOf, type Place } from './places.ts';
import { freeReserve, holdReserve } from './reserve.ts';
import { createDraft, createReader, type Change, type Draft, type Reader } from './records.ts';

export interface Workspace extends Reader {
  readonly name: string;
  /** milliseconds since 1970; never used for order */
  now(): number;
  /** Opens the database, or says why not. Everything else opens it by itself, and again after the browser closed it. */
  open(): Promise<Database>;
  close(): Promise<void>;
  /**
   * Changes records: `work` reads the newest and drafts the changes. All of them are on disk when this returns, or none
   * of them ever. Tabs take turns. `work` does not commit itself.
   * @param what is being saved, for the error where there is no room
   */
  commit<T>(what: string, work: (draft: Draft) => Promise<T>): Promise<T>;
  /** Runs `work`, which puts blobs and commits records that refer to them, while no clean-up can come in between. */
  holdBlobs<T>(work: () => Promise<T>): Promise<T>;
  /** Keeps a blob, from within `holdBlobs`. @returns its SHA-256 */
  putBlob(content: Blob, what: string): Promise<string>;
  /** Keeps a blob that comes as a stream, from within `holdBlobs`; see blobs.ts. */
  receiveBlob: Blobs['receive'];
  /** @throws UserError where it is gone, or its bytes are not those that were saved */
  readBlob(sha256: string, what: string): Promise<Blob>;
  /** What all records come to, by what the database says of itself. */
  summary(): Promise<Summary>;
  /** What is wrong with what is kept, also where it is locked; null where it is whole. */
  incident(): Promise<Incident | null>;
  /** called after each commit of this workspace with the kinds that it changed */
  onCommitted: (kinds: Kind[]) => void;
  /** called while an older page in another tab keeps this one from opening; it goes on when that tab is closed */
  onBlocked: () => void;
  /** called where what is kept may have been lost under the page: `incident` says whether it was */
  onDoubt: () => void;
  /** called when a newer page in another tab wants the database; `letGo` gives it up */
  onWanted: (letGo: () => void) => void;
  /** called when that page has it: from then on there is an incident */
  onSuperseded: () => void;
  readonly blobs: Blobs;
  readonly ledger: Ledger;
  readonly keyring: Keyring;
  /** Forgets the key, and all that was opened by it. */
  lock(): Promise<void>;
  /** How records are written and read. @throws UserError where the workspace is locked */
  codec(): Promise<Codec>;
  /** Where the records are now. */
  place(): Promise<Place>;
  /** Runs `work` while no tab commits. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  /** Runs `work` while no tab commits, or keeps or collects blobs. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** Has the next opening take whatever it finds for all there ever was. */
  beginAnew(): Promise<void>;
  /** called before each step of sealing and unsealing; what it throws cuts it off there */
  onSealingStep: (step: string) => void;
  /** The folder of all files. */
  folder(): Promise<Folder>;
  /** Waits until blobs that nobody refers to any more are gone. */
  collected(): Promise<void>;
  /** Has the database be opened, and held against the ledger, anew. */
  reopen(): Promise<void>;
  /** As `reopen`, where there is an incident: another tab may have dealt with it. */
  reconsider(): Promise<void>;
}

export interface WorkspaceOptions {
  now?: () => number;
  /** called before each step of a migration; what it throws aborts the migration */
  onMigrationStep?: (step: string) => void;
}

/** @param name of the database and of the folder; one origin may hold several */
export function createWorkspace(name: string, options: WorkspaceOptions = {}): Workspace {
  let holds = 0;
  /** blobs that perhaps nobody refers to */
  const garbage = new Set<string>();
  let collecting: Promise<unknown> = Promise.resolve();
  const openFolder = () => openTopFolder(name); // each time, for a folder that was cleared away is no use any more
  const keyring = createKeyring(name, openFolder);
  const sealedNow = async () => isSealed(await keyring.facts());
  const place = async () => placeOf(name, await openFolder(), await sealedNow());
  const blobs = createBlobs(openFolder, async () => {
    const facts = await keyring.facts();
    const write = isSealed(facts) && facts.state !== 'unsealing' ? 'sealed' : 'plain';
    return { keys: await keyring.keys(), write };
  });
  const ledger = createLedger(async () => (await place()).folder);
  const blobLock = `blobs ${name}`;
  const opener = createOpener({
    name,
    blobs,
    ledger,
    keyring,
    onBlocked: () => workspace.onBlocked(),
    onDoubt: () => workspace.onDoubt(),
    onWanted: (letGo) => workspace.onWanted(letGo),
    onSuperseded: () => workspace.onSuperseded(),
    onMigrationStep: options.onMigrationStep ?? (() => {}),
  });

  async function database(): Promise<Database> {
    const { db, incident } = await opener.open();
    await keyring.keys(); // or it is locked
    if (db) return db;
    throw incidentError(incident!);
  }

  /** @throws UserError where something is to be dealt with before anything is written */
  async function writable(): Promise<Database> {
    const { db, incident } = await opener.open();
    await keyring.keys();
    if (incident || !db) throw incidentError(incident!);
    return db;
  }

  /** Reads from the database, and once more where the browser has closed it meanwhile. */
  async function use<T>(work: (db: Database) => Promise<T>): Promise<T> {
    let db;
    try {
      db = await database();
      return await work(db);
    } catch (error) {
      if (!isClosed(error)) throw await opener.explain(error);
      standBack();
      if (db) opener.forget(db);
      return work(await database());
    }
  }

  const reader = createReader(use, ledger.findCopy, keyring.codec);
  const alone = <T>(work: () => Promise<T>) => withLock(`write ${name}`, () => lookAgain().then(work));

  /** Another tab may have sealed or unsealed everything before this one got its lock. */
  async function lookAgain(): Promise<void> {
    const [before, now] = [await keyring.facts(), await keyring.look()];
    if (before?.id !== now?.id || isSealed(before) !== isSealed(now)) await opener.close();
  }

  async function commit<T>(what: string, work: (draft: Draft) => Promise<T>): Promise<T> {
    await opener.open(); // before its turn, which a migration takes too
    const { result, change } = await alone(async () => {
      const db = await writable();
      try {
        const { draft, finish } = createDraft(db, reader, (await readSummary(db)).summary, await keyring.codec());
        const result = await work(draft);
        const change = await finish();
        if (change) await writeOrMakeRoom(db, change, what);
        return { result, change };
      } catch (error) {
        if (!isClosed(error) && !isClosed((error as Error).cause)) throw await opener.explain(error);
        standBack();
        opener.forget(db);
        throw closedError(what, error);
      }
    });
    if (change) {
      for (const { refs } of [...change.removed, ...change.replaced]) refs.forEach((ref) => garbage.add(ref));
      collecting = collecting.then(collect);
      workspace.onCommitted([...new Set([...change.put, ...change.removed].map(({ kind }) => kind))]);
    }
    return result;
  }

  /** What removes something finds room for that in the reserve. */
  async function writeOrMakeRoom(db: Database, change: Change, what: string): Promise<void> {
    try {
      await write(db, change, what);
    } catch (error) {
      if (change.removed.length === 0 || !isQuotaError((error as Error).cause)) throw error;
      await freeReserve(await openFolder());
      await write(db, change, what);
    }
  }

  /** Journal, database, ledger: in this order, so that the database is never behind the ledger. */
  async function write(db: Database, { put, removed, replaced, summary }: Change, what: string): Promise<void> {
    const { sequence, lastRun } = summary;
    await ledger.writeEntry({ sequence, lastRun, put, removed: removed.map(({ kind, key }) => [kind, key]) }, what);
    try {
      await writing(db, ['records', 'summary'], what, async (transaction) => {
        const records = transaction.objectStore('records');
        await Promise.all([
          ...removed.map(({ kind, key }) => records.delete([kind, key])),
          ...put.map((record) => records.put(record)),
          transaction.objectStore('summary').put(summary, 'now'),
        ]);
      });
    } catch (error) {
      await ledger.removeEntry(sequence).catch(() => {}); // the next commit writes over it
      throw error;
    }
    opener.saw(summary);
    try {
      await ledger.write(summary);
      await dropDeadEntries(
        db,
        [...removed, ...replaced].map((record) => record.sequence),
      );
    } catch (error) {
      console.warn('ledger not written:', error); // the commit stands; the next one writes the ledger
    }
  }

  /** Removes the journal's entries of which every record has been changed or removed since. */
  async function dropDeadEntries(db: Database, sequences: number[]): Promise<void> {
    for (const sequence of new Set(sequences)) {
      if ((await db.countFromIndex('records', 'sequence', sequence)) === 0) await ledger.dropEntry(sequence);
    }
  }

  /** Removes the blobs of `garbage` that nobody refers to; where somebody holds blobs, a later call does it. */
  async function collect(): Promise<void> {
    if (garbage.size === 0) return;
    try {
      await tryLock(blobLock, async () => {
        const db = await database();
        for (const hash of [...garbage]) {
          if ((await db.countFromIndex('records', 'refs', hash)) === 0) await blobs.remove(hash);
          garbage.delete(hash);
        }
        await holdReserve(await openFolder());
      });
    } catch (error) {
      console.warn('blobs not cleaned up:', error);
    }
  }

  const workspace: Workspace = {
    ...reader,
    name,
    blobs,
    ledger,
    keyring,
    async lock() {
      keyring.lock();
      blobs.forget();
      await opener.close();
    },
    codec: keyring.codec,
    place,
    now: options.now ?? Date.now,
    open: database,
    async close() {
      await collecting;
      await opener.close();
    },
    commit,
    async holdBlobs(work) {
      await writable();
      try {
        return await withLock(
          blobLock,
          async () => {
            holds++;
            return lookAgain()
              .then(work)
              .finally(() => holds--);
          },
          'shared',
        );
      } finally {
        collecting = collecting.then(collect);
      }
    },
    async putBlob(content, what) {
      if (holds === 0) throw new Error('putBlob outside of holdBlobs');
      const hash = await blobs.put(content, what);
      garbage.add(hash); // until a record refers to it
      return hash;
    },
    async receiveBlob(hash, open, what, signal) {
      if (holds === 0) throw new Error('receiveBlob outside of holdBlobs');
      garbage.add(hash); // until a record refers to it
      return blobs.receive(hash, open, what, signal);
    },
    readBlob: (sha256, what) => blobs.read(sha256, what),
    summary: async () => (await readSummary(await database())).summary,
    async incident() {
      try {
        return (await opener.open()).incident; // what is counted and hashed is sealed, so that no key is asked for
      } catch (error) {
        if (isSilent(error)) return SILENT;
        if (await keyring.isLocked()) return null; // it is of an earlier schema
        throw error;
      }
    },
    alone,
    exclusively: (work) => withLock(blobLock, () => alone(work)),
    async beginAnew() {
      await opener.beginAnew();
      garbage.clear();
      blobs.forget();
    },
    folder: openFolder,
    async collected() {
      await collecting;
    },
    reopen: () => opener.close(),
    reconsider: () => opener.reconsider(),
    onSealingStep: () => {},
    onCommitted: () => {},
    onBlocked: () => {},
    onDoubt: () => {},
    onWanted: (letGo) => letGo(),
    onSuperseded: () => {},
  };
  return workspace;
}
