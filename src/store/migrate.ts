// From schemas 1 and 2, which kept each kind in stores of its own and heavy content in the database, to schema 3. All
// that is heavy is first copied to blobs and the journal is written; then one upgrade of the database puts the records
// and removes the old stores. Until that upgrade is complete the old database is whole, so a migration that was cut off
// anywhere begins anew. What was already lost in the old database is left out, and then its stores stay.

import { openDB, type IDBPDatabase } from 'idb';
import { stringify } from '../base/json.ts';
import type { Recipe } from '../model/recipe.ts';
import type { Blobs } from './blobs.ts';
import { putContent, type DatasetContent, type DatasetDetail } from './datasets.ts';
import {
  createStores,
  EMPTY,
  openDatabase,
  SCHEMA,
  type Database,
  type OpeningHooks,
  type StoredRecord,
  type Summary,
  type Upgrade,
} from './db.ts';
import type { Kind, Records } from './kinds.ts';
import type { Ledger } from './ledger.ts';
import { pack } from './pack.ts';
import { recipeIdOf } from './recipes.ts';
import { seal, summarize } from './records.ts';
import type { RunFacts, RunRecord } from './runs.ts';
import { hashWeights, type TrainedModel, type Version } from './versions.ts';

interface Migration {
  name: string;
  hooks: OpeningHooks;
  blobs: Blobs;
  ledger: Ledger;
  /** called before each step; what it throws aborts the migration */
  onStep: (step: string) => void;
}

type OldVersion = Omit<Version, 'tags' | 'aliases' | 'weightsSha256'>;
type OldTrained = TrainedModel & { sha256: string };

/** What is light in an old database: all of it but content and weights. */
interface OldRecords {
  datasets: DatasetDetail[];
  runs: RunRecord[];
  models: { name: string; lastNumber: number }[];
  versions: OldVersion[];
}

interface Prepared {
  /** the light records that this was prepared from */
  from: string;
  records: StoredRecord[];
  /** what the ledger said before */
  base: Summary;
  lastRun: number;
  /** something could not be read, and is not among them */
  incomplete: boolean;
}

const OLD_STORES = ['datasets', 'content', 'runs', 'models', 'versions', 'trained'];
/** Records in one entry of the journal. */
const RECORDS_AN_ENTRY = 50;

/** Call it alone among all tabs. @throws UserError where there is no room for the copies; whatever `onStep` throws */
export async function migrate(migration: Migration): Promise<void> {
  for (;;) {
    const prepared = await prepare(migration);
    if (!prepared) return; // another tab has done it meanwhile
    const summary = await writeLedger(migration, prepared);
    migration.onStep('upgrade');
    const upgrade = async (database: Database, _oldVersion: number, transaction: Upgrade) => {
      const old = transaction as unknown as OldReader;
      if (stringify(await readOld(old)) !== prepared.from) throw new ChangedMeanwhile();
      applyTo(database, transaction, prepared, summary, migration.onStep);
    };
    try {
      (await openDatabase(migration.name, { ...migration.hooks, upgrade })).db.close();
      return;
    } catch (error) {
      if (!(error instanceof ChangedMeanwhile)) throw error; // else an older page wrote to it while it was read: again
    }
  }
}

class ChangedMeanwhile extends Error {}

interface OldReader {
  objectStore(name: string): { getAll(): Promise<unknown[]> };
}

async function readOld(reader: OldReader): Promise<OldRecords> {
  const [datasets, runs, models, versions] = await Promise.all(
    ['datasets', 'runs', 'models', 'versions'].map((store) => reader.objectStore(store).getAll()),
  );
  return { datasets, runs, models, versions } as OldRecords;
}

async function prepare({ name, blobs, ledger, onStep }: Migration): Promise<Prepared | null> {
  const db: IDBPDatabase = await openDB(name, undefined, {
    blocking: (_c, _b, event) => (event.target as IDBDatabase).close(),
  });
  try {
    if (db.version >= SCHEMA) return null;
    onStep('read');
    const known = await ledger.read();
    // A ledger that no migration wrote tells of a newer database that was lost: its journal stays, for salvage.
    const base = typeof known === 'string' || known.migrating ? EMPTY : known;
    const old = await readOld(db.transaction(['datasets', 'runs', 'models', 'versions']));
    let incomplete = false;
    const records = new Map<string, StoredRecord>();
    const put = async <K extends Kind>(kind: K, key: string, value: Records[K]) => {
      const created = base.sequence + records.size + 1;
      const id = `${kind} ${key}`;
      if (!records.has(id)) records.set(id, await seal(kind, key, value, { created, sequence: created }));
    };
    const putRecipe = async (recipe: Recipe) => {
      const id = await recipeIdOf(recipe);
      await put('recipe', id, recipe);
      return id;
    };

    const datasets = old.datasets.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
    for (const dataset of datasets) {
      onStep(`data set ${dataset.id}`);
      const content = (await read(db, 'content', dataset.id)) as DatasetContent | undefined;
      if (!content) incomplete = true;
      const kept = content ? await putContent(blobs.put, content, `the data set '${dataset.name}'`) : null;
      await put('dataset', dataset.id, { ...dataset, content: kept });
    }
    for (const { recipe, ...run } of old.runs) {
      const facts: RunFacts = { ...run, recipeId: await putRecipe(recipe) };
      await put('run', String(run.id), facts);
    }
    for (const model of old.models) await put('model', model.name, { ...model, aliases: [] });
    for (const version of old.versions.toSorted((a, b) => a.runId - b.runId)) {
      onStep(`weights of ${version.id}`);
      const { recipe, log: _log, ...facts } = version;
      const recipeId = await putRecipe(recipe);
      await put('run', String(version.runId), runOf(version, recipeId)); // where the run itself had been removed
      const { sha256: hash, ...model } = ((await read(db, 'trained', version.runId)) ?? {}) as Partial<OldTrained>;
      const sound = model.weights && (await hashWeights(model.weights)) === hash;
      if (!sound) incomplete = true;
      const trained = sound ? await blobs.put(pack(model), `the version '${version.id}'`) : null;
      const weightsSha256 = sound ? hash! : null;
      await put('version', String(version.runId), { ...facts, tags: [], recipeId, trained, weightsSha256 });
    }
    return { from: stringify(old), records: [...records.values()], base, lastRun: await lastRunOf(db), incomplete };
  } finally {
    db.close();
  }
}

/** What lies in an old store, or undefined where it is not there or cannot be read. */
async function read(db: IDBPDatabase, store: string, key: IDBValidKey): Promise<unknown> {
  try {
    return await db.get(store, key);
  } catch (error) {
    console.warn(`${store} of '${String(key)}' cannot be read:`, error);
    return undefined;
  }
}

/** The last number that the old database gave to a run: adding one and taking it back tells the next. */
async function lastRunOf(db: IDBPDatabase): Promise<number> {
  const transaction = db.transaction('runs', 'readwrite');
  const next = await transaction.store.add({});
  transaction.abort();
  await transaction.done.catch(() => {});
  return Number(next) - 1;
}

/** A run as its version tells it. */
function runOf(version: OldVersion, recipeId: string): RunFacts {
  const { runId, datasetName, log, backend, adapter, backendReason, durationMs, createdAt } = version;
  return {
    id: runId,
    state: 'finished',
    recipeId,
    datasetName,
    log,
    backend,
    adapter,
    backendReason,
    startedAt: createdAt - durationMs,
    durationMs,
    error: null,
  };
}

/** @returns what the database is to say of itself */
async function writeLedger({ ledger, onStep }: Migration, { base, records, lastRun }: Prepared): Promise<Summary> {
  onStep('journal');
  for (const sequence of await ledger.entries()) {
    if (sequence > base.sequence) await ledger.removeEntry(sequence); // of a migration that was cut off
  }
  for (let start = 0; start < records.length; start += RECORDS_AN_ENTRY) {
    const put = records.slice(start, start + RECORDS_AN_ENTRY);
    const sequence = put[put.length - 1].sequence;
    for (const record of put) record.sequence = sequence;
    await ledger.writeEntry({ sequence, lastRun, put, removed: [] }, 'the journal');
  }
  onStep('ledger');
  const sequence = base.sequence + records.length;
  await ledger.write({ ...summarize(base, sequence, [], records), lastRun, migrating: true });
  return { ...summarize(EMPTY, sequence, [], records), lastRun };
}

/** Within the upgrade: waits for nothing, or the transaction would end under it. */
function applyTo(
  database: Database,
  transaction: Upgrade,
  { records, incomplete }: Prepared,
  summary: Summary,
  onStep: Migration['onStep'],
): void {
  const told = () => {}; // the upgrade fails as a whole, and says so

  onStep('stores');
  createStores(database, transaction);
  for (const record of records) {
    onStep(`record ${record.kind} ${record.key}`);
    transaction.objectStore('records').put(record).catch(told);
  }
  onStep('summary');
  transaction.objectStore('summary').put(summary, 'now').catch(told);
  if (incomplete) return;
  for (const store of OLD_STORES) {
    onStep(`store ${store}`);
    (database as unknown as IDBDatabase).deleteObjectStore(store);
  }
}
