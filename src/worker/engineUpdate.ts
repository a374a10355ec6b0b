// How a model learns from what came after it: data sets that grow by labelled batches, and recipes for them.

import type { Dataset, Lathe } from './api.ts';
import { combineRows, openBatches } from './combine.ts';
import type { Context } from './context.ts';
import { summary } from './engineData.ts';

export async function combine(
  context: Context,
  datasetId: string,
  batchIds: string[],
  options: Parameters<Lathe['combine']>[2] = {},
): Promise<Dataset> {
  const batches = await openBatches(context, batchIds);
  const { recipe } = batches[batches.length - 1].version; // as the newest of them was read
  return summary(await combineRows(context, datasetId, batches, recipe, options));
}
