// Verbs by which a model learns from what came after it, and their types. Types only.

import type { Recipe } from '../model/recipe.ts';
import type { AutomaticRule, AutomaticUpdate } from '../store/automaticRule.ts';
import type { Dataset } from '../store/datasets.ts';
import type { ImportProgress } from './apiData.ts';
import type { CallOptions } from './channel.ts';

export type { AutomaticRule, AutomaticUpdate };

/** How a version is to learn from labelled batches of its model. */
export interface UpdatePlan {
  /** ids; their order does not matter */
  batches: string[];
  /** `retrain`: the same recipe on old and new rows. `fineTune`: on from the version's weights, at a lower learning rate */
  how: 'retrain' | 'fineTune';
  /** fine-tuning: names of layers whose weights stay. Left out: all but the last two with weights, none of fewer than four */
  frozen?: string[];
  /** fine-tuning: of the version's learning rate. Left out: 0.1 */
  learningRateFactor?: number;
  /** fine-tuning: share of the old training rows that are learned from again. Left out: as many as there are new ones, a tenth at least */
  replay?: number;
}

/** Rows with a label. */
export interface RowsOfOrigin {
  train: number;
  validation: number;
  test: number;
  /** in no part, as the replay leaves them out */
  unused: number;
}

/** What an update comes to. */
export interface UpdateCheck {
  rows: { old: RowsOfOrigin; new: RowsOfOrigin };
  /** fine-tuning: layers with weights, in order; else [] */
  layers: { name: string; parameters: number }[];
  /** with what was left out of the plan put in */
  frozen: string[];
  learningRate: number;
  replay: number;
}

export interface UpdateVerbs {
  /**
   * A data set of the rows of another, in order and unchanged, and then of the labelled rows of batches, the oldest batch
   * first. The same rows give the same data set. Its `origin` says what it was made of.
   */
  combine(datasetId: string, batchIds: string[], options?: CallOptions<ImportProgress>): Promise<Dataset>;
  /** Throws a UserError that says why it cannot be, or says what it comes to. Nothing is kept. */
  checkUpdate(versionId: string, plan: UpdatePlan): Promise<UpdateCheck>;
  /** The rule by which updates of a model begin by themselves, and what has come of it, the oldest first. */
  automatic(model: string): Promise<{ rule: AutomaticRule; log: AutomaticUpdate[] }>;
  /** For batches that come, or get labels, from now on. */
  setAutomatic(model: string, rule: AutomaticRule): Promise<void>;
  /**
   * A recipe that `train` takes, and its data set: that of the version and the labelled rows of the batches. What was held
   * out before stays held out.
   */
  suggestUpdate(versionId: string, plan: UpdatePlan, options?: CallOptions<ImportProgress>): Promise<Recipe>;
}
