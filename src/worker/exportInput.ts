// A version as what its files are written from.

import type { ExportInput } from '../export/exportInput.ts';
import type { TrainedModel, Version } from '../store/versions.ts';

export function exportInput(version: Version, { network, weights, preparation }: TrainedModel): ExportInput {
  const { recipe } = version;
  return {
    name: version.model,
    network,
    weights,
    preparation,
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
