import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import { ARCHITECTURES, type Architecture } from '../../src/model/architectures.ts';
import type { Task } from '../../src/model/recipe.ts';
import {
  architecturesOf,
  sequenceGap,
  suggestModel,
  suggestTraining,
  type ModelFacts,
} from '../../src/model/presets.ts';
import { countParameters } from '../../src/model/shapes.ts';
import type { Head, Network } from '../../src/model/spec.ts';
import { parseRecipe } from '../../src/model/validate.ts';
import { useBackend } from '../../src/train/backend.ts';
import { finish } from '../train/samples.ts';
import { recipe } from './samples.ts';

const HEADS: Record<Task, Head> = {
  binary: { kind: 'sigmoid' },
  multiclass: { kind: 'softmax', units: 5 },
  regression: { kind: 'value' },
  imageClassification: { kind: 'softmax', units: 10 },
};
const tables = [4, 100, 4000].flatMap((features) =>
  [1, 1_000, 100_000].flatMap((rows) =>
    (['binary', 'multiclass', 'regression'] as const).map((task): ModelFacts => ({
      task,
      rows,
      features,
      isSequence: true,
    })),
  ),
);
const imagesOf = (height: number, width: number, channels: 1 | 3): ModelFacts => ({
  task: 'imageClassification',
  rows: 1_000,
  classes: 10,
  features: height * width * channels,
  image: { height, width, channels },
});
const images = [1, 3, 4, 8, 15, 16, 28, 32, 64, 100, 224].flatMap((side) =>
  ([1, 3] as const).map((channels) => imagesOf(side, side, channels)),
);

function networkOf(architecture: Architecture, facts: ModelFacts): Network {
  const { image, features, task } = facts;
  const inputShape = image ? [image.height, image.width, image.channels] : [features];
  return { inputShape, layers: suggestModel(architecture, facts).layers, head: HEADS[task] };
}

beforeAll(() => useBackend('cpu'));

describe('every architecture', () => {
  it('can be built and is a valid recipe, for every kind and size of data', () => {
    for (const facts of [...tables, ...images, imagesOf(1, 64, 1), imagesOf(64, 1, 3)]) {
      for (const architecture of architecturesOf(facts)) {
        const { task, image } = facts;
        expect(countParameters(networkOf(architecture, facts)), architecture).toBeLessThan(5_000_000);
        const model = suggestModel(architecture, facts);
        const whole = { ...recipe(), model, training: suggestTraining(architecture, facts) };
        if (image) Object.assign(whole, { task, columns: [], target: 'label' });
        if (image) whole.preparation = { ...whole.preparation, image };
        expect(parseRecipe(whole)).toEqual(whole);
      }
    }
  });

  const few = { task: 'multiclass', isSequence: true } as const;
  const sides = [4, 8, 28, 32, 64].flatMap((side) =>
    ([1, 3] as const).map((channels) => imagesOf(side, side, channels)),
  );
  const trained = [
    ...sides,
    imagesOf(1, 9, 1),
    { ...few, rows: 1, features: 4 },
    { ...few, rows: 400, features: 150 },
  ].flatMap((facts: ModelFacts) =>
    architecturesOf(facts).map((architecture) => {
      const { image, features } = facts;
      const size = image ? `${image.height} x ${image.width} x ${image.channels}` : `${features} columns`;
      return { name: `${architecture}, ${size}`, architecture, facts };
    }),
  );
  it.each(trained)('makes a step on the CPU, one row at a time: $name', async ({ architecture, facts }) => {
    const network = networkOf(architecture, facts);
    const training = { ...suggestTraining(architecture, facts), epochs: 1, earlyStopping: null };
    const rows = facts.features > 500 ? 1 : 2;
    const x = Float32Array.from({ length: rows * facts.features }, (_, i) => Math.sin(i));
    const result = await finish({
      network,
      training: { ...training, batchSize: 1 },
      seed: 1,
      train: { x, y: Float32Array.from({ length: rows }, (_, row) => row), weights: null, rows },
      validation: null,
    });
    expect(Number.isFinite(result.history[0].loss)).toBe(true);
    expect(result.weights.every(({ data }) => data.every(Number.isFinite))).toBe(true);
  });

  it('is offered where the data suits it, the proposed one first', () => {
    const names = (facts: Partial<ModelFacts>) => architecturesOf({ ...tables[0], isSequence: false, ...facts });
    expect(names({})).toEqual(['perceptron', 'linear']);
    expect(names({ isSequence: true })).toEqual(['perceptron', 'convolutions1d', 'lstm', 'linear']);
    const values = { task: 'regression', features: 40 } as const;
    expect(names({ ...values, rows: 399 })).toEqual(['linear', 'perceptron']); // too few rows for a network
    expect(names({ ...values, rows: 400 })).toEqual(['perceptron', 'linear']);
    expect(architecturesOf(images[0])).toEqual(['convolutions', 'residual', 'depthwise', 'perceptron', 'linear']);
    expect(new Set([...names({ isSequence: true }), ...architecturesOf(images[0])])).toEqual(
      new Set(Object.keys(ARCHITECTURES)),
    );
  });

  it('learns a table of many columns and few rows as a ridge does', async () => {
    const facts: ModelFacts = { task: 'regression', rows: 120, features: 40 };
    const random = createRandom(3);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
    const draw = (rows: number) => {
      const x = Float32Array.from({ length: rows * 40 }, normal);
      const y = Float32Array.from({ length: rows }, (_, row) => {
        const [a, b, c, d] = x.subarray(row * 40);
        return (3 * a - 2 * b + 1.5 * c + d + normal()) / 4.2;
      });
      return { x, y, weights: null, rows };
    };
    const [best] = architecturesOf(facts);
    const network = networkOf(best, facts);
    const training = suggestTraining(best, facts);
    const { history, bestEpoch } = await finish({ network, training, seed: 1, train: draw(72), validation: draw(200) });
    expect(history[bestEpoch - 1].valLoss).toBeLessThan(0.25); // of a variance of 1, of which 0.06 is noise
  });

  it('is small where the images are small', () => {
    const digits = imagesOf(8, 8, 1);
    expect(suggestModel('convolutions', digits).layers.map(({ kind }) => kind)).toEqual([
      'conv2d',
      'conv2d',
      'maxPool2d',
      'flatten',
      'dropout',
      'dense',
    ]);
    const sizes = (['residual', 'depthwise'] as const).map((each) =>
      [digits, imagesOf(64, 64, 3)].map((facts) => countParameters(networkOf(each, facts))),
    );
    for (const [small, large] of sizes) expect(small * 3).toBeLessThan(large);
    expect(sizes[1][1]).toBeLessThan(sizes[0][1]); // depthwise has fewer weights
  });

  it('reads a table as a sequence where four columns or more are numbers, and no other feature is there', () => {
    const column = (name: string, type: 'number' | 'category') => ({ name, type, role: 'feature' as const });
    const numbers = ['a', 'b', 'c', 'd'].map((name) => column(name, 'number'));
    expect(sequenceGap(numbers)).toBeNull();
    expect(sequenceGap(numbers.slice(1))).toMatch(/needs 4 or more features that are all numbers/);
    expect(sequenceGap([...numbers, column('e', 'category')])).toMatch(/all numbers/);
    expect(sequenceGap([...numbers, { ...column('e', 'category'), role: 'meta' }])).toBeNull();
  });
});
