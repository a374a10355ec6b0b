// Records and blobs of a small workspace, written as a backup and read again, without a browser.

import { stringify } from '../../src/base/json.ts';
import { openArchive, writeArchive } from '../../src/data/formats/zipArchive.ts';
import type { Refusals } from '../../src/data/formats/zipDirectory.ts';
import { sha256 } from '../../src/store/hash.ts';
import { emptyMaps, type RecordMaps } from '../../src/store/backupScope.ts';
import { writeBackup, type BackupFacts } from '../../src/store/backup.ts';
import { pack } from '../../src/store/pack.ts';
import { readBackup, type Backup } from '../../src/store/readBackup.ts';
import type { DatasetFacts } from '../../src/store/datasets.ts';
import type { EpochLog } from '../../src/model/epochLog.ts';
import type { RunFacts } from '../../src/store/runs.ts';
import { versionId } from '../../src/store/versionId.ts';
import type { VersionFacts } from '../../src/store/versions.ts';
import { datasetOf, newRun, recipe, trained, versionOf } from './fixtures.ts';

/** What is kept, in memory. */
export interface Kept {
  records: RecordMaps;
  blobs: Map<string, Blob>;
  lastRun: number;
}

export async function emptyKept(): Promise<Kept> {
  return { records: emptyMaps(), blobs: new Map(), lastRun: 0 };
}

async function addBlob(kept: Kept, content: Blob): Promise<string> {
  const hash = await sha256(content);
  kept.blobs.set(hash, content);
  return hash;
}

/** @param text what the file says; it makes the id */
export async function addDataset(kept: Kept, text: string): Promise<DatasetFacts> {
  const source = new Blob([text]);
  const { dataset } = datasetOf(await sha256(source));
  const content = { source: await addBlob(kept, source), columns: await addBlob(kept, pack({ of: text })) };
  const facts = { ...dataset, content };
  kept.records.dataset.set(facts.id, facts);
  return facts;
}

/** A run under the next number, with its log. */
function addRun(kept: Kept, facts: Pick<RunFacts, 'state' | 'recipeId' | 'startedAt'>, epochs: EpochLog[]): RunFacts {
  const id = ++kept.lastRun;
  const { recipe: _recipe, log: _log, ...run } = newRun;
  const record: RunFacts = { ...run, ...facts, id, last: epochs.at(-1) ?? null };
  kept.records.run.set(String(id), record);
  kept.records.log.set(String(id), { runId: id, epochs });
  return record;
}

/** A line of a log. */
export function lineOf(loss: number): EpochLog {
  return { epoch: 1, loss, metric: 1, valLoss: null, valMetric: null, learningRate: 1, durationMs: 1 };
}

/** A run and its version. @param salt makes its weights and recipe other than those of another */
export async function addVersion(
  kept: Kept,
  model: string,
  dataset: DatasetFacts,
  salt: number,
): Promise<VersionFacts> {
  const runId = kept.lastRun + 1;
  const ownRecipe = { ...recipe, dataset: dataset.id, seed: salt };
  const recipeId = await sha256(stringify(ownRecipe));
  kept.records.recipe.set(recipeId, ownRecipe);
  addRun(kept, { state: 'finished', recipeId, startedAt: 1000 + salt }, [lineOf(salt)]);
  const record = kept.records.model.get(model) ?? { name: model, lastNumber: 0, aliases: [] };
  const number = record.lastNumber + 1;
  kept.records.model.set(model, { ...record, lastNumber: number, aliases: [{ name: 'champion', number }] });
  const weights = pack({ ...trained, weights: [{ name: 'head/bias', shape: [1], data: Float32Array.of(salt) }] });
  const version: VersionFacts = {
    ...versionOf(model),
    metrics: { r2: salt % 2 ? 0.5 : NaN },
    id: versionId(model, number),
    number,
    epochs: 1,
    note: '',
    tags: [],
    runId,
    datasetId: dataset.id,
    datasetName: dataset.name,
    recipeId,
    trained: await addBlob(kept, weights),
    weightsSha256: await sha256(new Blob([Float32Array.of(salt)])),
  };
  kept.records.version.set(String(runId), version);
  return version;
}

/** A run that was cut off, with a checkpoint. */
export async function addCutRun(kept: Kept, dataset: DatasetFacts, salt: number): Promise<RunFacts> {
  const runId = kept.lastRun + 1;
  const ownRecipe = { ...recipe, dataset: dataset.id, seed: salt };
  const recipeId = await sha256(stringify(ownRecipe));
  kept.records.recipe.set(recipeId, ownRecipe);
  const facts = addRun(kept, { state: 'running', recipeId, startedAt: 1000 + salt }, []);
  const state = pack({ step: salt });
  const states = [{ sha256: await addBlob(kept, state), sizeBytes: state.size, savedAt: 5, epoch: 1 }];
  kept.records.checkpoint.set(String(runId), { runId, states });
  return facts;
}

/** Two data sets, model `a` with two versions, model `b` with one, and a run that was cut off. */
export async function smallKept(): Promise<Kept> {
  const kept = await emptyKept();
  const [first, second] = [await addDataset(kept, 'x,y\n1,2\n'), await addDataset(kept, 'x,y\n3,4\n')];
  await addVersion(kept, 'a', first, 1);
  await addVersion(kept, 'b', second, 2);
  await addVersion(kept, 'a', first, 3);
  await addCutRun(kept, first, 4);
  return kept;
}

export async function writeKept(kept: Kept, facts: Partial<BackupFacts> = {}): Promise<File> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const blob = new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>).blob();
  blob.catch(() => {});
  const readBlob = async (hash: string) => kept.blobs.get(hash)!;
  await writeBackup({ records: kept.records, missing: [], lastRun: kept.lastRun, readBlob }, writable, {
    app: '1.2.3',
    createdAt: 77,
    models: null,
    ...facts,
  });
  return new File([await blob], 'kept.zip');
}

export async function openBackup(file: Blob, passphrase?: string): Promise<Backup> {
  return (await readBackup(file)).open(passphrase);
}

/** What all blobs of a backup come to, by their hash. */
export async function hashBlobs(backup: Backup): Promise<string[]> {
  const hashes = backup.manifest.blobs.map(async ({ sha256: hash }) => {
    const stream = await backup.openBlob(hash);
    return stream ? sha256(await new Response(stream).blob()) : 'nothing';
  });
  return Promise.all(hashes);
}

/** What lies in an archive, by name. */
export type Entries = Record<string, Uint8Array<ArrayBuffer> | string>;

export async function unzip(file: Blob): Promise<Record<string, Uint8Array<ArrayBuffer>>> {
  const broken = (detail: string) => new Error(detail);
  const entries = await openArchive(file, { broken, tooLarge: broken } as unknown as Refusals);
  const read = [...entries].map(async ([name, entry]) => [name, await entry.read(1e9)] as const);
  return Object.fromEntries(await Promise.all(read));
}

export async function zip(entries: Entries): Promise<File> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const blob = new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>).blob();
  const archive = await writeArchive(writable);
  for (const [name, content] of Object.entries(entries)) await archive.add(name, new Blob([content]));
  await archive.close();
  return new File([await blob], 'kept.zip');
}
