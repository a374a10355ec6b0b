// The two learners against each other, and a checkpoint of one taken up by the other in the middle of an epoch.

import { describe, expect, it } from 'vitest';
import { layerOf } from '../../src/model/slots.ts';
import { createRandom } from '../../src/base/random.ts';
import type { OptimizerSpec } from '../../src/model/recipe.ts';
import type { Network } from '../../src/model/spec.ts';
import { initialWeights } from '../../src/model/weights.ts';
import { compiledGpu } from '../../src/train/compiled.ts';
import { createGpuLearner } from '../../src/train/gpuLearner.ts';
import { beginning, type Checkpoint, type Learner, type LearnerInput } from '../../src/train/learner.ts';
import { startTf } from '../../src/train/tfBackends.ts';
import { createTfLearner } from '../../src/train/tfLearner.ts';
import { clouds, PLAIN } from './samples.ts';

const network: Network = {
  inputShape: [4],
  layers: [{ kind: 'dense', units: 8, activation: 'tanh' }, { kind: 'batchNorm' }],
  head: { kind: 'softmax', units: 3 },
};
const DECAYED: OptimizerSpec = { kind: 'adamw', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0.1 }; // prettier-ignore
const train = clouds(29, 1);
const orders = [1, 2].map((seed) => Int32Array.from({ length: 29 }, (_, row) => (row * 11 + seed) % 29));

const open = {
  compiled: async (input: LearnerInput, begin: Checkpoint) => createGpuLearner(await compiledGpu(), {}, input, begin),
  'TensorFlow.js': async (input: LearnerInput, begin: Checkpoint) =>
    createTfLearner(await startTf('cpu'), input, begin),
};
type Name = keyof typeof open;

/** Six steps, the fifth of which is the short one, three before and three after the checkpoint. */
async function learn(optimizer: OptimizerSpec, first: Name, second: Name) {
  const { signal } = new AbortController();
  const training = { ...PLAIN, batchSize: 6, optimizer };
  const input: LearnerInput = { network, training, seed: 1, train, validation: train, signal };
  const rates = (count: number) => new Array<number>(count).fill(optimizer.learningRate);
  const one: Learner = await open[first](input, beginning(initialWeights(network, 1)));
  await one.beginEpoch(orders[0]);
  await one.run(rates(2), { score: false, clear: true });
  await one.keep();
  await one.run(rates(1), { score: false, clear: false });
  const checkpoint = await one.save();
  one.dispose();
  const two = await open[second](input, checkpoint);
  const { seen, validation } = await two.run(rates(2), { score: true, clear: true });
  await two.beginEpoch(orders[1]);
  await two.run(rates(1), { score: false, clear: true });
  const kept = await two.readKept();
  const weights = (await two.save()).weights;
  two.dispose();
  return [seen, validation!]
    .map(({ loss, weight, rows }) => [loss, weight, rows])
    .concat([...kept, ...weights].map(({ data }) => [...data]));
}

describe.each<OptimizerSpec>([
  { kind: 'sgd', learningRate: 0.1 },
  { kind: 'momentum', learningRate: 0.05, momentum: 0.9, nesterov: true },
  { kind: 'rmsprop', learningRate: 0.01, decay: 0.9, epsilon: 1e-7 },
  { kind: 'adamw', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, weightDecay: 0.1 },
])('a checkpoint in the middle of an epoch, with $kind,', (optimizer) => {
  it.each<[Name, Name]>([
    ['compiled', 'compiled'],
    ['compiled', 'TensorFlow.js'],
    ['TensorFlow.js', 'compiled'],
  ])('of the %s learner is taken up by the %s one', async (first, second) => {
    const wanted = await learn(optimizer, 'TensorFlow.js', 'TensorFlow.js');
    const seen = await learn(optimizer, first, second);
    const largest = Math.max(...wanted.flatMap((values, i) => values.map((value, j) => Math.abs(value - seen[i][j]))));
    expect(largest).toBeLessThan(1e-4);
  });
});

describe('three steps of both learners move the weights alike', () => {
  const same = { padding: 'same', activation: 'tanh' } as const;
  it.each<[string, Network, string[][]]>([
    [
      'of an image through blocks and branches',
      {
        inputShape: [6, 6, 2],
        layers: [
          { kind: 'conv2d', filters: 4, kernelSize: 3, dilation: 2, ...same },
          {
            kind: 'residual',
            layers: [
              { kind: 'depthwiseConv2d', kernelSize: 3, ...same },
              { kind: 'batchNorm' },
              { kind: 'separableConv2d', filters: 4, kernelSize: 3, ...same },
            ],
          },
          {
            kind: 'concatenate',
            branches: [[], [{ kind: 'conv2dTranspose', filters: 3, kernelSize: 3, ...same }], [{ kind: 'layerNorm' }]],
          },
          { kind: 'maxPool2d', poolSize: 2 },
          { kind: 'globalAveragePool2d' },
        ],
        head: { kind: 'softmax', units: 3 },
      },
      [
        [],
        ['0_conv2d', '1_residual/0_depthwiseConv2d', '1_residual/1_batchNorm'], // nothing before the rest learns
        ['1_residual/1_batchNorm', '2_concatenate/1/0_conv2dTranspose', '2_concatenate/2/0_layerNorm', 'head'],
        ['0_conv2d', '1_residual/2_separableConv2d'],
      ],
    ],
    [
      'of a sequence of looked-up numbers',
      {
        inputShape: [8],
        layers: [
          { kind: 'embedding', vocabulary: 9, dimension: 4 },
          { kind: 'conv1d', filters: 6, kernelSize: 3, ...same },
          { kind: 'averagePool1d', poolSize: 2 },
          { kind: 'globalMaxPool1d' },
          { kind: 'activation', activation: 'gelu' },
        ],
        head: { kind: 'softmax', units: 3 },
      },
      [[], ['0_embedding'], ['0_embedding', '1_conv1d']],
    ],
  ])('%s, whichever layers are frozen', async (_, net, choices) => {
    const random = createRandom(3);
    const size = net.inputShape.reduce((product, length) => product * length, 1);
    const ids = net.layers[0].kind === 'embedding';
    const rows = 12;
    const part = {
      rows,
      weights: null,
      x: Float32Array.from({ length: rows * size }, () => (ids ? random.below(9) : random.normal())),
      y: Float32Array.from({ length: rows }, (_, row) => row % 3),
    };
    const { signal } = new AbortController();
    // averages that are not those of the batch, or a frozen normalisation would look like one that learns
    const initial = initialWeights(net, 1).map((weight) =>
      weight.name.includes('moving') ? { ...weight, data: weight.data.map((value) => value + random.next()) } : weight,
    );
    for (const [turn, frozen] of choices.entries()) {
      const clipNorm = turn === 2 ? 0.1 : null;
      const training = { ...PLAIN, batchSize: 4, l2: 0.01, clipNorm, ...(turn === 3 && { optimizer: DECAYED }) };
      const input: LearnerInput = { network: net, training, seed: 1, train: part, validation: null, frozen, signal };
      const ends = await Promise.all(
        (['compiled', 'TensorFlow.js'] as const).map(async (name) => {
          const learner: Learner = await open[name](input, beginning(initial));
          await learner.beginEpoch(Int32Array.from({ length: rows }, (_, row) => (row * 5) % rows));
          const rate = training.optimizer.learningRate;
          await learner.run([rate, rate, rate], { score: false, clear: true });
          const { weights } = await learner.save();
          learner.dispose();
          return weights;
        }),
      );
      for (const [i, { name, data }] of ends[0].entries()) {
        expect(ends[1][i].name).toBe(name);
        const apart = Math.max(...data.map((value, j) => Math.abs(value - ends[1][i].data[j])));
        expect(apart, name).toBeLessThan(1e-4);
        const still = frozen.includes(layerOf(name));
        for (const end of ends)
          expect(
            end[i].data.every((value, j) => value === initial[i].data[j]),
            name,
          ).toBe(still);
      }
    }
  });
});
