// Runs: a recipe being carried out, and what became of it. A number is given once and never again. What was asked for
// cannot be changed afterwards, and a finished run not at all.

import { stringify } from '../base/json.ts';
import { UserError } from '../base/errors.ts';
import type { EpochLog } from '../model/epochLog.ts';
import type { Recipe } from '../model/recipe.ts';
import type { BackendName } from '../train/events.ts';
import { putLog, readLog } from './logs.ts';
import { putRecipe, recipeIdOf } from './recipes.ts';
import type { Draft, Reader } from './records.ts';
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
  /** what began it where that was nobody: the rule for updates */
  by?: 'rule';
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

/** A run without its log. */
export interface Run extends Omit<RunRecord, 'log'> {
  /** the last line of its log; null where it ended before its first epoch did */
  last: EpochLog | null;
  /** of the version it gave, while that is kept */
  versionId: string | null;
  /** null where there is nothing to go on from */
  resumable: Resumable | null;
}

export interface RunDetail extends Run {
  log: EpochLog[];
}

/** What a run becomes the version of. */
export function modelOf({ model, datasetName }: Pick<RunRecord, 'model' | 'datasetName'>): string {
  return model ?? datasetName;
}

/** A run as its record has it: its recipe and its log are records of their own. */
export interface RunFacts extends Omit<RunRecord, 'recipe' | 'log'> {
  recipeId: string;
  /** of its log */
  last: EpochLog | null;
}

/** Every run, or those in one state, the oldest first. One whose recipe is gone is left out. */
export async function listRuns(ws: Workspace, { state }: { state?: RunState } = {}): Promise<Run[]> {
  if (state) return joinAll(ws, await ws.named('run', state));
  const found = await ws.maps('run', 'version', 'recipe', 'dataset', 'checkpoint');
  const read: Reader['read'] = async (kind, key) => found[kind as keyof typeof found].get(key) as never;
  return joinAll({ read }, [...found.run.values()]);
}

async function joinAll(reader: Pick<Reader, 'read'>, runs: RunFacts[]): Promise<Run[]> {
  return (await Promise.all(runs.map((facts) => join(reader, facts)))).filter((run) => run !== null);
}

/** A run with what it refers to; null where its recipe is gone. */
async function join(reader: Pick<Reader, 'read'>, { recipeId, ...facts }: RunFacts): Promise<Run | null> {
  const key = String(facts.id);
  const [recipe, version] = await Promise.all([reader.read('recipe', recipeId), reader.read('version', key)]);
  if (!recipe) return null;
  const run = { ...facts, recipe, versionId: version?.id ?? null, resumable: null };
  return { ...run, resumable: await resumableFrom(reader, run) };
}

async function resumableFrom(
  reader: Pick<Reader, 'read'>,
  { id, state, recipe, versionId }: Run,
): Promise<Resumable | null> {
  if ((state !== 'interrupted' && state !== 'failed') || versionId !== null) return null;
  const [dataset, checkpoint] = await Promise.all([
    reader.read('dataset', recipe.dataset),
    reader.read('checkpoint', String(id)),
  ]);
  const newest = checkpoint?.states[0];
  if (!dataset?.content || (state === 'failed' && !newest)) return null;
  return { epoch: newest?.epoch ?? 1, epochs: recipe.training.epochs, savedAt: newest?.savedAt ?? null };
}

/** A run with its log and what came of it. @throws UserError where it is unknown, or its recipe is gone */
export async function readRunDetail(ws: Workspace, id: number): Promise<RunDetail> {
  const [run, log] = await Promise.all([join(ws, await readFacts(ws, id)), readLog(ws, id)]);
  if (!run) throw lostRecipe(id);
  return { ...run, log };
}

/** A run as it is carried out. @throws UserError where it is unknown, or its recipe is gone */
export async function readRun(ws: Workspace, id: number): Promise<RunRecord> {
  const { recipeId, last: _last, ...run } = await readFacts(ws, id);
  const [recipe, log] = await Promise.all([ws.read('recipe', recipeId), readLog(ws, id)]);
  if (!recipe) throw lostRecipe(id);
  return { ...run, recipe, log };
}

/** Keeps a new run and gives it the next number. */
export function addRun(ws: Workspace, run: Omit<RunRecord, 'id'>): Promise<RunRecord> {
  return ws.commit('the run', async (draft) => {
    const numbered = { ...run, id: draft.nextRun() };
    await putRun(draft, numbered);
    return numbered;
  });
}

/**
 * Keeps what became of a run; the name of its model stays as it is kept, for that may have been changed meanwhile.
 * @throws UserError where it is unknown or finished, or what was asked for is another
 */
export function saveRun(ws: Workspace, run: RunRecord): Promise<void> {
  return ws.commit(`run ${run.id}`, async (draft) => void (await changeRun(draft, run)));
}

/** As `saveRun`, as part of a commit. The checkpoints of a run that is discarded go. @returns it as it was kept */
export async function changeRun(draft: Draft, run: RunRecord): Promise<RunFacts> {
  const kept = await draft.read('run', String(run.id));
  if (!kept) throw unknownRun(run.id);
  if (kept.state === 'finished') throw new UserError('invalid', `run ${run.id}: it is finished and stays as it is.`);
  const asked = ({ recipeId, datasetName, startedAt }: Omit<RunFacts, 'last'>) =>
    stringify([recipeId, datasetName, startedAt]);
  if (asked(kept) !== asked({ ...run, recipeId: await recipeIdOf(run.recipe) })) {
    throw new UserError('invalid', `run ${run.id}: its recipe cannot be changed. Start another run.`);
  }
  await putRun(draft, { ...run, ...(kept.model === undefined ? {} : { model: kept.model }) });
  if (run.state === 'stopped') draft.remove('checkpoint', String(run.id));
  return kept;
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
export async function interruptRuns(ws: Workspace): Promise<void> {
  const running = await ws.named('run', 'running');
  if (running.length === 0) return;
  await ws.commit('the runs', async (draft) => {
    for (const { id } of running) {
      const run = await draft.read('run', String(id));
      if (run?.state === 'running') draft.put('run', String(id), { ...run, state: 'interrupted' });
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
    draft.remove('log', String(id));
    draft.remove('checkpoint', String(id));
  });
}

async function putRun(draft: Draft, run: RunRecord): Promise<void> {
  const { recipe, log, ...facts } = run;
  const last = putLog(draft, run.id, log);
  draft.put('run', String(run.id), { ...facts, last, recipeId: await putRecipe(draft, recipe) });
}

async function readFacts(ws: Workspace, id: number): Promise<RunFacts> {
  const facts = await ws.read('run', String(id));
  if (!facts) throw unknownRun(id);
  return facts;
}

function lostRecipe(id: number): UserError {
  return new UserError('missing', `recipe of run ${id}: it is gone. Restore a backup.`);
}

function unknownRun(id: number): UserError {
  return new UserError('unknown', `run ${id}: it is not kept in this browser.`);
}
