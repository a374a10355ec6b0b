// How a model learns from what came after it: data sets that grow by labelled batches, and recipes for them.

import { UserError } from '../base/errors.ts';
import { readTarget } from '../data/prepare.ts';
import { splitRows, type Split } from '../data/split.ts';
import type { Recipe } from '../model/recipe.ts';
import { inferShapes } from '../model/shapes.ts';
import type { Network } from '../model/spec.ts';
import { listVersions, readTrained, readVersion, type Version } from '../store/versions.ts';
import type { Dataset, Lathe, RowsOfOrigin, UpdateCheck, UpdatePlan } from './api.ts';
import { combinedTarget, combineRows } from './combine.ts';
import type { Context } from './context.ts';
import { summary } from './engineData.ts';
import { checkFrozen, newLabels } from './fineTune.ts';
import { ofAnotherModel, openBatches, type ScoredBatch } from './labelledRows.ts';

/** A tenth of what learned from nothing: what is known is to be moved, not to be overrun. */
const LEARNING_RATE_FACTOR = 0.1;
/** Layers with weights that learn on in a deep network; what comes before them are features that hold for new data too. */
const FREE_LAYERS = 2;
/** A network of fewer layers with weights has no features of its own to keep. */
const FEWEST_TO_FREEZE = 4;
/** Old rows that are learned from again are as many as new ones, but at least this share of them. */
const LEAST_REPLAY = 0.1;

export async function combine(
  context: Context,
  datasetId: string,
  batchIds: string[],
  options: Parameters<Lathe['combine']>[2] = {},
): Promise<Dataset> {
  const batches = await openBatches(context, batchIds);
  const { recipe } = batches[batches.length - 1].version; // as the newest of them was read
  return summary(await combineRows(context, datasetId, batches, recipe, options));
}

export async function suggestUpdate(
  context: Context,
  versionId: string,
  plan: UpdatePlan,
  options: Parameters<Lathe['suggestUpdate']>[2] = {},
): Promise<Recipe> {
  const work = await openUpdate(context, versionId, plan);
  const proposal = await propose(context, work, plan);
  const { version, batches } = work;
  const dataset = await combineRows(context, version.recipe.dataset, batches, version.recipe, options);
  return { ...proposal.recipe, dataset: dataset.id };
}

export async function checkUpdate(context: Context, versionId: string, plan: UpdatePlan): Promise<UpdateCheck> {
  const { rows, recipe, layers, replay } = await propose(context, await openUpdate(context, versionId, plan), plan);
  return {
    rows,
    layers,
    frozen: recipe.start?.frozen ?? [],
    learningRate: recipe.training.optimizer.learningRate,
    replay,
  };
}

interface Work {
  version: Version;
  batches: ScoredBatch[];
}

/** @throws UserError where a batch is of another model, or has none of the rows that are needed */
async function openUpdate(context: Context, versionId: string, { batches: ids, how }: UpdatePlan): Promise<Work> {
  if (how !== 'retrain' && how !== 'fineTune') {
    throw new UserError('invalid', `update by '${String(how)}': there are 'retrain' and 'fineTune'.`);
  }
  const version = await readVersion(context.workspace, versionId);
  const batches = await openBatches(context, ids);
  if (batches[0].version.model !== version.model) throw ofAnotherModel(batches[0], version.model);
  return { version, batches };
}

interface Proposal extends Pick<UpdateCheck, 'rows' | 'layers' | 'replay'> {
  /** on the data set as it was */
  recipe: Recipe;
}

async function propose(context: Context, { version, batches }: Work, plan: UpdatePlan): Promise<Proposal> {
  const { table, old } = await combinedTarget(context, batches, version.recipe);
  const before = version.recipe;
  const classes = before.task !== 'regression' && before.task !== 'imageClassification';
  // a third class makes more than two of them
  const target = readTarget(table, before.target, classes ? 'multiclass' : before.task);
  const labels = target.kind === 'classes' ? target.labels : [];
  const fresh = labels.filter((label) => !version.labels.includes(label));
  const task = before.task === 'binary' && labels.length > 2 ? 'multiclass' : before.task;
  const { replay: _replay, ...split } = before.split;
  const segments = [...(split.segments ?? [old]), table.rows - old];
  const splitBy = (replay: number) => {
    const of = target.kind === 'classes' ? Int32Array.from(target.usable, (row) => target.classes[row]) : null;
    const spec = { ...split, segments, ...(replay < 1 && { replay }) };
    return { spec, parts: splitRows(target.usable, of, spec, before.seed, labels) };
  };
  const whole = splitBy(1);

  if (plan.how === 'retrain') {
    const { start: _start, ...recipe } = before;
    const training = await originalTraining(context, version);
    return {
      recipe: { ...recipe, task, split: whole.spec, training },
      rows: countRows(whole.parts, target.usable, old),
      layers: [],
      replay: 1,
    };
  }

  if (fresh.length > 0) throw newLabels(fresh);
  const facts = await context.workspace.read('version', String(version.runId));
  const { network } = await readTrained(context.workspace, version);
  const layers = weightedLayers(network);
  const frozen = plan.frozen ?? frozenByDefault(layers);
  checkFrozen(frozen, layers.map(({ name }) => name)); // prettier-ignore
  const replay = plan.replay ?? balancedReplay(whole.parts, old);
  checkNumber('replay', replay, 0, 1);
  const factor = plan.learningRateFactor ?? LEARNING_RATE_FACTOR;
  checkNumber('learningRateFactor', factor, 1e-6, 10);
  const { spec, parts } = splitBy(replay);
  const { training } = before;
  const learningRate = Number((training.optimizer.learningRate * factor).toPrecision(6));
  return {
    recipe: {
      ...before,
      split: spec,
      start: { trained: facts!.trained!, frozen },
      training: { ...training, optimizer: { ...training.optimizer, learningRate } },
    },
    rows: countRows(parts, target.usable, old),
    layers,
    replay,
  };
}

/** How a version's model was trained before it was ever fine-tuned, as far as those versions are kept. */
async function originalTraining({ workspace }: Context, version: Version): Promise<Recipe['training']> {
  const [versions, facts] = await Promise.all([listVersions(workspace), workspace.list('version')]);
  const runOf = new Map(facts.flatMap(({ trained, runId }) => (trained ? [[trained, runId] as const] : [])));
  const byRun = new Map(versions.map((each) => [each.runId, each]));
  let at = version;
  const seen = new Set<Version>();
  while (at.recipe.start && !seen.has(at)) {
    seen.add(at);
    const parent = byRun.get(runOf.get(at.recipe.start.trained) ?? -1);
    if (!parent) break;
    at = parent;
  }
  return at.recipe.training;
}

/** Every layer that has weights, in the order of the network, nested ones by themselves. */
function weightedLayers(network: Network): UpdateCheck['layers'] {
  return inferShapes(network).flatMap(({ name, parameters }) => (parameters > 0 ? [{ name, parameters }] : []));
}

/** All but the last two where there are four or more: as is usual with features that were learned from other data. */
function frozenByDefault(layers: UpdateCheck['layers']): string[] {
  return layers.length < FEWEST_TO_FREEZE ? [] : layers.slice(0, -FREE_LAYERS).map(({ name }) => name);
}

/** The share of the old training rows that are as many as the new ones, in hundredths. */
function balancedReplay({ train }: Split, old: number): number {
  const fresh = train.filter((row) => row >= old).length;
  const share = fresh / Math.max(1, train.length - fresh);
  return Math.min(1, Math.max(LEAST_REPLAY, Math.ceil(share * 100) / 100));
}

function countRows(parts: Split, usable: Int32Array, old: number): { old: RowsOfOrigin; new: RowsOfOrigin } {
  const count = (rows: Int32Array, fresh: boolean) => rows.filter((row) => row >= old === fresh).length;
  const of = (fresh: boolean): RowsOfOrigin => {
    const counts = {
      train: count(parts.train, fresh),
      validation: count(parts.validation, fresh),
      test: count(parts.test, fresh),
    };
    return { ...counts, unused: count(usable, fresh) - counts.train - counts.validation - counts.test };
  };
  return { old: of(false), new: of(true) };
}

function checkNumber(name: string, value: number, min: number, max: number): void {
  if (typeof value === 'number' && value >= min && value <= max) return;
  throw new UserError('invalid', `update.${name}: ${value}; give a number from ${min} to ${max}.`);
}
