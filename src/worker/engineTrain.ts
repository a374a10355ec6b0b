// A training from recipe to kept version, one at a time in all tabs. The learning itself is train/train.ts; here are
// the levers, the run's log as it grows, the evaluation at the end, and what is kept.

import { abortError, UserError } from '../base/errors.ts';
import type { Recipe } from '../model/recipe.ts';
import { parseRecipe } from '../model/validate.ts';
import { openShelf } from '../store/measurements.ts';
import { addRun, interruptRuns, saveRun, type RunRecord } from '../store/runs.ts';
import { saveVersion, type Version } from '../store/versions.ts';
import type { Database } from '../store/db.ts';
import { useBackend } from '../train/backend.ts';
import type { BackendInUse, TrainResult } from '../train/events.ts';
import { keepMeasurements } from '../train/fastest.ts';
import { train as learn, type TrainRows } from '../train/train.ts';
import type { CallOptions, TrainPhase, TrainProgress } from './api.ts';
import type { Context, Training } from './context.ts';
import { evaluateOutputs } from './evaluateOutputs.ts';
import { checkName } from './engineData.ts';
import { encodeRows, openLearningData } from './learningData.ts';
import { modelOutputs } from './modelOutputs.ts';
import { formOf } from './predictFields.ts';
import { encodeTarget, prepareRecipe, rowWeights } from './preparedRecipe.ts';
import { createLevers, type Levers } from './trainingLevers.ts';
import { trainingLock } from './trainingLock.ts';

type TrainOptions = CallOptions<TrainProgress> & { model?: string };

/** Between two saves of a run's log. */
const SAVE_LOG_EVERY_MS = 1000;
/** Another tab that only looks at the runs holds the lock for a moment. */
const LOCK_PATIENCE_MS = 1000;

export async function train(context: Context, given: Recipe, options: TrainOptions = {}): Promise<Version> {
  const recipe = parseRecipe(given);
  if (context.training) {
    throw new UserError('invalid', `training: ${context.training.name} is running. Stop it or wait until it is done.`);
  }
  const levers = createLevers(recipe, options.signal ?? new AbortController().signal);
  context.training = levers;
  try {
    const lock = await trainingLock(context.setup.database, LOCK_PATIENCE_MS);
    if (!lock) {
      throw new UserError(
        'invalid',
        'training: another tab of this page is training. Stop it there or wait until it is done.',
      );
    }
    try {
      return await carryOut(context, levers, options);
    } finally {
      lock.release();
    }
  } finally {
    levers.close();
    context.training = null;
  }
}

export async function pause(context: Context): Promise<void> {
  running(context).pause();
}

export async function resume(context: Context): Promise<void> {
  running(context).resume();
}

/** Ends the training; it keeps the best weights so far. */
export async function stop(context: Context): Promise<void> {
  running(context).stop();
}

function running({ training }: Context): Training {
  if (!training) throw new UserError('invalid', 'training: none is running.');
  return training;
}

async function carryOut(context: Context, levers: Levers, options: TrainOptions): Promise<Version> {
  const { recipe, control } = levers;
  const db = await context.storage.open();
  await interruptRuns(db); // this worker holds the lock, so nothing else runs
  const data = await openLearningData(context, recipe);
  const prepared = prepareRecipe(recipe, data);
  const weights = rowWeights(recipe, data, prepared.split.train);
  const model = checkName('model', options.model ?? data.dataset.name);
  throwIfAborted(control.signal);

  const run = await addRun(db, {
    state: 'running',
    recipe,
    datasetName: data.dataset.name,
    log: [],
    backend: null,
    adapter: null,
    backendReason: null,
    startedAt: Date.now(),
    durationMs: 0,
    error: null,
  });
  levers.name = `'${model}' (run ${run.id})`;
  const begun = performance.now();
  const elapsed = () => Math.round(performance.now() - begun);
  const report = createReport(run, levers, options.onProgress);
  try {
    report('preparing');
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
      keepMeasurements(openShelf(db));
      const work = { network: prepared.network, training: recipe.training, rows: trainRows.rows };
      const used = await useBackend(recipe.backend, work);
      levers.computing = true;
      return used;
    });
    noteBackend(run, inUse);
    report('training');
    const result = await learnAndLog(db, run, levers, report, elapsed, {
      network: prepared.network,
      training: recipe.training,
      seed: recipe.seed,
      train: trainRows,
      validation,
      labels: prepared.labels,
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

    report('saving');
    const finished: RunRecord = { ...run, state: 'finished', durationMs: elapsed() };
    return await saveVersion(
      db,
      {
        model,
        note: '',
        createdAt: Date.now(),
        runId: run.id,
        datasetId: data.dataset.id,
        datasetName: data.dataset.name,
        recipe,
        log: result.history,
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
    );
  } catch (error) {
    const aborted = error instanceof Error && error.name === 'AbortError';
    await keepFailure(db, {
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

type Report = (phase: TrainPhase, more?: Pick<TrainProgress, 'images' | 'step' | 'epoch'>) => void;

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

/** Trains, and keeps the run's log about once a second, so that a page that is closed leaves its curve. */
async function learnAndLog(
  db: Database,
  run: RunRecord,
  levers: Levers,
  report: Report,
  elapsed: () => number,
  input: Parameters<typeof learn>[0],
): Promise<TrainResult> {
  let savedAt = -Infinity;
  const events = learn(input, levers.control);
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
    run.log.push(next.value.log);
    report('training', { epoch: next.value.log });
    if (performance.now() - savedAt < SAVE_LOG_EVERY_MS) continue;
    savedAt = performance.now();
    // the training goes on meanwhile, and goes on where this fails: its version is what matters
    saveRun(db, { ...run, durationMs: elapsed() }).catch((error: unknown) => console.warn('log not saved:', error));
  }
}

/** The error that ended the run is the one to tell, so one on top of it goes to the console. */
async function keepFailure(db: Database, run: RunRecord): Promise<void> {
  try {
    await saveRun(db, run);
  } catch (error) {
    console.warn(`run ${run.id} not saved:`, error);
  }
}

function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortError();
}
