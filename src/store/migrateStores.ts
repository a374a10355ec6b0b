// From schemas 1 and 2, which kept each kind in stores of its own and heavy content in the database, to schema 4. What was
// already lost in the old database is left out, and then its stores stay.

import type { IDBPDatabase } from 'idb';
import { stringify } from '../base/json.ts';
import type { Recipe } from '../model/recipe.ts';
import { PLAIN, writeRecord } from './codec.ts';
import { putContent, type DatasetContent, type DatasetDetail } from './datasets.ts';
import { createStores, EMPTY, type Database, type StoredRecord, type Summary, type Upgrade } from './db.ts';
import type { Kind, Records } from './kinds.ts';
import { writeJournal, type Migration, type Prepared } from './migration.ts';
import { pack } from './pack.ts';
import { recipeIdOf } from './recipes.ts';
import { summarize } from './records.ts';
import type { RunRecord } from './runs.ts';
import { hashWeights, type TrainedModel, type VersionDetail } from './versions.ts';

type OldVersion = Omit<VersionDetail, 'tags' | 'aliases' | 'weightsSha256' | 'epochs'>;
type OldTrained = TrainedModel & { sha256: string };

/** What is light in an old database: all of it but content and weights. */
interface OldRecords {
  datasets: DatasetDetail[];
  runs: RunRecord[];
  models: { name: string; lastNumber: number }[];
  versions: OldVersion[];
}

/** What the old database comes to. */
interface Carried {
  records: StoredRecord[];
  lastRun: number;
  /** something could not be read, and is not among them */
  incomplete: boolean;
}

const OLD_STORES = ['datasets', 'content', 'runs', 'models', 'versions', 'trained'];

/** Copies what is heavy to blobs; writes the journal and the ledger. */
export async function prepareStores(db: IDBPDatabase, migration: Migration): Promise<Prepared> {
  const { ledger, onStep } = migration;
  const known = await ledger.read();
  // A ledger that no migration wrote tells of a newer database that was lost: its journal stays, for salvage.
  const base = typeof known === 'string' || known.migrating ? EMPTY : known;
  const old = await readOld(db.transaction(['datasets', 'runs', 'models', 'versions']));
  const from = stringify(old);
  const { records, lastRun, incomplete } = await carry(db, old, base, migration);
  await writeJournal(migration, base.sequence, lastRun, records);
  onStep('ledger');
  const sequence = base.sequence + records.length;
  await ledger.write({ ...summarize(base, sequence, [], records), lastRun, migrating: true });
  const summary = { ...summarize(EMPTY, sequence, [], records), lastRun };
  return {
    isCurrent: async (transaction) => stringify(await readOld(transaction as unknown as OldReader)) === from,
    apply: (database, transaction) => applyTo(database, transaction, { records, incomplete, summary, onStep }),
  };
}

interface OldReader {
  objectStore(name: string): { getAll(): Promise<unknown[]> };
}

async function readOld(reader: OldReader): Promise<OldRecords> {
  const [datasets, runs, models, versions] = await Promise.all(
    ['datasets', 'runs', 'models', 'versions'].map((store) => reader.objectStore(store).getAll()),
  );
  return { datasets, runs, models, versions } as OldRecords;
}

async function carry(db: IDBPDatabase, old: OldRecords, base: Summary, { blobs, onStep }: Migration): Promise<Carried> {
  let incomplete = false;
  const records = new Map<string, StoredRecord>();
  const put = async <K extends Kind>(kind: K, key: string, value: Records[K]) => {
    const created = base.sequence + records.size + 1;
    const id = `${kind} ${key}`;
    if (!records.has(id)) records.set(id, await writeRecord(PLAIN, kind, key, value, { created, sequence: created }));
  };
  const putRecipe = async (recipe: Recipe) => {
    const id = await recipeIdOf(recipe);
    await put('recipe', id, recipe);
    return id;
  };
  const putRun = async ({ log, ...run }: Omit<RunRecord, 'recipe'>, recipeId: string) => {
    await put('run', String(run.id), { ...run, last: log.at(-1) ?? null, recipeId });
    await put('log', String(run.id), { runId: run.id, epochs: log });
  };

  const datasets = old.datasets.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  for (const dataset of datasets) {
    onStep(`data set ${dataset.id}`);
    const content = (await read(db, 'content', dataset.id)) as DatasetContent | undefined;
    if (!content) incomplete = true;
    const kept = content ? await putContent(blobs.put, content, `the data set '${dataset.name}'`) : null;
    await put('dataset', dataset.id, { ...dataset, content: kept });
  }
  for (const { recipe, ...run } of old.runs) await putRun(run, await putRecipe(recipe));
  for (const model of old.models) await put('model', model.name, { ...model, aliases: [] });
  for (const version of old.versions.toSorted((a, b) => a.runId - b.runId)) {
    onStep(`weights of ${version.id}`);
    const { recipe, log, ...facts } = version;
    const recipeId = await putRecipe(recipe);
    await putRun(runOf(version), recipeId); // where the run itself had been removed
    const { sha256: hash, ...model } = ((await read(db, 'trained', version.runId)) ?? {}) as Partial<OldTrained>;
    const sound = model.weights && (await hashWeights(model.weights)) === hash;
    if (!sound) incomplete = true;
    const trained = sound ? await blobs.put(pack(model), `the version '${version.id}'`) : null;
    const weightsSha256 = sound ? hash! : null;
    const epochs = log.length;
    await put('version', String(version.runId), { ...facts, tags: [], recipeId, epochs, trained, weightsSha256 });
  }
  return { records: [...records.values()], lastRun: await lastRunOf(db), incomplete };
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
function runOf(version: OldVersion): Omit<RunRecord, 'recipe'> {
  const { runId, datasetName, log, backend, adapter, backendReason, durationMs, createdAt } = version;
  return {
    id: runId,
    state: 'finished',
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

/** Within the upgrade: waits for nothing, or the transaction would end under it. */
function applyTo(
  database: Database,
  transaction: Upgrade,
  { records, incomplete, summary, onStep }: Omit<Carried, 'lastRun'> & Pick<Migration, 'onStep'> & { summary: Summary },
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
