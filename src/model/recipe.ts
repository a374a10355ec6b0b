// A recipe is everything that is needed to repeat a run exactly, as plain JSON that a person may edit and pass on.

import type { ColumnSpec } from '../data/table.ts';
import type { PreparationSpec } from '../data/prepare.ts';
import type { SplitSpec } from '../data/split.ts';
import type { ModelSpec } from './spec.ts';

export type Task = 'binary' | 'multiclass' | 'regression' | 'imageClassification';

/** `auto` times a step of the recipe on each backend that the machine has, and takes the fastest. */
export type BackendChoice = 'auto' | 'webgpu' | 'webgl' | 'cpu';

export type OptimizerSpec =
  | { kind: 'sgd'; learningRate: number }
  | { kind: 'momentum'; learningRate: number; momentum: number; nesterov: boolean }
  | { kind: 'rmsprop'; learningRate: number; decay: number; epsilon: number }
  | { kind: 'adam'; learningRate: number; beta1: number; beta2: number; epsilon: number }
  | { kind: 'adamw'; learningRate: number; beta1: number; beta2: number; epsilon: number; weightDecay: number };

/** Multiplies the learning rate, by epoch; a warm-up rises linearly from zero over its epochs, step by step. */
export type ScheduleSpec =
  | { kind: 'constant'; warmupEpochs: number }
  | { kind: 'step'; everyEpochs: number; factor: number; warmupEpochs: number }
  | { kind: 'exponential'; factor: number; warmupEpochs: number }
  | { kind: 'cosine'; minFactor: number; warmupEpochs: number };

/** What is made small: of each row, then averaged by the rows' weights. */
export type LossSpec =
  /** of a softmax or a sigmoid, by the head; `labelSmoothing` 0 to 1 mixes the target with the uniform distribution */
  | { kind: 'crossEntropy'; labelSmoothing?: number }
  | { kind: 'meanSquaredError' }
  | { kind: 'meanAbsoluteError' }
  /** quadratic up to an error of `delta`, linear beyond; in the units of the scaled target, its deviations */
  | { kind: 'huber'; delta: number };

export interface EarlyStoppingSpec {
  /** epochs without an improvement of the validation loss */
  patience: number;
  minDelta: number;
}

export interface TrainingSpec {
  epochs: number;
  batchSize: number;
  /** left out: cross-entropy for classes, the mean squared error for a value */
  loss?: LossSpec;
  optimizer: OptimizerSpec;
  schedule: ScheduleSpec;
  /** the gradient of all weights together is scaled down to this length; null or left out: it is not */
  clipNorm?: number | null;
  /** penalty on kernels (not biases): l1 * sum |w| + l2 * sum w^2 */
  l1: number;
  l2: number;
  /** by class label, `balanced` (rows / (classes * rows of the class)), or none */
  classWeights: 'none' | 'balanced' | Record<string, number>;
  earlyStopping: EarlyStoppingSpec | null;
}

/** What training begins from in place of seeded weights: fine-tuning. */
export interface StartSpec {
  /** SHA-256 of a version's network, preparation and weights as they are kept; the preparation is taken from there too */
  trained: string;
  /**
   * names of layers, `head` the last, whose weights stay as they are. A batch normalisation among them goes by its
   * averages, which stay too; a dropout goes on
   */
  frozen: string[];
}

export interface Recipe {
  format: 1;
  /** id of the data set: the SHA-256 of its content */
  dataset: string;
  task: Task;
  /** the column to predict; images: `label` */
  target: string;
  /**
   * of two classes the one that precision, recall, F1 and a network's single output are of; it is the second of the
   * version's labels. Left out: the second in order. With more classes it says nothing
   */
  positive?: string;
  /** every column with its type and role; images: [] */
  columns: ColumnSpec[];
  preparation: PreparationSpec;
  split: SplitSpec;
  model: ModelSpec;
  /** left out: weights by the seed, and a preparation fitted on the training part */
  start?: StartSpec;
  training: TrainingSpec;
  seed: number;
  backend: BackendChoice;
}
