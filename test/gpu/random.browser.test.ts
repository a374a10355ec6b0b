// Networks that nobody thought of, from a seed: their gradients agree with TensorFlow.js too, in every variant of a
// kernel.

import { describe, expect, test } from 'vitest';
import { createRandom, type Random } from '../../src/base/random.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import type { Variant } from '../../src/gpu/kernels/product.ts';
import { buildGraph } from '../../src/gpu/graph.ts';
import { defaultLoss } from '../../src/model/loss.ts';
import { planTraining } from '../../src/gpu/plan.ts';
import { compileTraining } from '../../src/gpu/trainer.ts';
import type { Tuning } from '../../src/gpu/tune.ts';
import type { Activation, LayerSpec, Network, Head } from '../../src/model/spec.ts';
import { above, compareStep, gpu, randomRows, randomWeights } from './cases.ts';

// smooth ones: where a rectifier's input is nearly 0, one rounding decides
const ACTIVATIONS: Activation[] = ['linear', 'tanh', 'sigmoid', 'softplus', 'swish', 'gelu', 'elu'];

function randomNetwork(seed: number): Network {
  const random = createRandom(seed);
  const pick = <T>(list: T[]): T => list[random.below(list.length)];
  const inputShape = pick([
    [4 + random.below(9)],
    [8 + random.below(5), 1 + random.below(4)],
    [5 + random.below(4), 5 + random.below(4), 1 + random.below(4)],
  ]);
  const layers: LayerSpec[] = [];
  const shapeNow = () => {
    const graph = buildGraph({ inputShape, layers: [...layers, { kind: 'flatten' }], head: { kind: 'value' } }, 'x');
    const { input } = graph.operations[graph.operations.length - 1];
    return input.shape[0];
  };
  const rank = inputShape.length;
  for (let depth = 1 + random.below(4); depth > 0; depth--) {
    const next = rank === 1 ? flatLayer(random, pick) : rank === 2 ? lineLayer(random, pick) : imageLayer(random, pick);
    try {
      buildGraph({ inputShape, layers: [...layers, ...next, { kind: 'flatten' }], head: { kind: 'value' } }, 'x');
      layers.push(...next);
    } catch {
      continue; // it does not fit: a window larger than what is left
    }
  }
  if (rank > 1) layers.push({ kind: 'flatten' });
  if (random.below(2) && shapeNow() > 1)
    layers.push({ kind: 'dense', units: 1 + random.below(9), activation: pick(ACTIVATIONS) });
  const head = pick<Head>([{ kind: 'sigmoid' }, { kind: 'softmax', units: 2 + random.below(6) }, { kind: 'value' }]);
  return { inputShape, layers, head };
}

type Pick = <T>(list: T[]) => T;

function flatLayer(random: Random, pick: Pick): LayerSpec[] {
  const dense: LayerSpec = { kind: 'dense', units: 1 + random.below(12), activation: pick(ACTIVATIONS) };
  return pick<LayerSpec[]>([
    [dense],
    [dense, { kind: 'dropout', rate: 0.25 }],
    [dense, { kind: 'batchNorm' }],
    [{ kind: 'dense', units: 6, activation: 'tanh' }, { kind: 'layerNorm' }],
    [dense, { kind: 'residual', layers: [{ kind: 'activation', activation: 'tanh' }] }],
    [{ kind: 'concatenate', branches: [[dense], []] }],
  ]);
}

function lineLayer(random: Random, pick: Pick): LayerSpec[] {
  const conv: LayerSpec = {
    kind: 'conv1d',
    filters: 1 + random.below(8),
    kernelSize: 1 + random.below(3),
    padding: pick(['valid', 'same']),
    strides: pick([1, 1, 2]),
    activation: pick(ACTIVATIONS),
  };
  return pick<LayerSpec[]>([
    [conv],
    [{ ...conv, strides: 1, dilation: 2 }],
    [conv, { kind: 'averagePool1d', poolSize: 2 }],
    [conv, { kind: 'layerNorm' }],
    [conv, { kind: 'dropout', rate: 0.3 }, { kind: 'maxPool1d', poolSize: 2, padding: 'same' }],
  ]);
}

function imageLayer(random: Random, pick: Pick): LayerSpec[] {
  const filters = 1 + random.below(8);
  const common = {
    kernelSize: 1 + random.below(3),
    padding: pick<'valid' | 'same'>(['valid', 'same']),
    activation: pick(ACTIVATIONS),
  };
  const conv: LayerSpec = { kind: 'conv2d', filters, strides: pick([1, 1, 2]), ...common };
  return pick<LayerSpec[]>([
    [conv],
    [conv, { kind: 'batchNorm' }, { kind: 'activation', activation: pick(ACTIVATIONS) }],
    [conv, { kind: 'maxPool2d', poolSize: 2, strides: pick([1, 2]), padding: 'same' }],
    [conv, { kind: 'averagePool2d', poolSize: 2, strides: pick([1, 2]), padding: 'same' }],
    [{ kind: 'depthwiseConv2d', multiplier: pick([1, 2]), strides: pick([1, 2]), ...common }],
    [{ kind: 'separableConv2d', filters, ...common }],
    [{ kind: 'conv2dTranspose', filters: 1 + random.below(4), strides: pick([1, 2]), ...common }],
    [
      conv,
      { kind: 'residual', layers: [{ kind: 'depthwiseConv2d', kernelSize: 3, padding: 'same', activation: 'tanh' }] },
    ],
    [
      {
        kind: 'concatenate',
        branches: [
          [{ ...conv, strides: 1, padding: 'same' }],
          [],
          [{ kind: 'averagePool2d', poolSize: 3, strides: 1, padding: 'same' }],
        ],
      },
    ],
  ]);
}

describe('random networks', () => {
  test.each(Array.from({ length: 24 }, (_, seed) => seed))('number %i', async (seed) => {
    const network = randomNetwork(seed);
    const errors = await compareStep(network, { seed: seed + 100, rows: 12, batch: seed % 2 ? 12 : 9 });
    expect({ network, errors: above(errors, 1e-4) }).toEqual({ network, errors: {} });
  });
});

describe('variants', () => {
  const network: Network = {
    inputShape: [9, 9, 3],
    layers: [
      { kind: 'conv2d', filters: 8, kernelSize: 3, padding: 'same', activation: 'tanh' },
      { kind: 'conv2d', filters: 6, kernelSize: 3, strides: 2, activation: 'tanh' },
      { kind: 'conv2dTranspose', filters: 4, kernelSize: 2, strides: 2, activation: 'tanh' },
      { kind: 'flatten' },
      { kind: 'dense', units: 10, activation: 'tanh' },
    ],
    head: { kind: 'softmax', units: 20 },
  };
  const variants: Variant[] = [
    { kind: 'direct', tileRows: 1, tileColumns: 1 },
    { kind: 'direct', tileRows: 4, tileColumns: 8 },
    { kind: 'direct', tileRows: 8, tileColumns: 8 },
    { kind: 'direct', tileRows: 3, tileColumns: 5 },
    { kind: 'quad', tileRows: 4, tileColumns: 8 },
    { kind: 'quad', tileRows: 2, tileColumns: 4 },
    { kind: 'tiled', tile: 32 },
    { kind: 'tiled', tile: 64 },
  ];
  test.each(variants.map((variant) => [JSON.stringify(variant), variant] as const))('%s', async (_, variant) => {
    const device = await gpu();
    if (variant.kind === 'quad' && !device.quads) return;
    const rows = variant.kind === 'tiled' ? 3 : 10; // several tiles all the same; a barrier takes long in software
    const errors = await compareStep(network, { rows, variants: { tuning: tuningOf(device, variant) } });
    expect(above(errors, 1e-4)).toEqual({});
  });

  test('all of a kind add in the same order: the same bits', async () => {
    const device = await gpu();
    const random = createRandom(4);
    const data = randomRows(network, 10, random);
    const initial = randomWeights(network, random);
    const learn = async (variant: Variant) => {
      const trainer = await compileTraining({
        gpu: device,
        network,
        batchSize: 10,
        optimizer: { kind: 'sgd', learningRate: 0.1 },
        data,
        seed: 1,
        initial,
        tuning: tuningOf(device, variant),
      });
      trainer.setPermutation(data.y.map((_, row) => row));
      await trainer.run([0.1]);
      const weights = await trainer.readWeights();
      trainer.dispose();
      return weights;
    };
    for (const kind of device.quads ? ['direct', 'quad'] : ['direct']) {
      const [first, ...others] = variants.filter((variant) => variant.kind === kind);
      const wanted = await learn(first);
      for (const variant of others) expect(await learn(variant), JSON.stringify(variant)).toEqual(wanted);
    }
  });

  /** A table of measurements that names this variant for every product. */
  function tuningOf(device: Gpu, variant: Variant): Tuning {
    const tuning: Tuning = {};
    planTraining(
      {
        network,
        batchSize: 10,
        loss: defaultLoss(network.head),
        rule: { optimizer: { kind: 'sgd', learningRate: 1 }, l1: 0, l2: 0, clipNorm: null },
        threads: device.threads,
      },
      (shape) => (tuning[`${device.adapter} | ${shape.key}`] = variant),
    );
    return tuning;
  }
});
