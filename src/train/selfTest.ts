// Does this backend compute gradients? Two steps of a small convolutional network with batch normalisation on the
// backend in use, against the same on the CPU. Phones are known whose gradients are all zero.

import type { TrainingSpec } from '../model/recipe.ts';
import type { Network } from '../model/spec.ts';
import { createRandom } from '../base/random.ts';
import type { Batch } from './batches.ts';
import { whileDeviceWorks } from './faults.ts';
import { createLearner } from './learner.ts';
import type { Tf } from './tf.ts';

const NETWORK: Network = {
  inputShape: [6, 6, 2],
  layers: [
    { kind: 'conv2d', filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' },
    { kind: 'batchNorm' },
    { kind: 'maxPool2d', poolSize: 2 },
    { kind: 'flatten' },
    { kind: 'dense', units: 5, activation: 'tanh' },
  ],
  head: { kind: 'softmax', units: 3 },
};

// plain descent: the move of a weight is its gradient
const TRAINING: TrainingSpec = {
  epochs: 1,
  batchSize: 8,
  optimizer: { kind: 'sgd', learningRate: 0.1 },
  schedule: { kind: 'constant', warmupEpochs: 0 },
  l1: 0,
  l2: 0,
  classWeights: 'none',
  earlyStopping: null,
};

/** Largest difference of a weight that is put down to rounding; weights move by some 0.1. */
export const SELF_TEST_TOLERANCE = 1e-3;

/** All weights after two steps on the backend in use. */
export async function selfTestWeights(tf: Tf): Promise<Float32Array> {
  const random = createRandom(7);
  const rows = 8;
  const batch: Batch = {
    x: Float32Array.from({ length: rows * 72 }, () => random.normal()),
    y: Float32Array.from({ length: rows * 3 }, (_, i) => (i % 3 === Math.floor(i / 3) % 3 ? 1 : 0)),
    weights: new Float32Array(rows).fill(1),
    weight: rows,
    rows,
  };
  const learner = createLearner(tf, NETWORK, TRAINING, 7, undefined);
  try {
    learner.step(batch, TRAINING.optimizer.learningRate);
    learner.step(batch, TRAINING.optimizer.learningRate);
    const snapshot = learner.snapshot();
    try {
      const weights = await whileDeviceWorks(learner.readWeights(snapshot));
      return Float32Array.from(weights.flatMap(({ data }) => [...data]));
    } finally {
      tf.dispose([snapshot.flat, [...snapshot.moving.values()]]);
    }
  } finally {
    learner.dispose();
  }
}

/** Largest absolute difference; NaN anywhere gives Infinity. */
export function largestDifference(a: Float32Array, b: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Infinity : difference;
  }
  return largest;
}
