// Models of layers in layers and along sequences, from a recipe to files that another runtime agrees with.

import { afterAll, describe, expect, it } from 'vitest';
import type { Recipe } from '../../src/model/recipe.ts';
import type { LayerSpec } from '../../src/model/spec.ts';
import type { Dataset } from '../../src/worker/api.ts';
import { clientOn, csv, errorOf, removeDatabase } from './clients.ts';

const DATABASE = 'client layers test';
const client = clientOn(DATABASE);
const { lathe } = client;

afterAll(async () => {
  client.close();
  await removeDatabase(DATABASE);
});

const LENGTH = 16;

/** Waves of two lengths at any phase, as CSV: a column for each moment. */
function waves(rows: number): string {
  const names = Array.from({ length: LENGTH }, (_, t) => `t${t}`);
  const lines = Array.from({ length: rows }, (_, i) => {
    const [length, name] = i % 2 ? [4, 'short'] : [8, 'long'];
    const values = names.map((_, t) => Math.sin((2 * Math.PI * t) / length + i * 1.7).toFixed(4));
    return `${values.join()},${name}`;
  });
  return `${names.join()},wave\n${lines.join('\n')}\n`;
}

/** Words of eight numbers below 12; which of two numbers a word has more of. */
function words(rows: number): string {
  const names = Array.from({ length: 8 }, (_, t) => `w${t}`);
  const lines = Array.from({ length: rows }, (_, i) => {
    const main = i % 2 ? 3 : 11;
    return `${names.map((_, t) => ((i * 7 + t * 5) % 3 === 0 ? (i + t) % 12 : main)).join()},${i % 2 ? 'low' : 'high'}`;
  });
  return `${names.join()},kind\n${lines.join('\n')}\n`;
}

async function recipeFor(dataset: Dataset, layers: LayerSpec[] | null, backend: Recipe['backend']): Promise<Recipe> {
  const recipe = await lathe.suggestRecipe(dataset.id, { model: 'sequence', seed: 3 });
  recipe.training.epochs = 12;
  return { ...recipe, backend, model: { kind: 'sequence', layers: layers ?? recipe.model.layers } };
}

/** Trains, and has both files checked by the runtimes that read them. */
async function trainAndExport(recipe: Recipe, example: Record<string, number>): Promise<number> {
  const version = await lathe.train(recipe);
  for (const format of ['onnx', 'tfjs'] as const) {
    const { verification } = await lathe.exportModel(version.id, format);
    expect(verification.maxAbsDiff, format).toBeLessThan(1e-5);
  }
  expect(await lathe.predict(version.id, [example])).toHaveLength(1);
  return version.metrics.accuracy;
}

describe('a sequence network', () => {
  const wave = Object.fromEntries(Array.from({ length: LENGTH }, (_, t) => [`t${t}`, Math.sin(t)]));
  it.each(['cpu', 'webgpu'] as const)('as it is proposed tells waves apart, on %s', async (backend) => {
    const data = await lathe.importFiles([csv('waves.csv', waves(200))]);
    expect(await trainAndExport(await recipeFor(data, null, backend), wave)).toBeGreaterThan(0.9);
  });

  it('of every architecture on offer is one of its recipe, and an LSTM learns and is exported', async () => {
    const data = await lathe.importFiles([csv('waves.csv', waves(200))]);
    const recipe = await lathe.suggestRecipe(data.id, { architecture: 'lstm', seed: 3 });
    const offered = await lathe.suggestModels({ ...recipe, model: { kind: 'mlp', layers: [] } });
    expect(offered.map(({ architecture }) => architecture)).toEqual(['perceptron', 'convolutions1d', 'lstm', 'linear']);
    expect(offered[2].model).toEqual(recipe.model);
    const { parameters, compilerGap } = await lathe.checkRecipe(recipe);
    expect(offered[2].parameters).toBe(parameters);
    expect(compilerGap).toMatch(/^layer 1_lstm is recurrent/);
    const short = { ...recipe, backend: 'cpu' as const, training: { ...recipe.training, epochs: 12 } };
    expect(await trainAndExport(short, wave)).toBeGreaterThan(0.9);
  });

  it('of blocks and branches does too', async () => {
    const data = await lathe.importFiles([csv('waves.csv', waves(200))]);
    const layers: LayerSpec[] = [
      { kind: 'reshape', shape: [LENGTH, 1] },
      { kind: 'conv1d', filters: 8, kernelSize: 5, padding: 'same', activation: 'relu' },
      {
        kind: 'residual',
        layers: [
          { kind: 'layerNorm' },
          { kind: 'conv1d', filters: 8, kernelSize: 3, dilation: 2, padding: 'same', activation: 'relu' },
          { kind: 'dropout', rate: 0.1 },
        ],
      },
      { kind: 'concatenate', branches: [[], [{ kind: 'maxPool1d', poolSize: 3, strides: 1, padding: 'same' }]] },
      { kind: 'globalAveragePool1d' },
    ];
    expect(await trainAndExport(await recipeFor(data, layers, 'webgpu'), wave)).toBeGreaterThan(0.9);
  });

  it('with an embedding takes whole numbers, and says so where they are none', async () => {
    const data = await lathe.importFiles([csv('words.csv', words(200))]);
    const layers: LayerSpec[] = [
      { kind: 'embedding', vocabulary: 12, dimension: 4 },
      { kind: 'conv1d', filters: 8, kernelSize: 3, activation: 'relu' },
      { kind: 'globalMaxPool1d' },
    ];
    const recipe = await recipeFor(data, layers, 'webgpu');
    expect((await errorOf(lathe.checkRecipe(recipe))).message).toMatch(
      /whole numbers from 0 to 11, and numbers are scaled/,
    );
    recipe.preparation.numbers.scale = 'none';
    const word = Object.fromEntries(Array.from({ length: 8 }, (_, t) => [`w${t}`, t === 0 ? 50 : t]));
    expect(await trainAndExport(recipe, word)).toBeGreaterThan(0.9);
  });

  it('is not proposed where columns are no numbers', async () => {
    const data = await lathe.importFiles([csv('mixed.csv', 'a,b,y\n1,x,no\n2,y,yes\n3,x,no\n4,y,yes\n')]);
    const error = await errorOf(lathe.suggestRecipe(data.id, { model: 'sequence', target: 'y' }));
    expect(error).toMatchObject({ code: 'unsupported' });
    expect(error.message).toMatch(/4 or more features that are all numbers/);
  });
});
