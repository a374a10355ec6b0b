// A recipe to start from, for the tests that change one field of it.

import type { Recipe } from '../../src/model/recipe.ts';

export function recipe(): Recipe {
  return {
    format: 1,
    dataset: 'ab12',
    task: 'binary',
    target: 'y',
    columns: [
      { name: 'x', type: 'number', role: 'feature' },
      { name: 'y', type: 'category', role: 'target' },
    ],
    preparation: {
      numbers: { impute: 'mean', scale: 'standard' },
      categories: { impute: 'mostFrequent', maxCategories: 50 },
    },
    split: { train: 0.7, validation: 0.1, test: 0.2, stratify: true },
    model: { kind: 'mlp', layers: [{ kind: 'dense', units: 8, activation: 'relu' }] },
    training: {
      epochs: 10,
      batchSize: 32,
      optimizer: { kind: 'adam', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
      schedule: { kind: 'constant', warmupEpochs: 0 },
      l1: 0,
      l2: 0,
      classWeights: 'none',
      earlyStopping: { patience: 5, minDelta: 0 },
    },
    seed: 1,
    backend: 'auto',
  };
}
