// Layers that stay as they are, on the CPU. That both learners do the same with them is learners.browser.test.ts.

import { beforeAll, expect, it, vi } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import { createForward } from '../../src/infer/forward.ts';
import { layerOf } from '../../src/model/slots.ts';
import type { Network, Weight } from '../../src/model/spec.ts';
import { initialWeights } from '../../src/model/weights.ts';
import { useBackend } from '../../src/train/backend.ts';
import type { TrainInput } from '../../src/train/train.ts';
import { mockClock, trainKilled, untimed } from './killed.ts';
import { clouds, finish, PLAIN } from './samples.ts';

const NETWORK: Network = {
  inputShape: [4],
  layers: [
    { kind: 'dense', units: 8, activation: 'tanh' },
    { kind: 'batchNorm' },
    { kind: 'dense', units: 6, activation: 'linear' },
  ],
  head: { kind: 'softmax', units: 3 },
};
const random = createRandom(4);
const initial = initialWeights(NETWORK, 3).map((weight) => ({
  ...weight,
  data: weight.data.map((value) => value + 0.3 * Math.abs(random.normal())), // averages too, so that they tell
}));
const input: TrainInput = {
  network: NETWORK,
  training: {
    ...PLAIN,
    epochs: 6,
    optimizer: { kind: 'adamw', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0.1 },
    clipNorm: 0.5,
    l1: 1e-3,
    l2: 1e-3,
  },
  seed: 5,
  train: clouds(93, 1),
  validation: clouds(31, 2),
  initial,
};

beforeAll(() => useBackend('cpu'));

it('keeps every number of a frozen layer, averages included, and moves all others', async () => {
  const frozen = ['1_batchNorm', 'head'];
  const { weights } = await finish({ ...input, frozen });
  weights.forEach(({ name, data }, i) => {
    const isSame = data.every((value, j) => value === initial[i].data[j]);
    expect(isSame, name).toBe(frozen.includes(layerOf(name)));
  });
});

it('makes of frozen first layers a fixed function: the rest learns as it would alone from what that gives', async () => {
  const frozen = ['0_dense', '1_batchNorm', '2_dense'];
  const { weights, history } = await finish({ ...input, frozen });
  // the frozen layers by plain numbers: what the linear layer before the head gives is a head's value without activation
  const width = 6;
  const features = (x: Float32Array) => {
    const rows = x.length / 4;
    const given = new Float32Array(rows * width);
    for (let unit = 0; unit < width; unit++) {
      const forward = createForward({ ...NETWORK, head: { kind: 'value' } }, [...initial.slice(0, -2), ...pick(unit)]);
      for (let row = 0; row < rows; row++) given[row * width + unit] = forward(x.subarray(4 * row, 4 * row + 4))[0];
    }
    return given;
  };
  const pick = (unit: number): Weight[] => [
    {
      name: 'head/kernel',
      shape: [width, 1],
      data: Float32Array.from({ length: width }, (_, i) => Number(i === unit)),
    },
    { name: 'head/bias', shape: [1], data: new Float32Array(1) },
  ];
  const alone = await finish({
    ...input,
    network: { ...NETWORK, inputShape: [width], layers: [] },
    train: { ...input.train, x: features(input.train.x) },
    validation: { ...input.validation!, x: features(input.validation!.x) },
    initial: initial.slice(-2),
  });
  alone.weights.forEach(({ name, data }, i) => {
    const seen = weights[weights.length - 2 + i];
    expect(seen.name).toBe(name);
    data.forEach((value, j) => expect(Math.abs(value - seen.data[j])).toBeLessThan(1e-5));
  });
  history.forEach(({ valLoss }, i) => expect(Math.abs(valLoss! - alone.history[i].valLoss!)).toBeLessThan(1e-5));
});

it('goes on from a checkpoint bit for bit', async () => {
  const some: TrainInput = { ...input, frozen: ['0_dense', '1_batchNorm'] };
  const wanted = await finish(some);
  const draw = createRandom(2);
  mockClock(draw);
  const killed = await trainKilled(some, draw, 3);
  expect(killed.kills).toHaveLength(3);
  expect(killed.weights).toEqual(wanted.weights);
  expect(untimed(killed.history)).toEqual(untimed(wanted.history));
  vi.restoreAllMocks();
});
