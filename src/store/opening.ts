// How a workspace opens: the folder, the ledger, the database, then the two are held against each other. It opens again
// when the browser has closed the database, and remembers what it saw, so that storage which is cleared under the page
// does not look like a first visit. Repairing is salvage.ts.

import { deleteDB } from 'idb';
import type { Blobs } from './blobs.ts';
import { EMPTY, openDatabase, type Database, type OpeningHooks, type Summary } from './db.ts';
import { isClosed, isUnreadable, openingError } from './errors.ts';
import { incidentError, judge, NEWER, type Incident } from './incident.ts';
import type { Keyring } from './keyring.ts';
import type { Ledger, LedgerFacts } from './ledger.ts';
import { tryLock, withLock } from './locks.ts';
import { databaseOf, isSealed } from './places.ts';

/** A browser that comes upon damage while it opens a database gives that up, and opens a new one when it is asked again. */
const ATTEMPTS = 3;

export interface Opened {
  /** null where the browser cannot open or read it, or it is of a newer Lathe */
  db: Database | null;
  incident: Incident | null;
}

export interface Opener {
  /** @throws UserError where storage is blocked */
  open(): Promise<Opened>;
  /** Lets go of the database; the next `open` begins anew. */
  close(): Promise<void>;
  /** Has the next `open` begin anew, where it was still `db` that is open: the browser has closed that one. */
  forget(db: Database): void;
  /** Has the next `open` begin anew where there is an incident: another tab may have dealt with it. */
  reconsider(): Promise<void>;
  /** As `close`, and has the next `open` take whatever it finds for all there ever was. */
  beginAnew(): Promise<void>;
  /** Tells what the records came to when they were last seen whole from here. */
  saw(summary: Summary): void;
  /** Tells of an error met while reading or writing. @returns the error to throw in its place */
  explain(error: unknown): Promise<unknown>;
}

export interface OpenerOptions {
  name: string;
  blobs: Blobs;
  ledger: Ledger;
  keyring: Keyring;
  onBlocked: () => void;
  /** the browser has closed the database, or cannot read it: something may be gone */
  onDoubt: () => void;
  /** a newer page wants the database: `letGo` is to be called as soon as nothing is under way that needs it */
  onWanted: (letGo: () => void) => void;
  /** the newer page has it now */
  onSuperseded: () => void;
  onMigrationStep: (step: string) => void;
}

export function createOpener(options: OpenerOptions): Opener {
  const { name, blobs, ledger, keyring, onBlocked, onDoubt, onWanted, onSuperseded, onMigrationStep } = options;
  let opening: Promise<Opened> | null = null;
  /** what `opening` came to, once it has */
  let current: Database | null = null;
  let seen: Summary | null = null;
  const openLock = `open ${name}`;

  /** Drops `opening` where nobody has begun anew meanwhile: two that do so would leave one open that nobody closes. */
  function drop(old: Promise<Opened> | null): void {
    if (opening !== old) return;
    opening = current = null;
    keyring.forget();
  }

  async function close(): Promise<void> {
    const old = opening;
    const opened = await old?.catch(() => null); // what did not open needs no closing
    opened?.db?.close();
    drop(old);
  }

  /** The browser has closed what is open: something may be gone, so the next `open` looks anew. */
  function doubt(): void {
    drop(opening);
    onDoubt();
  }

  const hooks: OpeningHooks = {
    upgrade: async () => {
      throw new OldSchema();
    },
    onBlocked,
    onWanted(letGo) {
      onWanted(() => {
        opening = Promise.resolve({ db: null, incident: NEWER });
        current = null;
        letGo();
        onSuperseded();
      });
    },
    onTerminated: doubt,
  };

  async function openOnce(attempt = 1): Promise<Opened> {
    const facts = await keyring.look();
    let known = await ledger.read(); // before the database, which other tabs may write to meanwhile
    let opened;
    try {
      opened = await openDatabase(databaseOf(name, isSealed(facts)), hooks);
    } catch (error) {
      if (isUnreadable(error)) return unreadable(known, error);
      if (isClosed(error) && attempt < ATTEMPTS) return openOnce(attempt + 1);
      if (error instanceof DOMException && error.name === 'VersionError') return { db: null, incident: NEWER };
      if (!(error instanceof OldSchema)) throw error;
      await migrate();
      return openOnce();
    }
    const { db, fresh, dataLoss } = opened;
    if ((await keyring.look())?.state !== facts?.state) {
      db.close(); // another tab sealed or unsealed everything meanwhile
      if (fresh) await deleteDB(db.name);
      return openOnce();
    }
    let database;
    try {
      database = await readSummary(db);
    } catch (error) {
      db.close();
      if (isUnreadable(error)) return unreadable(known, error);
      if (isClosed(error) && attempt < ATTEMPTS) return openOnce(attempt + 1);
      throw error;
    }
    if (known === 'missing' && seen) known = seen; // both were cleared while this page was open
    if (known === 'missing' && database.summary.sequence === 0) {
      known = await withLock(openLock, () => startLedger(fresh && dataLoss));
    }
    const incident = judge({ ledger: known, database });
    if (incident) return { db, incident };
    seen = database.summary;
    if (typeof known !== 'string' && known.sequence < seen.sequence) {
      // a commit or a migration was cut off before its last step, or is under way
      const catchUp = tryLock(`write ${name}`, async () => ledger.write((await readSummary(db)).summary));
      await catchUp.catch((error: unknown) => console.warn('ledger not written:', error)); // no room, say: it may lag
    }
    return { db, incident };
  }

  /** Carries a database of an earlier schema over, or leaves it as it is. */
  async function migrate(): Promise<void> {
    const { migrate } = await import('./migrate.ts');
    const database = databaseOf(name, isSealed(await keyring.facts()));
    const migration = { name: database, codec: await keyring.codec(), hooks, blobs, ledger, onStep: onMigrationStep };
    // alone: an older page that is still open may commit until its database is taken over
    const alone = () => withLock(`write ${name}`, () => migrate(migration));
    await withLock(openLock, () => withLock(`blobs ${name}`, alone, 'shared'));
  }

  async function startLedger(dataLoss: boolean): Promise<LedgerFacts | 'damaged'> {
    const known = await ledger.read();
    if (known !== 'missing') return known; // another tab was faster
    const lost = dataLoss || (await ledger.entries()).length > 0; // no first run has a journal
    const facts: LedgerFacts = lost ? { ...EMPTY, dataLoss: true } : EMPTY;
    await ledger.write(facts);
    return facts;
  }

  return {
    async open() {
      const begun = (opening ??= openOnce());
      try {
        const opened = await begun;
        if (opening === begun) current = opened.db;
        return opened;
      } catch (error) {
        if (opening === begun) opening = null;
        throw openingError(error, name);
      }
    },
    close,
    forget(db) {
      if (current === db) doubt();
    },
    async reconsider() {
      const old = opening;
      const incident = (await old?.catch(() => null))?.incident;
      // nothing but a reload mends a newer database
      if (incident && incident !== NEWER && opening === old) await close();
    },
    async beginAnew() {
      await close();
      seen = null;
    },
    saw(summary) {
      seen = summary;
    },
    async explain(error) {
      if (!isUnreadable(error)) return error;
      const opened = unreadable(await ledger.read(), error);
      opening = Promise.resolve(opened);
      current = null;
      onDoubt();
      return incidentError(opened.incident!);
    },
  };
}

function unreadable(ledger: LedgerFacts | 'missing' | 'damaged', error: unknown): Opened {
  console.warn('the database cannot be read:', error);
  return { db: null, incident: judge({ ledger, database: null }) };
}

/** The database is of an earlier schema. */
class OldSchema extends Error {}

/** What the database says of itself, and how many records it has. */
export async function readSummary(db: Database): Promise<{ summary: Summary; records: number }> {
  const transaction = db.transaction(['records', 'summary']);
  const [summary, records] = await Promise.all([
    transaction.objectStore('summary').get('now'),
    transaction.objectStore('records').count(),
  ]);
  return { summary: summary ?? EMPTY, records };
}
