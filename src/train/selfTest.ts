// Does this backend compute gradients? Two steps of a small convolutional network with batch normalisation, against the
// same on the CPU. Phones are known whose gradients are all zero.

import type { TrainingSpec } from '../model/recipe.ts';
import type { Network } from '../model/spec.ts';
import { createRandom } from '../base/random.ts';
import { initialWeights } from '../model/weights.ts';
import { beginning, type Checkpoint, type Learner, type LearnerInput } from './learner.ts';

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

/** All weights after two steps of a learner that is opened for it. */
export async function selfTestWeights(
  open: (input: LearnerInput, begin: Checkpoint) => Learner | Promise<Learner>,
): Promise<Float32Array> {
  const random = createRandom(7);
  const rows = TRAINING.batchSize;
  const train = {
    x: Float32Array.from({ length: rows * 72 }, () => random.normal()),
    y: Float32Array.from({ length: rows }, (_, row) => row % 3),
    weights: null,
    rows,
  };
  const { signal } = new AbortController();
  const learner = await open(
    { network: NETWORK, training: TRAINING, seed: 7, train, validation: null, signal },
    beginning(initialWeights(NETWORK, 7)),
  );
  try {
    const order = Int32Array.from({ length: rows }, (_, row) => row);
    for (let step = 0; step < 2; step++) {
      await learner.beginEpoch(order);
      await learner.run([TRAINING.optimizer.learningRate], { score: false, clear: true });
    }
    await learner.keep();
    const weights = await learner.readKept();
    return Float32Array.from(weights.flatMap(({ data }) => [...data]));
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
