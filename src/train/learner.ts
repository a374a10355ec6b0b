// What the training loop asks of whatever does its steps: one interface over TensorFlow.js (tfLearner.ts) and the
// compiled trainer (gpuLearner.ts), and the state that either can be taken up from, the other's included.

import type { TrainingSpec } from '../model/recipe.ts';
import type { Network, Weight } from '../model/spec.ts';
import type { TrainRows } from './batches.ts';

export interface LearnerInput {
  network: Network;
  training: TrainingSpec;
  seed: number;
  /** class weights multiplied into the rows' own */
  train: TrainRows;
  validation: TrainRows | null;
  /** layers whose weights, averages included, stay as they are; a batch normalisation among them goes by its averages */
  frozen?: readonly string[];
  /** aborted: whatever is in progress ends with an AbortError */
  signal: AbortSignal;
}

/** Sums over the rows of some batches. */
export interface Sums {
  /** of weight * loss, penalties not counted */
  loss: number;
  /** of 1 for a right class, or of the absolute error, still scaled; unweighted */
  metric: number;
  /** of the rows' weights */
  weight: number;
  rows: number;
}

/** What becomes of the figures after a run of steps. */
export interface Then {
  /** the validation rows are scored */
  score: boolean;
  /** the sums begin anew; else those of the next run go on from them, with the bits that they would have had in one run */
  clear: boolean;
}

export interface Reading {
  /** of the steps since the sums were cleared; losses are those before each step */
  seen: Sums;
  /** of the validation rows by the weights after them; null where it was not asked for, or there are none */
  validation: Sums | null;
}

/** Sums as a device holds them: in float32, at one place or at more of them, which only another learner adds up. */
export interface PartialSums extends Pick<Sums, 'weight' | 'rows'> {
  loss: Float32Array;
  metric: Float32Array;
}

/** What a learner is at one moment: arrays and plain numbers. */
export interface Checkpoint {
  /** steps done */
  steps: number;
  weights: Weight[];
  /** what the optimiser remembers, in the order of its slots; a weight that is not named has zeros */
  slots: Weight[][];
  /** the weights that `keep` marked last */
  kept: Weight[] | null;
  /** the epoch in progress: its order, and how many of its rows are done */
  pass: { order: Int32Array; done: number } | null;
  /** since they were cleared */
  sums: PartialSums | null;
}

export interface Learner {
  /** Begins a pass over the training rows in this order. */
  beginEpoch(order: Int32Array): Promise<void>;
  /**
   * Does the next steps, one for each learning rate.
   * @throws UserError where the device fails
   */
  run(learningRates: number[], then: Then): Promise<Reading>;
  /** Remembers the weights as they are, in place of those remembered before. */
  keep(): Promise<void>;
  /** The weights that were kept. */
  readKept(): Promise<Weight[]>;
  save(): Promise<Checkpoint>;
  dispose(): void;
}

/** A training that begins. */
export function beginning(weights: Weight[]): Checkpoint {
  return { steps: 0, weights, slots: [], kept: null, pass: null, sums: null };
}

/** Sums at so many places: as they are where they lie at as many, else all at the first. */
export function spread(sums: PartialSums | null, places: number): PartialSums {
  const lay = (values: Float32Array | undefined): Float32Array => {
    if (values?.length === places) return values.slice();
    const laid = new Float32Array(places);
    laid[0] = values?.reduce((all, value) => all + value, 0) ?? 0;
    return laid;
  };
  return { loss: lay(sums?.loss), metric: lay(sums?.metric), weight: sums?.weight ?? 0, rows: sums?.rows ?? 0 };
}
