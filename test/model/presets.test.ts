import { describe, expect, it } from 'vitest';
import type { Task } from '../../src/model/recipe.ts';
import { suggestModel, suggestTraining, type ModelFacts } from '../../src/model/presets.ts';
import { inferShapes } from '../../src/model/shapes.ts';
import type { Head, ModelKind } from '../../src/model/spec.ts';
import { parseRecipe } from '../../src/model/validate.ts';
import { recipe } from './samples.ts';

const HEADS: Record<Task, Head> = {
  binary: { kind: 'sigmoid' },
  multiclass: { kind: 'softmax', units: 5 },
  regression: { kind: 'value' },
  imageClassification: { kind: 'softmax', units: 10 },
};
const tables = [4, 100, 10_000].flatMap((features) =>
  [10, 1_000, 100_000].flatMap((rows) =>
    (['binary', 'multiclass', 'regression'] as const).map((task): ModelFacts => ({ task, rows, features })),
  ),
);
const images = [1, 3, 8, 15, 16, 28, 64, 100, 224].flatMap((side) =>
  ([1, 3] as const).map((channels): ModelFacts => ({
    task: 'imageClassification',
    rows: 1_000,
    features: side * side * channels,
    image: { height: side, width: side, channels },
  })),
);

describe('what is suggested', () => {
  const cases: [ModelKind, ModelFacts][] = [
    ...[...tables, ...images].flatMap((facts): [ModelKind, ModelFacts][] => [
      ['linear', facts],
      ['mlp', facts],
    ]),
    ...images.map((facts): [ModelKind, ModelFacts] => ['cnn', facts]),
  ];

  it('can be built and is a valid recipe, for every kind and size of data', () => {
    for (const [kind, facts] of cases) {
      const { image } = facts;
      const inputShape = image ? [image.height, image.width, image.channels] : [facts.features];
      const model = suggestModel(kind, facts);
      const shapes = inferShapes({ inputShape, layers: model.layers, head: HEADS[facts.task] });
      expect(shapes.reduce((sum, { parameters }) => sum + parameters, 0)).toBeLessThan(5_000_000);
      const parsed = { ...recipe(), model, training: suggestTraining(kind, facts) };
      if (image) Object.assign(parsed, { task: facts.task, columns: [], target: 'label' });
      if (image) parsed.preparation = { ...parsed.preparation, image };
      expect(parseRecipe(parsed)).toEqual(parsed);
    }
  });

  it('a convolutional network is small where the images are small', () => {
    const digits = images.find(({ image }) => image?.height === 8)!;
    expect(suggestModel('cnn', digits).layers.map(({ kind }) => kind)).toEqual([
      'conv2d',
      'conv2d',
      'maxPool2d',
      'flatten',
      'dropout',
      'dense',
    ]);
  });
});
