// Runs: a recipe being carried out, and what became of it. A number is given once and never again. What was asked for
// cannot be changed afterwards, and a finished run not at all.

import { stringify } from '../base/json.ts';
import { UserError } from '../base/errors.ts';
import type { Recipe } from '../model/recipe.ts';
import type { BackendName, EpochLog } from '../train/events.ts';
import type { CheckpointFacts } from './checkpoints.ts';
import { putRecipe, recipeIdOf } from './recipes.ts';
import type { Draft } from './records.ts';
import type { Workspace } from './workspace.ts';

/** `interrupted`: its page or its browser went while it ran. `stopped`: it was discarded. */
export type RunState = 'running' | 'finished' | 'stopped' | 'failed' | 'interrupted';

export interface RunRecord {
  /** sequence number */
  id: number;
  state: RunState;
  recipe: Recipe;
  datasetName: string;
  /** whose version it is to become; earlier runs do not say */
  model?: string;
  log: EpochLog[];
  backend: BackendName | null;
  adapter: string | null;
  backendReason: string | null;
  startedAt: number;
  durationMs: number;
  /** why it failed */
  error: string | null;
}

/** Where a run that was cut off or failed can go on from. */
export interface Resumable {
  /** from 1; 1 too where it was cut off before its first checkpoint */
  epoch: number;
  epochs: number;
  /** when its checkpoint was saved; null: it begins anew */
  savedAt: number | null;
}

export interface Run extends RunRecord {
  /** of the version it gave, while that is kept */
  versionId: string | null;
  /** null where there is nothing to go on from */
  resumable: Resumable | null;
}

/** A run as its record has it. */
export interface RunFacts extends Omit<RunRecord, 'recipe'> {
  recipeId: string;
}

/** Every run, the oldest first. */
export async function listRuns(ws: Workspace): Promise<Run[]> {
  const found = await ws.maps('run', 'version', 'recipe', 'dataset', 'checkpoint');
  return [...found.run.values()].flatMap(({ recipeId, ...facts }) => {
    const recipe = found.recipe.get(recipeId);
    if (!recipe) return [];
    const key = String(facts.id);
    const run = { ...facts, recipe, versionId: found.version.get(key)?.id ?? null };
    const hasData = Boolean(found.dataset.get(recipe.dataset)?.content);
    return [{ ...run, resumable: hasData ? resumableFrom(run, found.checkpoint.get(key)) : null }];
  });
}

function resumableFrom({ state, recipe }: RunRecord, checkpoint: CheckpointFacts | undefined): Resumable | null {
  const newest = checkpoint?.states[0];
  if (state !== 'interrupted' && !(state === 'failed' && newest)) return null;
  return { epoch: newest?.epoch ?? 1, epochs: recipe.training.epochs, savedAt: newest?.savedAt ?? null };
}

/** @throws UserError where it is unknown, or its recipe is gone */
export async function readRun(ws: Workspace, id: number): Promise<RunRecord> {
  const facts = await ws.read('run', String(id));
  if (!facts) throw unknownRun(id);
  const { recipeId, ...run } = facts;
  const recipe = await ws.read('recipe', recipeId);
  if (!recipe) throw new UserError('missing', `recipe of run ${id}: it is gone. Restore a backup.`);
  return { ...run, recipe };
}

/** Keeps a new run and gives it the next number. */
export function addRun(ws: Workspace, run: Omit<RunRecord, 'id'>): Promise<RunRecord> {
  return ws.commit('the run', async (draft) => {
    const numbered = { ...run, id: draft.nextRun() };
    await putRun(draft, numbered);
    return numbered;
  });
}

/** Keeps what became of a run. @throws UserError where it is unknown or finished, or what was asked for is another */
export function saveRun(ws: Workspace, run: RunRecord): Promise<void> {
  return ws.commit(`run ${run.id}`, (draft) => changeRun(draft, run));
}

/** As `saveRun`, as part of a commit. The checkpoints of a run that is discarded go. */
export async function changeRun(draft: Draft, run: RunRecord): Promise<void> {
  const kept = await draft.read('run', String(run.id));
  if (!kept) throw unknownRun(run.id);
  if (kept.state === 'finished') throw new UserError('invalid', `run ${run.id}: it is finished and stays as it is.`);
  const asked = ({ recipeId, datasetName, model, startedAt }: Omit<RunFacts, 'log'>) =>
    stringify([recipeId, datasetName, model ?? null, startedAt]);
  if (asked(kept) !== asked({ ...run, recipeId: await recipeIdOf(run.recipe) })) {
    throw new UserError('invalid', `run ${run.id}: its recipe cannot be changed. Start another run.`);
  }
  await putRun(draft, run);
  if (run.state === 'stopped') draft.remove('checkpoint', String(run.id));
}

/** Gives a run up that was cut off or failed: its log stays. @throws UserError where it is another, or unknown */
export function discardRun(ws: Workspace, id: number): Promise<void> {
  return ws.commit(`run ${id}`, async (draft) => {
    const run = await draft.read('run', String(id));
    if (!run) throw unknownRun(id);
    if (run.state !== 'interrupted' && run.state !== 'failed') {
      throw new UserError(
        'invalid',
        `run ${id}: it is ${run.state}; only one that was cut off or failed is discarded.`,
      );
    }
    draft.put('run', String(id), { ...run, state: 'stopped' });
    draft.remove('checkpoint', String(id));
  });
}

/** Marks the runs that say they are running as interrupted. Call it only while nothing trains anywhere. */
export function interruptRuns(ws: Workspace): Promise<void> {
  return ws.commit('the runs', async (draft) => {
    for (const run of await draft.list('run')) {
      if (run.state === 'running') draft.put('run', String(run.id), { ...run, state: 'interrupted' });
    }
  });
}

/** Removes a run and its log. @throws UserError where it is unknown, is running, or gave a version that is kept */
export function removeRun(ws: Workspace, id: number): Promise<void> {
  return ws.commit('the removal', async (draft) => {
    const run = await draft.read('run', String(id));
    if (!run) throw unknownRun(id);
    if (run.state === 'running') throw new UserError('invalid', `run ${id}: it is running. Stop it first.`);
    const version = await draft.read('version', String(id));
    if (version) {
      throw new UserError('invalid', `run ${id}: version '${version.id}' came of it. Remove the version first.`);
    }
    draft.remove('run', String(id));
    draft.remove('checkpoint', String(id));
  });
}

async function putRun(draft: Draft, { recipe, ...run }: RunRecord): Promise<void> {
  draft.put('run', String(run.id), { ...run, recipeId: await putRecipe(draft, recipe) });
}

function unknownRun(id: number): UserError {
  return new UserError('unknown', `run ${id}: it is not kept in this browser.`);
}
