// Verbs by which a model learns from what came after it, and their types. Types only.

import type { Dataset } from '../store/datasets.ts';
import type { CallOptions, ImportProgress } from './api.ts';

export interface UpdateVerbs {
  /**
   * A data set of the rows of another, in order and unchanged, and then of the labelled rows of batches, the oldest batch
   * first. The same rows give the same data set. Its `origin` says what it was made of.
   */
  combine(datasetId: string, batchIds: string[], options?: CallOptions<ImportProgress>): Promise<Dataset>;
}
