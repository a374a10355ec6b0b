// Versions: what finished runs gave. A version's record is light; its network, preparation and weights lie apart, and
// their hash is checked when they are read. Both are keyed by the run, as the version's id follows its model's name.

import { UserError } from '../base/errors.ts';
import type { Preparation } from '../data/prepare.ts';
import type { Split } from '../data/split.ts';
import type { Row } from '../data/table.ts';
import type { Recipe } from '../model/recipe.ts';
import type { Network, Weight } from '../model/spec.ts';
import type { BackendName, EpochLog } from '../train/events.ts';
import { writing, type Database, type StoreName } from './db.ts';
import { sha256 } from './hash.ts';
import type { RunRecord } from './runs.ts';

export interface Version {
  /** `<model>@<number>` */
  id: string;
  /** the model's name */
  model: string;
  /** from 1, within the model */
  number: number;
  note: string;
  createdAt: number;
  runId: number;
  datasetId: string;
  datasetName: string;
  recipe: Recipe;
  log: EpochLog[];
  bestEpoch: number;
  ended: 'epochs' | 'earlyStopping' | 'stopped';
  /** of the test part */
  metrics: Record<string, number>;
  dummy: Record<string, number>;
  /** class labels in the order of the outputs; regression: [] */
  labels: string[];
  /** trainable and moving weights */
  parameters: number;
  backend: BackendName;
  adapter: string;
  backendReason: string | null;
  durationMs: number;
  /** rows in each part */
  split: { train: number; validation: number; test: number };
  /** rows left out because the target is missing */
  droppedRows: number;
}

/** One field of the form for a single example. */
export type PredictField =
  | { kind: 'number'; column: string; type: 'number' | 'integer' | 'date'; min: number; max: number; fill: number }
  | { kind: 'category'; column: string; type: 'boolean' | 'category'; options: string[]; fill: string };

/** What it takes to use a version without its data set. */
export interface TrainedModel {
  network: Network;
  preparation: Preparation;
  weights: Weight[];
  /** SHA-256 of the weights, hex */
  sha256: string;
  /** the rows of each part, in the data set as it was */
  split: Split;
  /** what a dummy says: the class shares of the training part, or its mean */
  dummy: { shares: number[] } | { mean: number };
  fields: PredictField[];
  /** a row of the test part to begin with; null for images */
  example: Row | null;
}

export interface ModelRecord {
  name: string;
  /** the last number that was given */
  lastNumber: number;
}

/** Every version, the oldest first. */
export async function listVersions(db: Database): Promise<Version[]> {
  return (await db.getAll('versions')).sort((a, b) => a.runId - b.runId);
}

/** @throws UserError where there is none */
export async function readVersion(db: Database, id: string): Promise<Version> {
  const version = await db.getFromIndex('versions', 'id', id);
  if (!version) throw unknownVersion(id);
  return version;
}

/** @throws UserError where the weights are gone or are not those that were saved */
export async function readTrained(db: Database, version: Version): Promise<TrainedModel> {
  const trained = await db.get('trained', version.runId);
  if (!trained) throw new UserError('missing', `weights of version '${version.id}': they are gone. Train it again.`);
  if ((await hashWeights(trained.weights)) !== trained.sha256) {
    throw new UserError(
      'invalid',
      `weights of version '${version.id}': the disk gives other bytes than were saved. Remove the version and train it again.`,
    );
  }
  return trained;
}

/**
 * Gives the version the next number of its model and keeps it, its weights and its finished run in one transaction, all
 * on disk when this returns.
 */
export async function saveVersion(
  db: Database,
  facts: Omit<Version, 'id' | 'number'>,
  trained: Omit<TrainedModel, 'sha256'>,
  run: RunRecord,
): Promise<Version> {
  const sealed = { ...trained, sha256: await hashWeights(trained.weights) };
  const stores = ['models', 'versions', 'trained', 'runs'] satisfies StoreName[];
  return writing(db, stores, `the version of '${facts.model}'`, async (transaction) => {
    const models = transaction.objectStore('models');
    const number = ((await models.get(facts.model))?.lastNumber ?? 0) + 1;
    const version: Version = { ...facts, number, id: versionId(facts.model, number) };
    await models.put({ name: facts.model, lastNumber: number });
    await transaction.objectStore('versions').add(version);
    await transaction.objectStore('trained').add(sealed, version.runId);
    await transaction.objectStore('runs').put(run);
    return version;
  });
}

/** @throws UserError where there is none */
export function changeVersion(db: Database, id: string, change: { note?: string }): Promise<Version> {
  return writing(db, ['versions'], `the note of version '${id}'`, async (transaction) => {
    const versions = transaction.objectStore('versions');
    const version = await versions.index('id').get(id);
    if (!version) throw unknownVersion(id);
    const changed = { ...version, note: change.note ?? version.note };
    await versions.put(changed);
    return changed;
  });
}

/** Gives a model another name; its versions keep their numbers. @throws UserError where it is unknown or the name taken */
export function renameModel(db: Database, model: string, name: string): Promise<Version[]> {
  return writing(db, ['models', 'versions'], `the name of model '${model}'`, async (transaction) => {
    const models = transaction.objectStore('models');
    const versions = transaction.objectStore('versions');
    const record = await models.get(model);
    if (!record) throw new UserError('unknown', `model '${model}': there is none of this name.`);
    const own = (await versions.getAll()).filter((version) => version.model === model);
    if (model === name) return own;
    if (await models.get(name)) {
      throw new UserError('invalid', `model name '${name}': another model has or had it. Pick another.`);
    }
    const renamed = own.map((version) => ({ ...version, model: name, id: versionId(name, version.number) }));
    await models.put({ name, lastNumber: record.lastNumber });
    await models.delete(model);
    for (const version of renamed) await versions.put(version);
    return renamed;
  });
}

/** Removes a version and its weights; its number is not given again. @throws UserError where there is none */
export function removeVersion(db: Database, id: string): Promise<void> {
  return writing(db, ['versions', 'trained'], 'the removal', async (transaction) => {
    const versions = transaction.objectStore('versions');
    const version = await versions.index('id').get(id);
    if (!version) throw unknownVersion(id);
    await versions.delete(version.runId);
    await transaction.objectStore('trained').delete(version.runId);
  });
}

function versionId(model: string, number: number): string {
  return `${model}@${number}`;
}

function hashWeights(weights: Weight[]): Promise<string> {
  return sha256(new Blob(weights.map(({ data }) => data as Float32Array<ArrayBuffer>)));
}

function unknownVersion(id: string): UserError {
  return new UserError('unknown', `version '${id}': it is not kept in this browser.`);
}
