// Plans, without a device: what is fused, what is left out, what is refused.

import { describe, expect, test } from 'vitest';
import { buildGraph } from '../../src/gpu/graph.ts';
import { dropoutMask } from '../../src/gpu/kernels/dropout.ts';
import { planInference, planTraining, type PlanInput } from '../../src/gpu/plan.ts';
import type { LayerSpec, Network } from '../../src/model/spec.ts';
import { weightSlots } from '../../src/model/weights.ts';

const direct = () => ({ kind: 'direct' as const, tileRows: 4, tileColumns: 8 });
const adam = { kind: 'adam' as const, learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
const network = (inputShape: number[], layers: LayerSpec[]): Network => ({
  inputShape,
  layers,
  head: { kind: 'softmax', units: 3 },
});
const planOf = (net: Network, more: Partial<PlanInput['rule']> = {}) =>
  planTraining(
    {
      network: net,
      batchSize: 32,
      loss: { kind: 'crossEntropy' },
      rule: { optimizer: adam, l1: 0, l2: 0, clipNorm: null, ...more },
      threads: 1024,
    },
    direct,
  );
const labels = (net: Network, more = {}) => planOf(net, more).training.map(({ kernel }) => kernel.label);
const dense = (units: number): LayerSpec => ({ kind: 'dense', units, activation: 'relu' });

describe('a plan', () => {
  test('of a logistic regression is two kernels: the loss with its derivative, the gradient with its update', () => {
    expect(labels(network([30], []))).toEqual(['head loss', 'head weight gradient']);
  });

  test('of a perceptron has three kernels a layer, less one for the first', () => {
    expect(labels(network([20], [dense(64), dense(64)]))).toEqual([
      '0_dense',
      '1_dense',
      'head loss',
      'head input gradient',
      'head weight gradient',
      '1_dense input gradient',
      '1_dense weight gradient',
      '0_dense weight gradient',
    ]);
  });

  test('goes back no further than to the first layer that learns, and holds no gradient beyond it', () => {
    const plan = planTraining(
      {
        network: network([20], [dense(64), { kind: 'batchNorm' }, dense(64)]),
        batchSize: 32,
        loss: { kind: 'crossEntropy' },
        rule: { optimizer: adam, l1: 0, l2: 0, clipNorm: null },
        frozen: ['0_dense', '1_batchNorm'],
        threads: 1024,
      },
      direct,
    );
    expect(plan.training.map(({ kernel }) => kernel.label)).toEqual([
      '0_dense',
      '1_batchNorm',
      '2_dense',
      'head loss',
      'head input gradient',
      'head weight gradient',
      '2_dense weight gradient',
    ]);
    expect([...plan.buffers.keys()].filter((name) => name.endsWith('.gradient'))).toEqual([
      '2_dense.gradient',
      'head.gradient',
    ]);
  });

  test('takes activation, dropout and flatten along with what is there anyway', () => {
    const fused = network(
      [8, 8, 1],
      [
        { kind: 'conv2d', filters: 4, kernelSize: 3, activation: 'linear' },
        { kind: 'activation', activation: 'relu' },
        { kind: 'maxPool2d', poolSize: 2 },
        { kind: 'dropout', rate: 0.5 },
        { kind: 'flatten' },
      ],
    );
    expect(labels(fused).filter((label) => /activation|dropout|flatten/.test(label))).toEqual([]);
  });

  test('knows the whole gradient before it moves a weight, where that is clipped', () => {
    expect(labels(network([20], []), { clipNorm: 1 }).slice(-3)).toEqual([
      'gradient squares',
      'gradient norm',
      'clipped update',
    ]);
  });

  test('binds no more buffers than every device takes, and none twice where it writes', () => {
    const wide = network(
      [16, 16, 3],
      [
        { kind: 'separableConv2d', filters: 8, kernelSize: 3, activation: 'gelu' },
        { kind: 'batchNorm' },
        { kind: 'activation', activation: 'swish' },
        { kind: 'dropout', rate: 0.3 },
        {
          kind: 'residual',
          layers: [{ kind: 'conv2d', filters: 8, kernelSize: 3, padding: 'same', activation: 'gelu' }],
        },
        { kind: 'layerNorm' },
        { kind: 'conv2dTranspose', filters: 4, kernelSize: 3, activation: 'swish' },
        { kind: 'maxPool2d', poolSize: 2 },
        { kind: 'flatten' },
      ],
    );
    const plan = planOf(wide);
    for (const { kernel } of [...plan.training, ...plan.inference.scoring, ...plan.inference.prediction]) {
      const storage = kernel.bindings.filter(({ access }) => access !== 'uniform');
      expect(storage.length, kernel.label).toBeLessThanOrEqual(8);
      const written = storage.filter(({ access }) => access === 'read_write').map(({ buffer }) => buffer);
      for (const buffer of written) expect(storage.filter((one) => one.buffer === buffer).length).toBe(1);
      for (const { buffer } of storage) expect(plan.buffers.has(buffer), buffer).toBe(true);
    }
  });

  test('uses no atomics, and is the same text every time', () => {
    const text = () =>
      planOf(network([20], [dense(7), { kind: 'batchNorm' }]))
        .training.map(({ kernel }) => kernel.code)
        .join();
    expect(text()).toBe(text());
    expect(text()).not.toContain('atomic');
  });

  test('without learning has no gradient and no optimiser', () => {
    const plan = planInference(network([20], [dense(7)]), { kind: 'crossEntropy' }, 64, direct);
    expect([...plan.buffers.keys()].filter((name) => /gradient|slot/.test(name))).toEqual([]);
  });
});

describe('a graph', () => {
  test('names and shapes its weights as the rest of the project does', () => {
    const known = {
      inputShape: [8, 8, 1],
      layers: [
        { kind: 'conv2d' as const, filters: 4, kernelSize: 3, activation: 'relu' as const },
        { kind: 'batchNorm' as const },
        { kind: 'maxPool2d' as const, poolSize: 2 },
        { kind: 'flatten' as const },
        { kind: 'dense' as const, units: 5, activation: 'relu' as const },
      ],
      head: { kind: 'sigmoid' as const },
    };
    const ours = buildGraph(known, 'x').weights.map(({ name, shape }) => ({ name, shape }));
    expect(ours).toEqual(weightSlots(known).map(({ name, shape }) => ({ name, shape })));
  });

  test.each<[string, Network, RegExp]>([
    ['a dense layer on an image', network([8, 8, 1], [dense(3)]), /layer 0_dense: it takes \[features\]/],
    [
      'a window larger than its image',
      network([2, 2, 1], [{ kind: 'maxPool2d', poolSize: 3 }]),
      /window of 3 is larger/,
    ],
    ['a residual that changes the shape', network([4], [{ kind: 'residual', layers: [dense(3)] }]), /keep the shape/],
    ['a reshape to another size', network([4], [{ kind: 'reshape', shape: [5] }]), /does not reshape/],
    [
      'an embedding of numbers',
      network([4], [dense(3), { kind: 'embedding', vocabulary: 3, dimension: 2 }]),
      /first layer/,
    ],
  ])('refuses %s', (_, net, message) => {
    expect(() => buildGraph(net, 'x')).toThrow(message);
  });
});

test('a dropout mask keeps the share it should, and differs by seed, layer and step', () => {
  const mask = dropoutMask(100_000, 0.3, 1, 0, 0);
  const kept = mask.filter((value) => value > 0).length / mask.length;
  expect(kept).toBeGreaterThan(0.69);
  expect(kept).toBeLessThan(0.71);
  const others = [dropoutMask(1000, 0.3, 2, 0, 0), dropoutMask(1000, 0.3, 1, 1, 0), dropoutMask(1000, 0.3, 1, 0, 1)];
  for (const other of others) {
    const same = other.filter((value, i) => value > 0 === mask[i] > 0).length / 1000;
    expect(Math.abs(same - (0.7 ** 2 + 0.3 ** 2))).toBeLessThan(0.06); // as two strangers agree
  }
});
