import { beforeAll, describe, expect, it } from 'vitest';
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
    expect(architecturesOf(images[0])).toEqual(['convolutions', 'residual', 'depthwise', 'perceptron', 'linear']);
    expect(new Set([...names({ isSequence: true }), ...architecturesOf(images[0])])).toEqual(
      new Set(Object.keys(ARCHITECTURES)),
    );
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
