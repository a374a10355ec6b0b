// Which batches a version has learned from already.

import type { Dataset } from '../../worker/api.ts';

/** Ids of the batches that a data set, or one that it was made of, took in; as far as those are kept. */
export function learnedBatches(datasets: readonly Dataset[], id: string | undefined): Set<string> {
  const byId = new Map(datasets.map((dataset) => [dataset.id, dataset]));
  const learned = new Set<string>();
  for (let at = byId.get(id ?? ''); at?.origin; at = byId.get(at.origin.dataset)) {
    for (const batch of at.origin.batches) learned.add(batch.id);
  }
  return learned;
}
