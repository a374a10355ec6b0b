// Small data and short ways to train on it, shared by the tests of training.

import { createRandom } from '../../src/base/random.ts';
import type { TrainingSpec } from '../../src/model/recipe.ts';
import type { Network } from '../../src/model/spec.ts';
import type { TrainEvent, TrainResult } from '../../src/train/events.ts';
import { train, type TrainControl, type TrainInput, type TrainRows } from '../../src/train/train.ts';

/** Plain descent without anything; a test adds what it is about. */
export const PLAIN: TrainingSpec = {
  epochs: 3,
  batchSize: 8,
  optimizer: { kind: 'sgd', learningRate: 0.1 },
  schedule: { kind: 'constant', warmupEpochs: 0 },
  l1: 0,
  l2: 0,
  classWeights: 'none',
  earlyStopping: null,
};

export const MLP: Network = {
  inputShape: [4],
  layers: [{ kind: 'dense', units: 8, activation: 'tanh' }],
  head: { kind: 'softmax', units: 3 },
};

/** Rows of three overlapping clouds. */
export function clouds(rows: number, seed: number): TrainRows {
  const random = createRandom(seed);
  const y = Float32Array.from({ length: rows }, () => random.below(3));
  const x = Float32Array.from({ length: rows * 4 }, (_, i) => {
    const label = y[Math.floor(i / 4)];
    return random.normal() + (i % 4 === label ? 2 : 0);
  });
  return { x, y, weights: null, rows };
}

export function control(changes: Partial<TrainControl> = {}): TrainControl {
  return { signal: new AbortController().signal, stop: () => false, paused: () => null, ...changes };
}

/** Runs a training to its end. */
export async function finish(
  input: TrainInput,
  controls = control(),
  onEvent: (event: TrainEvent) => void = () => {},
): Promise<TrainResult> {
  const run = train(input, controls);
  for (;;) {
    const next = await run.next();
    if (next.done) return next.value;
    onEvent(next.value);
  }
}
