// What the page proposes before a person has changed anything: a model and a training for each kind, by the size of
// the data. Plain values to edit; nothing here is enforced.

import type { Task, TrainingSpec } from './recipe.ts';
import type { LayerSpec, ModelKind, ModelSpec } from './spec.ts';

export interface ModelFacts {
  task: Task;
  /** rows to learn from */
  rows: number;
  /** columns after preparation, or numbers of one image */
  features: number;
  /** whether each column is one number after preparation, and there are enough of them to be read one after the other */
  isSequence?: boolean;
  image?: { height: number; width: number; channels: 1 | 3 };
}

/** A model of this kind that suits the data. */
export function suggestModel(kind: ModelKind, facts: ModelFacts): ModelSpec {
  return { kind, layers: LAYERS[kind](facts) };
}

const LAYERS: Record<ModelKind, (facts: ModelFacts) => LayerSpec[]> = {
  linear: ({ image }) => (image ? [{ kind: 'flatten' }] : []),
  mlp: suggestMlp,
  cnn: suggestCnn,
  sequence: suggestSequence,
};

/** Two hidden layers whose width grows with the data; dropout where there are too few rows for that many weights. */
function suggestMlp({ rows, features, image }: ModelFacts): LayerSpec[] {
  const width = rows < 300 ? 16 : rows < 3_000 ? 32 : rows < 30_000 ? 64 : 128;
  let units = Math.max(width, Math.min(256, 2 ** Math.round(Math.log2(Math.sqrt(features * width)))));
  while (units > 8 && units * features > 2_000_000) units /= 2; // large images, thousands of columns
  const layers: LayerSpec[] = image ? [{ kind: 'flatten' }] : [];
  layers.push({ kind: 'dense', units, activation: 'relu' });
  if (rows > 300) layers.push({ kind: 'dropout', rate: 0.1 });
  layers.push({ kind: 'dense', units: Math.max(16, units / 2), activation: 'relu' });
  return layers;
}

/** Convolutions in pairs, a pool after each, until some 4 to 8 pixels a side are left; then one hidden layer. */
function suggestCnn({ image }: ModelFacts): LayerSpec[] {
  const side = image ? Math.min(image.height, image.width) : 1;
  const conv = (filters: number): LayerSpec => ({
    kind: 'conv2d',
    filters,
    kernelSize: 3,
    padding: 'same',
    activation: 'relu',
  });
  const pool: LayerSpec = { kind: 'maxPool2d', poolSize: 2, padding: 'same' };
  const layers: LayerSpec[] = [];
  if (side < 16) {
    layers.push(conv(16), conv(32), pool);
  } else {
    // large images are halved before the first pair, where most of the arithmetic would be
    let left = side;
    let filters = 8;
    while (left > 8 && filters <= 64) {
      layers.push(conv(filters), pool);
      left = Math.ceil(left / 2);
      filters *= 2;
    }
  }
  layers.push({ kind: 'flatten' }, { kind: 'dropout', rate: 0.25 });
  layers.push({ kind: 'dense', units: 64, activation: 'relu' });
  return layers;
}

/** The columns one after the other, one channel each; convolutions along them, halved until few are left. */
function suggestSequence({ features }: ModelFacts): LayerSpec[] {
  const layers: LayerSpec[] = [{ kind: 'reshape', shape: [features, 1] }];
  let filters = 16;
  for (let left = features; left > 4 && filters <= 64; left = Math.ceil(left / 2), filters *= 2) {
    layers.push(
      { kind: 'conv1d', filters, kernelSize: 3, padding: 'same', activation: 'relu' },
      { kind: 'maxPool1d', poolSize: 2, padding: 'same' },
    );
  }
  layers.push({ kind: 'flatten' }, { kind: 'dense', units: 32, activation: 'relu' });
  return layers;
}

/** A training for this kind of model that converges on data of this size without a hand on it. */
export function suggestTraining(kind: ModelKind, facts: ModelFacts): TrainingSpec {
  const adam = (learningRate: number) =>
    ({ kind: 'adam', learningRate, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }) as const;
  const common = { l1: 0, l2: 0, classWeights: 'none' } as const;
  const batchSize = facts.rows <= 2_000 ? 32 : facts.rows <= 20_000 ? 64 : 128;
  switch (kind) {
    case 'linear':
      return {
        ...common,
        epochs: facts.rows <= 20_000 ? 200 : 50,
        batchSize,
        optimizer: adam(0.02),
        schedule: { kind: 'cosine', minFactor: 0.01, warmupEpochs: 0 },
        earlyStopping: { patience: 30, minDelta: 0 },
      };
    case 'mlp':
      return {
        ...common,
        epochs: facts.rows <= 20_000 ? 120 : 40,
        batchSize,
        optimizer: adam(0.005),
        schedule: { kind: 'cosine', minFactor: 0.02, warmupEpochs: 0 },
        l2: 1e-4,
        earlyStopping: { patience: 20, minDelta: 0 },
      };
    case 'sequence':
      return {
        ...common,
        epochs: facts.rows <= 20_000 ? 60 : 20,
        batchSize,
        optimizer: adam(0.003),
        schedule: { kind: 'cosine', minFactor: 0.02, warmupEpochs: 1 },
        earlyStopping: { patience: 12, minDelta: 0 },
      };
    case 'cnn':
      return {
        ...common,
        epochs: 15,
        batchSize: facts.rows <= 5_000 ? 32 : 64,
        optimizer: adam(0.002),
        schedule: { kind: 'cosine', minFactor: 0.05, warmupEpochs: 1 },
        earlyStopping: { patience: 5, minDelta: 0 },
      };
    default:
      kind satisfies never;
      throw new Error(`no training for ${String(kind)}`);
  }
}
