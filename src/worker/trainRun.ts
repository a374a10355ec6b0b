// One run from its data to its version: the rows, the backend, the learning, the run's log and its checkpoints as they grow,
// the evaluation at the end, and what is kept. The learning itself is train/train.ts; that no two runs are carried out at
// a time is seen to by engineTrain.ts.

import { abortError, isAbort, UserError } from '../base/errors.ts';
import type { Recipe } from '../model/recipe.ts';
import type { Weight } from '../model/spec.ts';
import { openShelf } from '../store/measurements.ts';
import { packReference } from '../store/references.ts';
import { modelOf, saveRun, type RunRecord } from '../store/runs.ts';
import { readStart } from '../store/starts.ts';
import { saveVersion, type VersionDetail } from '../store/versions.ts';
import type { Workspace } from '../store/workspace.ts';
import { useBackend } from '../train/backend.ts';
import type { BackendInUse, TrainResult } from '../train/events.ts';
import { keepMeasurements, type Work } from '../train/fastest.ts';
import type { TrainState } from '../train/state.ts';
import { train as learn, type TrainInput, type TrainRows } from '../train/train.ts';
import type { TrainPhase, TrainProgress } from './api.ts';
import { createCheckpointWriter } from './checkpointWriter.ts';
import type { Context } from './context.ts';
import { evaluateOutputs } from './evaluateOutputs.ts';
import { encodeRows, openLearningData, type LearningData } from './learningData.ts';
import { modelOutputs, type UsableModel } from './modelOutputs.ts';
import { formOf } from './predictFields.ts';
import { encodeTarget, prepareRecipe, rowWeights, type PreparedRecipe } from './preparedRecipe.ts';
import type { Levers } from './trainingLevers.ts';

/** Between two saves of a run's log; longer where saving itself takes long. */
const SAVE_LOG_EVERY_MS = 1000;
/** At most this share of the time goes into saving the log. */
const SAVING_SHARE = 0.05;

/** A recipe with its data, before anything is decoded. */
export interface Task {
  data: LearningData;
  prepared: PreparedRecipe;
  /** of the rows of the training part, or null */
  weights: Float32Array | null;
  /** weights that it starts from; undefined: seeded ones */
  initial: Weight[] | undefined;
}

/** @throws UserError where the data set is gone, or the recipe does not go with it */
export async function openTask(context: Context, recipe: Recipe): Promise<Task> {
  const data = await openLearningData(context, recipe);
  const start = await readStart(context.workspace, recipe);
  const prepared = prepareRecipe(recipe, data, start);
  return { data, prepared, weights: rowWeights(recipe, data, prepared.split.train), initial: start?.weights };
}

/**
 * Carries a run out that is kept as running. What becomes of it is kept with it.
 * @param state where it goes on from; undefined: from the beginning
 */
export async function trainRun(
  context: Context,
  task: Task,
  run: RunRecord,
  state: TrainState | undefined,
  levers: Levers,
  onProgress?: (progress: TrainProgress) => void,
): Promise<VersionDetail> {
  const { workspace } = context;
  const { control } = levers;
  const { recipe } = run;
  const { data, prepared, weights, initial } = task;
  const { frozen } = recipe.start ?? {};
  levers.name = `'${modelOf(run)}' (run ${run.id})`;
  levers.runId = run.id;
  const begun = performance.now() - run.durationMs;
  const elapsed = () => Math.round(performance.now() - begun);
  const report = createReport(run, levers, onProgress);
  try {
    report('preparing', state && { log: state.history });
    const onImages = (images: { done: number; total: number }) => report('preparing', { images });
    const rows = async (index: Int32Array, rowWeights: Float32Array | null): Promise<TrainRows> => ({
      x: await encodeRows(context, data, prepared.preparation, index, { signal: control.signal, onImages }),
      y: encodeTarget(data, prepared.preparation.target, index),
      weights: rowWeights,
      rows: index.length,
    });
    const { split } = prepared;
    const trainRows = await rows(split.train, weights);
    const validation = split.validation.length > 0 ? await rows(split.validation, null) : null;

    const inUse = await context.compute(async () => {
      keepMeasurements(openShelf(workspace));
      const work = { network: prepared.network, training: recipe.training, rows: trainRows.rows, frozen };
      const used = await (state ? useBackendOf(run, state, work) : useBackend(recipe.backend, work));
      levers.computing = true;
      return used;
    });
    noteBackend(run, inUse);
    report('training');
    const result = await learnAndLog(workspace, run, levers, report, elapsed, {
      network: prepared.network,
      training: recipe.training,
      seed: recipe.seed,
      train: trainRows,
      validation,
      initial,
      frozen,
      labels: prepared.labels,
      resume: state,
      metricScale: prepared.preparation.target.kind === 'value' ? prepared.preparation.target.scale : 1,
    });
    levers.stop(); // nothing is left that could be paused
    throwIfAborted(control.signal);

    report('evaluating');
    const usable = { network: prepared.network, weights: result.weights, preparation: prepared.preparation };
    const x = await encodeRows(context, data, prepared.preparation, split.test);
    const outputs =
      split.test.length > 0
        ? await modelOutputs(context, usable, run.backend!, x, split.test.length)
        : new Float32Array(0);
    const evaluation = split.test.length > 0 ? evaluateOutputs(data, split.test, outputs, prepared.dummy) : null;
    throwIfAborted(control.signal);
    /** A version without a test part is watched by its validation part. */
    const validated = async () => {
      const input = await encodeRows(context, data, prepared.preparation, split.validation);
      const rows = split.validation;
      if (rows.length === 0) return { rows, outputs: new Float32Array(0) };
      return { rows, outputs: await modelOutputs(context, usable, run.backend!, input, rows.length) };
    };

    report('saving');
    const held = split.test.length > 0 ? { rows: split.test, outputs } : await validated();
    const reference = await keepReference(data, prepared, usable, recipe.seed, held);
    const finished: RunRecord = { ...run, log: result.history, durationMs: elapsed() };
    return await saveVersion(
      workspace,
      {
        model: modelOf(run),
        createdAt: workspace.now(),
        bestEpoch: result.bestEpoch,
        ended: result.ended,
        metrics: evaluation?.metrics ?? {},
        dummy: evaluation?.dummy ?? {},
        labels: prepared.labels,
        parameters: prepared.layers.reduce((sum, layer) => sum + layer.parameters, 0),
        backend: run.backend!,
        adapter: run.adapter!,
        backendReason: run.backendReason,
        durationMs: finished.durationMs,
        split: { train: split.train.length, validation: split.validation.length, test: split.test.length },
        droppedRows: prepared.droppedRows,
      },
      { ...usable, split, dummy: prepared.dummy, ...formOf(data, prepared) },
      finished,
      reference,
    );
  } catch (error) {
    const aborted = isAbort(error);
    await keepFailure(workspace, {
      ...run,
      state: aborted ? 'stopped' : 'failed',
      durationMs: elapsed(),
      error: aborted ? null : error instanceof Error ? error.message : String(error),
    });
    throw error;
  }
}

function noteBackend(run: RunRecord, { backend, adapter, reason }: BackendInUse): void {
  Object.assign(run, { backend, adapter, backendReason: reason });
}

/** The backend that the run was on; where it is not there any more, whatever is best now. */
async function useBackendOf(run: RunRecord, { inUse: before }: TrainState, work: Work): Promise<BackendInUse> {
  let used: BackendInUse;
  try {
    used = await useBackend(before.backend, work);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    used = await useBackend('auto', work);
  }
  if (used.backend === before.backend) return { ...used, reason: run.backendReason };
  const moved = `The run began on ${before.backend} (${before.adapter}) and went on on ${used.backend}.`;
  return { ...used, reason: used.reason ? `${moved} ${used.reason}` : moved };
}

type Report = (
  phase: TrainPhase,
  more?: Pick<TrainProgress, 'images' | 'step' | 'epoch' | 'log' | 'checkpoint'>,
) => void;

/** Says where a run is; a pause is said at once, with what was said last. */
function createReport(
  run: RunRecord,
  levers: Levers,
  onProgress: (progress: TrainProgress) => void = () => {},
): Report {
  let phase: TrainPhase = 'preparing';
  let step: TrainProgress['step'];
  const say = (more: Partial<TrainProgress>) => {
    const { id: runId, backend, adapter, backendReason } = run;
    onProgress({ runId, phase, backend, adapter, backendReason, paused: levers.control.paused() !== null, ...more });
  };
  levers.onPause = () => say({ step });
  return (now, more = {}) => {
    phase = now;
    step = more.step ?? step;
    say(more);
  };
}

/** Trains, and keeps the run's checkpoints, and its log about once a second, so that a page that is closed leaves its curve. */
async function learnAndLog(
  workspace: Workspace,
  run: RunRecord,
  levers: Levers,
  report: Report,
  elapsed: () => number,
  input: TrainInput,
): Promise<TrainResult> {
  const checkpoints = createCheckpointWriter(workspace, run.id, (checkpoint) => report('training', { checkpoint }));
  const events = learn(input, { ...levers.control, keepingMs: checkpoints.lastMs });
  let saveAt = -Infinity;
  try {
    for (;;) {
      const next = await events.next();
      if (next.done) return next.value;
      if (next.value.kind === 'step') {
        report('training', { step: next.value.progress });
        continue;
      }
      if (next.value.kind === 'backend') {
        noteBackend(run, next.value.inUse);
        report('training');
        continue;
      }
      if (next.value.kind === 'checkpoint') {
        checkpoints.write(next.value.state);
        continue;
      }
      run.log.push(next.value.log);
      report('training', { epoch: next.value.log });
      const now = performance.now();
      if (now < saveAt) continue;
      saveAt = Infinity;
      // the training goes on meanwhile, and goes on where this fails: its version is what matters
      const saving = saveRun(workspace, { ...run, log: [...run.log], durationMs: elapsed() })
        .catch((error: unknown) => console.warn('log not saved:', error))
        .finally(() => (saveAt = now + Math.max(SAVE_LOG_EVERY_MS, (performance.now() - now) / SAVING_SHARE)));
      if (run.log.length === 1) await saving; // a curve that has begun is there, whatever happens next
    }
  } finally {
    await checkpoints.close(); // or one might come after the version
  }
}

/** What later batches are held against; a version is worth keeping without it too. */
async function keepReference(
  data: LearningData,
  prepared: PreparedRecipe,
  model: UsableModel,
  seed: number,
  held: { rows: Int32Array; outputs: Float32Array },
): Promise<Blob | null> {
  try {
    const { makeReference } = await import('./makeReference.ts');
    const reference = await makeReference(data, prepared, seed, held.rows, held.outputs);
    const { embedHeldOut } = await import('./embedImages.ts');
    return packReference({ ...reference, embeddings: await embedHeldOut(model, data, held.rows, seed) });
  } catch (error) {
    console.warn('no reference kept:', error);
    return null;
  }
}

/** The error that ended the run is the one to tell, so one on top of it goes to the console. */
async function keepFailure(workspace: Workspace, run: RunRecord): Promise<void> {
  try {
    await saveRun(workspace, run);
  } catch (error) {
    console.warn(`run ${run.id} not saved:`, error);
  }
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortError();
}
