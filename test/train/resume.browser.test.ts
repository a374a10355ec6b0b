// Killed and taken up on WebGPU, and from one backend to another. What holds on the CPU alone is in resume.test.ts.

import { afterEach, expect, it, vi } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import type { Network } from '../../src/model/spec.ts';
import { useBackend } from '../../src/train/backend.ts';
import type { BackendName } from '../../src/train/events.ts';
import type { TrainInput } from '../../src/train/train.ts';
import { mockClock, trainKilled, untimed } from './killed.ts';
import { clouds, finish, PLAIN } from './samples.ts';

const MLP: Network = {
  inputShape: [4],
  layers: [{ kind: 'dense', units: 8, activation: 'gelu' }, { kind: 'batchNorm' }, { kind: 'dropout', rate: 0.3 }],
  head: { kind: 'softmax', units: 3 },
};
const CNN: Network = {
  inputShape: [6, 6, 1],
  layers: [
    { kind: 'conv2d', filters: 4, kernelSize: 3, activation: 'relu' },
    { kind: 'maxPool2d', poolSize: 2 },
    { kind: 'flatten' },
    { kind: 'dropout', rate: 0.2 },
    { kind: 'dense', units: 6, activation: 'tanh' },
  ],
  head: { kind: 'sigmoid' },
};
const images = (rows: number, seed: number) => {
  const { x } = clouds(9 * rows, seed); // 36 numbers an image
  return { x, y: Float32Array.from({ length: rows }, (_, i) => i % 2), weights: null, rows };
};
const optimizer = {
  kind: 'adamw',
  learningRate: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-7,
  weightDecay: 0.1,
} as const;
const training = { ...PLAIN, epochs: 10, optimizer, earlyStopping: { patience: 5, minDelta: 0 } };
const tables: TrainInput = { network: MLP, training, seed: 5, train: clouds(93, 1), validation: clouds(31, 2) };
const pictures: TrainInput = { network: CNN, training, seed: 6, train: images(61, 3), validation: images(20, 4) };

afterEach(() => vi.restoreAllMocks());

it.each([
  ['a multi-layer perceptron', tables],
  ['a convolutional network', pictures],
])(
  'a training on compiled WebGPU, killed three times, ends with the bits of an undisturbed one: %s',
  async (_, input) => {
    const open = () => useBackend('webgpu', { network: input.network });
    await open();
    const wanted = await finish(input);
    const taken: number[] = [];
    for (let seed = 1; seed <= 3; seed++) {
      const random = createRandom(seed);
      mockClock(random, 60);
      const killed = await trainKilled(input, random, 3, open, 6);
      vi.restoreAllMocks();
      taken.push(...killed.kills.map(({ from }) => from % Math.ceil(input.train.rows / 8)));
      expect(killed.weights).toEqual(wanted.weights);
      expect(untimed(killed.history)).toEqual(untimed(wanted.history));
      expect([killed.bestEpoch, killed.ended]).toEqual([wanted.bestEpoch, wanted.ended]);
    }
    expect(taken).toHaveLength(9);
    expect(taken.filter((step) => step > 0).length).toBeGreaterThan(2); // in the middle of an epoch
  },
);

it('a training on WebGL, killed three times, ends with the bits of an undisturbed one', async () => {
  await useBackend('webgl');
  const wanted = await finish(tables);
  const random = createRandom(4);
  mockClock(random, 60);
  const killed = await trainKilled(tables, random, 3, () => useBackend('webgl'), 6);
  expect(killed.weights).toEqual(wanted.weights);
  expect(untimed(killed.history)).toEqual(untimed(wanted.history));
});

it.each<BackendName[]>([
  ['cpu', 'webgpu', 'cpu', 'webgpu'],
  ['webgpu', 'webgl', 'webgpu', 'cpu'],
])('a training moves from %s to %s to %s to %s with losses within 1e-3', async (...backends) => {
  await useBackend('cpu');
  const input = { ...tables, training: { ...training, earlyStopping: null } };
  const wanted = await finish(input);
  const random = createRandom(6);
  mockClock(random, 60);
  const moved = await trainKilled(
    input,
    random,
    3,
    (part) => useBackend(backends[part], { network: input.network }),
    6,
  );
  expect(moved.history).toHaveLength(wanted.history.length);
  for (const [i, { loss, valLoss, metric }] of moved.history.entries()) {
    expect(Math.abs(loss - wanted.history[i].loss)).toBeLessThan(1e-3);
    expect(Math.abs(valLoss! - wanted.history[i].valLoss!)).toBeLessThan(1e-3);
    expect(Math.abs(metric - wanted.history[i].metric)).toBeLessThan(0.03); // of 93 rows, two
  }
});
