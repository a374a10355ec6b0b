// The verbs of training: one run at a time in all tabs, begun or taken up, and its levers. How a run is carried out is
// trainRun.ts.

import { abortError, UserError } from '../base/errors.ts';
import { checkName, mendName } from '../base/name.ts';
import type { Recipe } from '../model/recipe.ts';
import { parseRecipe } from '../model/validate.ts';
import { readCheckpoint } from '../store/checkpoints.ts';
import { addRun, interruptRuns, readRun, saveRun, type RunRecord } from '../store/runs.ts';
import { checkStartKept } from '../store/starts.ts';
import type { VersionDetail } from '../store/versions.ts';
import { checkState, type TrainState } from '../train/state.ts';
import type { CallOptions, TrainProgress } from './api.ts';
import type { Context } from './context.ts';
import { createLevers, type Levers } from './trainingLevers.ts';
import { trainingLock } from './trainingLock.ts';
import { createTeller } from './trainingNews.ts';
import { openTask, trainRun } from './trainRun.ts';

type TrainOptions = CallOptions<TrainProgress> & { model?: string; by?: RunRecord['by'] };

/** Another training goes on, here or in another tab. */
export class TrainingBusy extends UserError {}

/** Another tab that only looks at the runs holds the lock for a moment. */
const LOCK_PATIENCE_MS = 1000;

export async function train(context: Context, given: Recipe, options: TrainOptions = {}): Promise<VersionDetail> {
  const recipe = parseRecipe(given);
  const { workspace } = context;
  return alone(context, recipe, options, async (levers, onProgress) => {
    const task = await openTask(context, recipe);
    const { name: datasetName } = task.data.dataset;
    const model = options.model === undefined ? mendName(datasetName, 'model') : checkName('model', options.model);
    throwIfAborted(levers);
    const keep = async () => {
      await checkStartKept(workspace, recipe); // its version may have been removed meanwhile
      return addRun(workspace, {
        state: 'running',
        recipe,
        datasetName,
        model,
        ...(options.by && { by: options.by }),
        log: [],
        backend: null,
        adapter: null,
        backendReason: null,
        startedAt: workspace.now(),
        durationMs: 0,
        error: null,
      });
    };
    const run = await workspace.holdBlobs(keep);
    return trainRun(context, task, run, undefined, levers, onProgress);
  });
}

export async function resumeRun(
  context: Context,
  id: number,
  options: CallOptions<TrainProgress> = {},
): Promise<VersionDetail> {
  const { workspace } = context;
  const { recipe } = await readRun(workspace, id);
  return alone(context, recipe, options, async (levers, onProgress) => {
    const run = await readRun(workspace, id);
    checkResumable(run);
    const task = await openTask(context, recipe);
    const state = (await readCheckpoint(workspace, id)) as TrainState | undefined;
    const { network, split } = task.prepared;
    if (state) checkState(state, network, split.train.length);
    throwIfAborted(levers);
    const resumed: RunRecord = { ...run, state: 'running', log: [...(state?.history ?? [])], error: null };
    await saveRun(workspace, resumed);
    return trainRun(context, task, resumed, state, levers, onProgress);
  });
}

function checkResumable({ id, state }: RunRecord): void {
  if (state === 'interrupted' || state === 'failed') return;
  const remedy = state === 'stopped' ? 'Train its recipe again.' : 'Nothing is left to be done.';
  const is = state === 'stopped' ? 'discarded' : state;
  throw new UserError('invalid', `run ${id}: it is ${is}, so it cannot be taken up. ${remedy}`);
}

/** Runs `work` while nothing else trains, and tells the other tabs of it. @throws UserError where something does */
async function alone(
  context: Context,
  recipe: Recipe,
  { signal = new AbortController().signal, onProgress = () => {} }: CallOptions<TrainProgress>,
  work: (levers: Levers, onProgress: (progress: TrainProgress) => void) => Promise<VersionDetail>,
): Promise<VersionDetail> {
  if (context.training) {
    throw new TrainingBusy(
      'invalid',
      `training: ${context.training.name} is running. Stop it or wait until it is done.`,
    );
  }
  const levers = createLevers(recipe, signal);
  const teller = createTeller(context.events);
  levers.tell = teller.tellAll;
  context.training = levers;
  try {
    const lock = await trainingLock(context.setup.database, LOCK_PATIENCE_MS);
    if (!lock) {
      throw new TrainingBusy(
        'invalid',
        'training: another tab of this page is training. Stop it there or wait until it is done.',
      );
    }
    try {
      await interruptRuns(context.workspace); // this worker holds the lock, so nothing else runs
      return await work(levers, (progress) => {
        teller.hear(progress);
        onProgress(progress);
      });
    } finally {
      lock.release();
      teller.end();
    }
  } finally {
    levers.close();
    context.training = null;
  }
}

/** Moves a lever of the training here, or else of the one in another tab. @throws UserError where none is heard of */
export function move({ training, elsewhere, events }: Context, lever: 'pause' | 'resume' | 'stop'): void {
  const runId = elsewhere();
  if (training) training[lever]();
  else if (runId !== null) events.wish(lever, runId);
  else throw new UserError('invalid', 'training: none is running.');
}

function throwIfAborted({ control }: Levers): void {
  if (control.signal.aborted) throw abortError();
}
