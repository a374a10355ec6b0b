// A version as what its files are written from.

import type { ExportInput } from '../export/exportInput.ts';
import type { Preparation } from '../data/preparation.ts';
import type { TrainedModel, Version } from '../store/versions.ts';

export function exportInput(version: Version, { network, weights, preparation }: TrainedModel): ExportInput {
  const { recipe } = version;
  return {
    name: version.model,
    network,
    weights,
    preparation: ofUsedColumns(preparation, recipe.target),
    labels: version.labels,
    card: {
      number: version.number,
      createdAt: new Date(version.createdAt).toISOString(),
      note: version.note,
      task: recipe.task,
      target: recipe.target,
      data: {
        name: version.datasetName,
        id: version.datasetId,
        rows: version.split,
        droppedRows: version.droppedRows,
      },
      recipe,
      parameters: version.parameters,
      training: {
        backend: version.backend,
        adapter: version.adapter,
        durationMs: version.durationMs,
        epochs: version.epochs,
        bestEpoch: version.bestEpoch,
        ended: version.ended,
      },
      metrics: version.metrics,
      dummy: version.dummy,
    },
  };
}

/** Without a word of columns that are neither taken nor predicted: their names are nobody else's business. */
function ofUsedColumns(preparation: Preparation, target: string): Preparation {
  if (preparation.kind === 'images' || !preparation.styles) return preparation;
  const used = new Set([target, ...preparation.features.map(({ column }) => column)]);
  return { ...preparation, styles: preparation.styles.filter(({ column }) => used.has(column)) };
}
