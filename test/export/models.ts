// Models with random weights, for the tests of this folder.

import { createRandom } from '../../src/base/random.ts';
import type { FeatureEncoding, Preparation, TargetEncoding } from '../../src/data/prepare.ts';
import type { ExportInput } from '../../src/export/exportInput.ts';
import { headOf } from '../../src/model/head.ts';
import type { Task } from '../../src/model/recipe.ts';
import type { LayerSpec, Network, Weight } from '../../src/model/spec.ts';
import { weightSlots } from '../../src/model/weights.ts';

export const THREE = { kind: 'classes', labels: ['a', 'b', 'c'] } satisfies TargetEncoding;
export const TWO = { kind: 'classes', labels: ['no', 'yes'] } satisfies TargetEncoding;
export const VALUE = { kind: 'value', center: 151.3, scale: 77.1 } satisfies TargetEncoding;

/** `count` plain numbers. */
export function numberFeatures(count: number): FeatureEncoding[] {
  return Array.from({ length: count }, (_, i) => ({
    kind: 'number',
    column: `x${i}`,
    type: 'number',
    fill: 0.5 + i,
    center: i / 3,
    scale: 1 + i / 7,
  }));
}

export function tablePreparation(features: FeatureEncoding[], target: TargetEncoding): Preparation & { kind: 'table' } {
  const width = features.reduce((sum, f) => sum + (f.kind === 'number' ? 1 : f.outputs.length), 0);
  return { kind: 'table', features, width, target };
}

/** A model with the given preparation and layers, and seeded weights of a sensible size. */
export function randomModel(preparation: Preparation, layers: LayerSpec[], seed = 1): ExportInput {
  const { target } = preparation;
  const inputShape =
    preparation.kind === 'table' ? [preparation.width] : [preparation.height, preparation.width, preparation.channels];
  const network: Network = { inputShape, layers, head: headOf(target) };
  const labels = target.kind === 'classes' ? target.labels : [];
  const task: Task =
    preparation.kind === 'images'
      ? 'imageClassification'
      : target.kind === 'value'
        ? 'regression'
        : labels.length === 2
          ? 'binary'
          : 'multiclass';
  const metrics: Record<string, number> =
    task === 'regression' ? { mae: 41.25, rmse: 52.5, r2: 0.51 } : { accuracy: 0.96, logLoss: 0.11 };
  const dummy: Record<string, number> =
    task === 'regression' ? { mae: 66, rmse: 77, r2: -0.01 } : { accuracy: 0.4, logLoss: 1.09 };
  return {
    name: 'probe',
    network,
    weights: randomWeights(network, seed),
    preparation,
    labels,
    card: {
      number: 3,
      createdAt: '2024-05-06T07:08:09.000Z',
      note: '',
      task,
      target: 'answer',
      data: { name: 'probe.csv', id: 'ab'.repeat(32), rows: { train: 70, validation: 15, test: 15 }, droppedRows: 2 },
      recipe: {
        format: 1,
        dataset: 'ab'.repeat(32),
        task,
        target: 'answer',
        columns: [],
        preparation: {
          numbers: { impute: 'median', scale: 'standard' },
          categories: { impute: 'mostFrequent', maxCategories: 50 },
        },
        split: { train: 0.7, validation: 0.15, test: 0.15, stratify: true },
        model: { kind: 'mlp', layers },
        training: {
          epochs: 100,
          batchSize: 32,
          optimizer: { kind: 'adam', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
          schedule: { kind: 'constant', warmupEpochs: 0 },
          l1: 0,
          l2: 0.001,
          classWeights: 'none',
          earlyStopping: { patience: 10, minDelta: 0 },
        },
        seed: 7,
        backend: 'cpu',
      },
      parameters: 123,
      training: {
        backend: 'cpu',
        adapter: 'plain JavaScript',
        durationMs: 1234,
        epochs: 40,
        bestEpoch: 30,
        ended: 'earlyStopping',
      },
      metrics,
      dummy,
    },
  };
}

/** Kernels by the size of their input, so that values neither vanish nor explode; everything else near its start but never at it. */
function randomWeights(network: Network, seed: number): Weight[] {
  const random = createRandom(seed);
  return weightSlots(network).map(({ name, role, shape, fanIn }) => {
    const kernel = () => random.normal() / Math.sqrt(fanIn);
    const draw = {
      kernel,
      depthwiseKernel: kernel,
      pointwiseKernel: kernel,
      recurrentKernel: kernel,
      embeddings: () => random.normal(),
      bias: () => random.normal() / 4,
      gamma: () => 0.5 + random.next(),
      beta: () => random.normal() / 4,
      movingMean: () => random.normal() / 4,
      movingVariance: () => 0.25 + random.next(),
    }[role];
    const size = shape.reduce((product, next) => product * next, 1);
    return { name, shape, data: Float32Array.from({ length: size }, draw) };
  });
}

/** `rows` × `size` standard normals, or with `bound` whole numbers below it. */
export function randomValues(length: number, seed: number, bound?: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length }, () => (bound === undefined ? random.normal() : random.below(bound)));
}

export function maxAbsDiff(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < a.length; i++) {
    if (!Number.isFinite(a[i]) || !Number.isFinite(b[i])) return Infinity;
    worst = Math.max(worst, Math.abs(a[i] - b[i]));
  }
  return worst;
}
