// Versions: what finished runs gave. A version's record is light; its network, preparation and weights are one blob. It
// is keyed by its run, for its id follows its model's name, and read together with what it refers to.

import { UserError } from '../base/errors.ts';
import { checkName } from '../base/name.ts';
import type { PredictField } from '../data/preparation.ts';
import type { Preparation } from '../data/prepare.ts';
import type { Split } from '../data/split.ts';
import type { Row } from '../data/table.ts';
import type { EpochLog } from '../model/epochLog.ts';
import type { Recipe } from '../model/recipe.ts';
import type { Network, Weight } from '../model/spec.ts';
import type { BackendName } from '../train/events.ts';
import { dropAliases } from './aliasHistory.ts';
import { sha256 } from './hash.ts';
import { readLog } from './logs.ts';
import type { ModelRecord } from './models.ts';
import { pack, unpack } from './pack.ts';
import { recipeIdOf } from './recipes.ts';
import type { Draft, Reader } from './records.ts';
import { changeRun, type RunRecord } from './runs.ts';
import { splitVersionId, versionId } from './versionId.ts';
import type { Workspace } from './workspace.ts';

export type { PredictField } from '../data/preparation.ts';

export interface Version {
  /** `<model>@<number>` */
  id: string;
  /** the model's name */
  model: string;
  /** from 1, within the model */
  number: number;
  note: string;
  /** free words to find it by, sorted, each once */
  tags: string[];
  /** the aliases that stand on it, sorted */
  aliases: string[];
  createdAt: number;
  runId: number;
  datasetId: string;
  datasetName: string;
  recipe: Recipe;
  /** epochs that were trained; as many lines has its log */
  epochs: number;
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
  /** of the weights' bytes, one after the other; null where an earlier Lathe had lost them */
  weightsSha256: string | null;
}

export interface VersionDetail extends Version {
  /** of its run */
  log: EpochLog[];
}

/** A version as its record has it: the recipe is kept once, the aliases with the model. */
export interface VersionFacts extends Omit<Version, 'recipe' | 'aliases'> {
  recipeId: string;
  /** SHA-256 of the packed `TrainedModel`; null where an earlier Lathe had lost it */
  trained: string | null;
  /** SHA-256 of the packed `Reference`; not there in versions of an earlier Lathe */
  reference?: string | null;
}

/** What a run that has ended says of its version; the recipe, the epochs and the data set are the run's own. */
export type NewVersion = Omit<
  Version,
  | 'id'
  | 'number'
  | 'note'
  | 'tags'
  | 'aliases'
  | 'runId'
  | 'datasetId'
  | 'datasetName'
  | 'recipe'
  | 'epochs'
  | 'weightsSha256'
>;

/** What it takes to use a version without its data set. */
export interface TrainedModel {
  network: Network;
  preparation: Preparation;
  weights: Weight[];
  /** the rows of each part, in the data set as it was */
  split: Split;
  /** what a dummy says: the class shares of the training part, or its mean */
  dummy: { shares: number[] } | { mean: number };
  fields: PredictField[];
  /** a row of the test part to begin with; null for images */
  example: Row | null;
}

/** Every version, the oldest first. */
export async function listVersions(ws: Workspace): Promise<Version[]> {
  const found = await ws.maps('version', 'recipe', 'model');
  return [...found.version.values()].flatMap((facts) => {
    const recipe = found.recipe.get(facts.recipeId);
    return recipe ? [joined(facts, recipe, found.model.get(facts.model))] : [];
  });
}

/** @param id `model@3`, `model@v3`, `model@champion` or `model@latest` @throws UserError where there is none */
export async function readVersion(ws: Workspace, id: string): Promise<Version> {
  return join(ws, await findVersion(ws, id));
}

/** As `readVersion`, with its log. */
export async function readVersionDetail(ws: Workspace, id: string): Promise<VersionDetail> {
  const version = await readVersion(ws, id);
  return { ...version, log: await readLog(ws, version.runId) };
}

/** What it takes to use a version. @throws UserError where it is gone or is not what was saved */
export async function readTrained(ws: Workspace, version: Version): Promise<TrainedModel> {
  const what = `weights of version '${version.id}'`;
  const facts = await ws.read('version', String(version.runId));
  if (!facts?.trained) throw new UserError('missing', `${what}: they are gone. Train it again.`);
  return (await unpack(await ws.readBlob(facts.trained, what))) as TrainedModel;
}

/**
 * Gives the version the next number of its model and keeps it, its weights and its finished run at once, all on disk when
 * this returns. The run's checkpoints go.
 * @param reference as `packReference` gives it
 */
export function saveVersion(
  ws: Workspace,
  facts: NewVersion,
  trained: TrainedModel,
  run: RunRecord,
  reference: Blob | null = null,
): Promise<VersionDetail> {
  const what = `the version of '${facts.model}'`;
  return ws.holdBlobs(async () => {
    const packed = await ws.putBlob(pack(trained), what);
    const weightsSha256 = await hashWeights(trained.weights);
    const kept = reference && (await ws.putBlob(reference, what));
    const saved = await ws.commit(what, async (draft) => {
      const { model = facts.model } = await changeRun(draft, { ...run, state: 'finished' }); // renamed meanwhile, perhaps
      const record = (await draft.read('model', model)) ?? { name: model, lastNumber: 0, aliases: [] };
      let number = record.lastNumber + 1;
      while (await draft.find('version', versionId(model, number))) number++; // the model's record may have been lost
      const version: VersionFacts = {
        ...facts,
        id: versionId(model, number),
        model,
        number,
        note: '',
        tags: [],
        runId: run.id,
        datasetId: run.recipe.dataset,
        datasetName: run.datasetName,
        recipeId: await recipeIdOf(run.recipe),
        epochs: run.log.length,
        trained: packed,
        reference: kept,
        weightsSha256,
      };
      draft.put('model', model, { ...record, lastNumber: number });
      draft.put('version', String(run.id), version);
      draft.remove('checkpoint', String(run.id));
      return version;
    });
    return { ...(await join(ws, saved)), log: run.log };
  });
}

/** @throws UserError where there is none, or a tag is none */
export async function changeVersion(
  ws: Workspace,
  id: string,
  change: { note?: string; tags?: string[] },
): Promise<Version> {
  const tags = change.tags && checkTags(change.tags);
  const changed = await ws.commit(`the notes of version '${id}'`, async (draft) => {
    const facts = await findVersion(draft, id);
    const next = { ...facts, note: change.note ?? facts.note, tags: tags ?? facts.tags };
    draft.put('version', String(facts.runId), next);
    return next;
  });
  return join(ws, changed);
}

/**
 * Removes a version, its weights, its aliases and the records of its exports; its run stays, its number is not given again.
 * @throws UserError where there is none
 */
export function removeVersion(ws: Workspace, id: string): Promise<void> {
  return ws.commit('the removal', async (draft) => {
    const { runId, model, number } = await findVersion(draft, id);
    draft.remove('version', String(runId));
    for (const artifact of await draft.list('artifact')) {
      if (artifact.runId === runId) draft.remove('artifact', artifact.sha256);
    }
    for (const batch of await draft.list('batch')) {
      if (batch.runId === runId) draft.remove('batch', batch.id);
    }
    const record = await draft.read('model', model);
    if (record) draft.put('model', model, dropAliases(record, number, ws.now()));
  });
}

/** @throws UserError where there is none */
async function findVersion(reader: Pick<Draft, 'find' | 'read'>, id: string): Promise<VersionFacts> {
  const found = (await reader.find('version', id)) ?? (await findByLabel(reader, id));
  if (!found) throw new UserError('unknown', `version '${id}': it is not kept in this browser.`);
  return found;
}

async function findByLabel(reader: Pick<Draft, 'find' | 'read'>, id: string): Promise<VersionFacts | undefined> {
  const parts = splitVersionId(id);
  const record = parts && (await reader.read('model', parts.model));
  if (!record) return undefined;
  const byNumber = /^v(\d+)$/.exec(parts.label);
  if (byNumber) return reader.find('version', versionId(parts.model, Number(byNumber[1])));
  if (parts.label !== 'latest') {
    const alias = record.aliases.find(({ name }) => name === parts.label);
    return alias && reader.find('version', versionId(parts.model, alias.number));
  }
  for (let number = record.lastNumber; number > 0; number--) {
    const found = await reader.find('version', versionId(parts.model, number));
    if (found) return found;
  }
  return undefined;
}

/** A version with what it refers to. @throws UserError where its recipe is gone */
async function join(reader: Pick<Reader, 'read'>, facts: VersionFacts): Promise<Version> {
  const [recipe, model] = await Promise.all([reader.read('recipe', facts.recipeId), reader.read('model', facts.model)]);
  if (!recipe) throw new UserError('missing', `recipe of version '${facts.id}': it is gone. Restore a backup.`);
  return joined(facts, recipe, model);
}

function joined(
  { recipeId: _recipeId, trained: _trained, reference: _reference, ...facts }: VersionFacts,
  recipe: Recipe,
  model: ModelRecord | undefined,
): Version {
  const own = (model?.aliases ?? []).filter(({ number }) => number === facts.number);
  return { ...facts, recipe, aliases: own.map(({ name }) => name) };
}

const MOST_TAGS = 50;
const LONGEST_TAG = 100;

function checkTags(tags: string[]): string[] {
  const given = tags.filter((tag) => tag.trim() !== '');
  const trimmed = [...new Set(given.map((tag) => checkName('tag', tag, LONGEST_TAG)))].sort();
  if (trimmed.length > MOST_TAGS) {
    throw new UserError('invalid', `tags: ${trimmed.length} are too many, at most ${MOST_TAGS} fit.`);
  }
  return trimmed;
}

/** SHA-256 of the weights' bytes, one after the other. */
export function hashWeights(weights: Weight[]): Promise<string> {
  return sha256(new Blob(weights.map(({ data }) => data as Float32Array<ArrayBuffer>)));
}
