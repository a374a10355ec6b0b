// From a recipe to a version: what would be proposed, what it comes to, the training and its levers. Types only.

import type { Architecture } from '../model/architectures.ts';
import type { EpochLog } from '../model/epochLog.ts';
import type { Recipe } from '../model/recipe.ts';
import type { LayerShape } from '../model/shapes.ts';
import type { ModelKind, ModelSpec } from '../model/spec.ts';
import type { VersionDetail } from '../store/versions.ts';
import type { BackendInfo, BackendName, BackendReport, StepProgress } from '../train/events.ts';
import type { CallOptions } from './channel.ts';

export type { BackendInfo, BackendReport };

export type TrainPhase = 'preparing' | 'training' | 'evaluating' | 'saving';

export interface TrainProgress {
  runId: number;
  phase: TrainPhase;
  backend: BackendName | null;
  adapter: string | null;
  /** why this backend, one sentence; set when `auto` chose or a backend failed its test */
  backendReason: string | null;
  paused: boolean;
  /** while images are being decoded for it */
  images?: { done: number; total: number };
  step?: StepProgress;
  /** the epoch that has just ended */
  epoch?: EpochLog;
  /** the epochs before, where a run is taken up */
  log?: EpochLog[];
  /** the checkpoint that was just saved, or why it was not; the training goes on */
  checkpoint?: CheckpointProgress;
}

export interface CheckpointProgress {
  /** the epoch that it was taken in */
  epoch: number;
  /** milliseconds since 1970; null where it was not saved */
  savedAt: number | null;
  /** why it was not */
  error: string | null;
}

/** Where a training stands, for whoever did not begin it. Its recipe and its names are its run's. */
export interface TrainingNews extends Omit<TrainProgress, 'epoch' | 'log'> {
  /** epochs of its log, in order: those after the first `after` ones */
  epochs: EpochLog[];
  after: number;
}

export interface TrainVerbs {
  /** What the page would propose; plain JSON to edit and pass on. */
  suggestRecipe(
    datasetId: string,
    options?: { target?: string; seed?: number; model?: ModelKind; architecture?: Architecture },
  ): Promise<Recipe>;
  /** Every architecture that suits a recipe's data, sized by it, whatever its layers are; the first of a kind is proposed. */
  suggestModels(recipe: Recipe): Promise<{ architecture: Architecture; model: ModelSpec; parameters: number }[]>;
  /** Throws a UserError that names the field, or says what this recipe comes to. */
  checkRecipe(recipe: Recipe): Promise<{
    parameters: number;
    outputs: string[];
    /** nested ones too, each after the layer that holds it; the last is the output layer */
    layers: LayerShape[];
    /** what keeps it from being compiled to WebGPU, so that TensorFlow.js trains it there; null where nothing does */
    compilerGap: string | null;
    /** sentences on the data that are worth reading first, such as of a value that drowns all others */
    notes: string[];
  }>;
  /** The recipe that was set up for a data set and not trained yet, as it was when it was last right; null: none. */
  draft(datasetId: string): Promise<Recipe | null>;
  /** Keeps one for the next visit; null forgets it. Corrected columns forget it too. */
  keepDraft(datasetId: string, recipe: Recipe | null): Promise<void>;
  /** One training at a time. An aborted signal discards the run; `stop` keeps the best weights so far. */
  train(recipe: Recipe, options?: CallOptions<TrainProgress> & { model?: string }): Promise<VersionDetail>;
  /** Goes on with a run that was cut off or failed, from its last checkpoint, as if nothing had happened. */
  resumeRun(runId: number, options?: CallOptions<TrainProgress>): Promise<VersionDetail>;
  /** Gives such a run up: its log stays, its checkpoints go. */
  discardRun(runId: number): Promise<void>;
  /** The training under way, in this tab or in another. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends it; its best weights so far become a version. */
  stop(): Promise<void>;
  backends(): Promise<BackendReport>;
  /** What TensorFlow.js holds; zeros where it was not loaded yet. */
  memory(): Promise<{ numTensors: number; numBytes: number }>;
}
