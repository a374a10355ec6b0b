// A data set, a run and a version as small as they can be.

import type { DatasetContent, DatasetDetail } from '../../src/store/datasets.ts';
import type { RunRecord } from '../../src/store/runs.ts';
import type { NewVersion, TrainedModel } from '../../src/store/versions.ts';
import type { Recipe } from '../../src/model/recipe.ts';

export const recipe: Recipe = {
  format: 1,
  dataset: 'd1',
  task: 'regression',
  target: 'y',
  columns: [
    { name: 'x', type: 'number', role: 'feature' },
    { name: 'y', type: 'number', role: 'target' },
  ],
  preparation: {
    numbers: { impute: 'mean', scale: 'standard' },
    categories: { impute: 'mostFrequent', maxCategories: 50 },
  },
  split: { train: 0.5, validation: 0, test: 0.5, stratify: false },
  model: { kind: 'linear', layers: [] },
  training: {
    epochs: 1,
    batchSize: 32,
    optimizer: { kind: 'sgd', learningRate: 0.1 },
    schedule: { kind: 'constant', warmupEpochs: 0 },
    l1: 0,
    l2: 0,
    classWeights: 'none',
    earlyStopping: null,
  },
  seed: 1,
  backend: 'cpu',
};

export function datasetOf(id: string): { dataset: DatasetDetail; content: DatasetContent } {
  return {
    dataset: {
      id,
      name: `data ${id}`,
      kind: 'table',
      rows: 2,
      columns: recipe.columns,
      classes: [],
      sizeBytes: 8,
      createdAt: 1,
      repairs: [],
      profile: [],
    },
    content: {
      kind: 'table',
      source: new Blob(['x,y\n1,2\n']),
      columns: [
        { name: 'x', type: 'number', values: Float64Array.of(1, NaN) },
        { name: 'y', type: 'category', codes: Int32Array.of(0, -1), categories: ['__proto__'] },
      ],
    },
  };
}

export const newRun: Omit<RunRecord, 'id'> = {
  state: 'running',
  recipe,
  datasetName: 'data d1',
  log: [],
  backend: null,
  adapter: null,
  backendReason: null,
  startedAt: 1,
  durationMs: 0,
  error: null,
};

export function versionOf(model: string): NewVersion {
  return {
    model,
    createdAt: 1,
    bestEpoch: 1,
    ended: 'epochs',
    metrics: { r2: 1 },
    dummy: { r2: 0 },
    labels: [],
    parameters: 2,
    backend: 'cpu',
    adapter: 'plain JavaScript',
    backendReason: null,
    durationMs: 1,
    split: { train: 1, validation: 0, test: 1 },
    droppedRows: 0,
  };
}

export const trained: TrainedModel = {
  network: { inputShape: [1], layers: [], head: { kind: 'value' } },
  preparation: { kind: 'table', features: [], width: 1, target: { kind: 'value', center: 0, scale: 1 } },
  weights: [
    { name: 'head/kernel', shape: [1, 1], data: Float32Array.of(0.5) },
    { name: 'head/bias', shape: [1], data: Float32Array.of(-1) },
  ],
  split: { train: Int32Array.of(0), validation: new Int32Array(), test: Int32Array.of(1) },
  dummy: { mean: 2 },
  fields: [],
  example: null,
};
