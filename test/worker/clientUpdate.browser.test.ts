// How a model learns from what came after it: retrained on old and new rows, or fine-tuned from its own weights.

import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import { writeZip } from '../../src/data/formats/zip.ts';
import type { Recipe } from '../../src/model/recipe.ts';
import type { Batch, Dataset, UpdatePlan, VersionDetail } from '../../src/worker/api.ts';
import { clientOn, csv, removeDatabase } from './clients.ts';

const DATABASE = 'client update test';
const client = clientOn(DATABASE);
const { lathe } = client;

/** Two classes by x and y. @param odd the label of every tenth row, whatever it is */
function points(rows: number, seed: number, { shift = 0, odd = '' } = {}): File {
  const random = createRandom(seed);
  const lines = Array.from({ length: rows }, (_, i) => {
    const [x, y] = [random.normal() + shift, random.normal()];
    return `${x.toFixed(4)},${y.toFixed(4)},${i % 10 === 0 && odd ? odd : x - shift + y > 0 ? 'high' : 'low'}`;
  });
  return csv('points.csv', ['x,y,kind', ...lines].join('\n'));
}

let dataset: Dataset;
let champion: VersionDetail;
let batch: Batch;

beforeAll(async () => {
  dataset = await lathe.importFiles([points(300, 1)]);
  const recipe = await lathe.suggestRecipe(dataset.id, { target: 'kind', model: 'mlp' });
  recipe.backend = 'cpu';
  recipe.training.epochs = 4;
  recipe.model.layers = [
    { kind: 'dense', units: 8, activation: 'relu' },
    { kind: 'batchNorm' },
    { kind: 'dense', units: 4, activation: 'relu' },
  ];
  champion = await lathe.train(recipe, { model: 'points' });
  batch = await lathe.scoreBatch(champion.id, [points(60, 2, { shift: 1 })]);
});

afterAll(async () => {
  client.close();
  await removeDatabase(DATABASE);
});

test('A row alone, its label and what grows from them are read as the training data was written', async () => {
  const random = createRandom(3);
  const lines = Array.from({ length: 60 }, (_, i) => {
    const [income, amount] = [1000 + random.below(9000), 1000 + random.below(9000)];
    const split = (value: number, sign: string) => `${Math.floor(value / 1000)}${sign}${String(value % 1000).padStart(3, '0')}`; // prettier-ignore
    return `${split(income, ',')};02/${13 + (i % 10)}/2024;${split(amount, '.')},50`;
  });
  const loans = await lathe.importFiles([
    csv('loans.csv', ['income;since;amount', '980;02/01/2024;7,25', ...lines].join('\n')),
  ]);
  const recipe = await lathe.suggestRecipe(loans.id, { target: 'amount', model: 'mlp' });
  recipe.backend = 'cpu';
  recipe.training.epochs = 1;
  const first = await lathe.train(recipe, { model: 'loans' });

  const one = csv('monday.csv', 'income;since\n1,234;03/04/2024\n');
  const read = { income: 1234, since: '2024-03-04' };
  const monday = await lathe.scoreBatch(first.id, [one]);
  expect((await lathe.batchRows(monday.id)).rows[0].row).toEqual(read);
  expect(monday.repairs).toMatchObject([{ kind: 'learnedStyle', count: 2 }]);
  await lathe.labelBatch(monday.id, [csv('labels.csv', 'amount\n2.500\n')]);
  expect((await lathe.batchRows(monday.id)).rows[0].actual).toBe(2500);

  const grown = await lathe.combine(loans.id, [monday.id]);
  const columns = recipe.columns.map((own) => (own.name === 'income' ? { ...own, type: 'number' as const } : own));
  const second = await lathe.train({ ...recipe, dataset: grown.id, columns }, { model: 'loans' }); // read again, from plain text
  const again = await lathe.scoreBatch(second.id, [one]);
  expect((await lathe.batchRows(again.id)).rows[0].row).toEqual(read);
  await lathe.removeDataset(grown.id);
  await lathe.removeDataset(loans.id);
});

test('Fine-tuning begins from the weights of the version, keeps what was held out, and repeats exactly without it', async () => {
  const plan: UpdatePlan = { batches: [batch.id], how: 'fineTune' };
  const check = await lathe.checkUpdate(champion.id, plan);
  expect(check.layers.map(({ name }) => name)).toEqual(['0_dense', '1_batchNorm', '2_dense', 'head']);
  expect(check.frozen).toEqual(['0_dense', '1_batchNorm']);
  expect(check.replay).toBe(0.2);
  expect(check.rows).toEqual({
    old: { train: 37, validation: 60, test: champion.split.test, unused: 143 }, // a fifth of each class, rounded up,
    new: { train: 36, validation: 12, test: 12, unused: 0 },
  });
  expect(await lathe.datasets()).toHaveLength(1); // a check keeps nothing

  const recipe = await lathe.suggestUpdate(champion.id, plan);
  expect(recipe.training.optimizer.learningRate).toBeCloseTo(champion.recipe.training.optimizer.learningRate / 10);
  expect(recipe.split).toMatchObject({ segments: [300, 60], replay: 0.2 });
  const tuned = await lathe.train(recipe, { model: 'points' });
  expect(tuned).toMatchObject({ id: 'points@2', split: { train: 73, validation: 72, test: 72 } });
  expect(tuned.weightsSha256).not.toBe(champion.weightsSha256);
  // the same test rows as before: what the champion says of them has not changed
  const before = await lathe.examples(champion.id, { order: 'index', limit: 100 });
  const after = await lathe.examples(tuned.id, { order: 'index', limit: 100 });
  const tested = before.examples.map(({ index }) => index);
  expect(after.examples.map(({ index }) => index).filter((index) => index < 300)).toEqual(tested);

  // its weights stay where they are as long as a recipe is kept that begins from them
  const again = await lathe.suggestUpdate(tuned.id, { batches: [(await other()).id], how: 'retrain' });
  expect(again.start).toBeUndefined();
  expect(again.split).toEqual({ ...champion.recipe.split, segments: [300, 60, 50] });
  expect(again.training).toEqual(champion.recipe.training);
  await lathe.removeVersion(champion.id);
  await lathe.cleanUp(['files']); // of what is not referred to
  expect((await lathe.usage()).unused).toEqual({ files: 0, sizeBytes: 0 });
  expect((await lathe.audit()).damaged).toEqual([]);
  const repeated = await lathe.train(structuredClone(tuned.recipe), { model: 'points' });
  expect(repeated.weightsSha256).toBe(tuned.weightsSha256);
  const { file } = await lathe.backup({ models: ['points'] });
  expect((await lathe.inspectBackup(file!)).damaged).toEqual([]);

  async function other() {
    return lathe.scoreBatch(tuned.id, [points(50, 3, { shift: 1 })]);
  }
});

test('What does not go with the weights is said, and where', async () => {
  const tuned = (await lathe.versions()).find(({ id }) => id === 'points@2')!;
  const refuse = async (change: (recipe: Recipe) => void, message: RegExp) => {
    const recipe = structuredClone(tuned.recipe);
    change(recipe);
    await expect(lathe.checkRecipe(recipe)).rejects.toThrow(message);
  };
  await refuse((recipe) => (recipe.start!.frozen = ['3_dense']), /no layer '3_dense' has weights; there are '0_dense'/);
  await refuse((recipe) => (recipe.start!.frozen = ['0_dense', '1_batchNorm', '2_dense', 'head']), /names every layer/);
  await refuse((recipe) => (recipe.start!.trained = '0'.repeat(64)), /^missing weights 00000000 .* not kept/);
  await refuse((recipe) => (recipe.split.segments = [300, 59]), /they have 359 rows, and the data set has 360/);
  await refuse((recipe) => {
    recipe.model.layers[2] = { kind: 'dense', units: 5, activation: 'relu' };
  }, /layer 2_dense: its kernel is \[8, 5\], and what recipe\.start names has \[8, 4\]/);
  await refuse((recipe) => {
    recipe.positive = recipe.positive === 'low' ? 'high' : 'low';
  }, /recipe\.positive: '(low|high)'; the weights at the start give the probability of '(?!\1)/);
  await refuse((recipe) => void recipe.model.layers.pop(), /layer head: its kernel is \[8, 1\]/);
  await refuse((recipe) => {
    recipe.columns = recipe.columns.map((column) => (column.name === 'y' ? { ...column, role: 'meta' } : column));
  }, /feature 'y' \(number\) is one of those/);

  const odd = await lathe.scoreBatch(tuned.id, [points(40, 4, { odd: 'strange' })]);
  await expect(lathe.checkUpdate(tuned.id, { batches: [odd.id], how: 'fineTune' })).rejects.toThrow(
    /^invalid class 'strange': .* Retrain instead of fine-tuning/,
  );
  const recipe = await lathe.suggestUpdate(tuned.id, { batches: [odd.id], how: 'retrain' });
  expect(recipe.task).toBe('multiclass');
  expect((await lathe.checkRecipe(recipe)).outputs).toEqual(['high', 'low', 'strange']);

  const elsewhere = await lathe.train({ ...tuned.recipe, start: undefined, training: { ...tuned.recipe.training, epochs: 1 } }, { model: 'else' }); // prettier-ignore
  await expect(lathe.checkUpdate(elsewhere.id, { batches: [odd.id], how: 'retrain' })).rejects.toThrow(
    /batch 'points': it is of model 'points', not of 'else'/,
  );
});

test('A rule that somebody has set updates the model when a labelled batch raises an alert, and promotes nothing', async () => {
  const model = 'else';
  expect((await lathe.automatic(model)).rule.enabled).toBe(false);
  await lathe.setAutomatic(model, { enabled: true, severity: 'warning', how: 'retrain', promote: false });
  const [version] = (await lathe.versions()).filter((each) => each.model === model);
  await lathe.setAlias(model, 'champion', version.number);
  const alarm = await lathe.scoreBatch(version.id, [points(80, 6, { shift: 3 })]);
  expect(alarm.alerts.length).toBeGreaterThan(0);
  await vi.waitFor(async () => expect((await lathe.automatic(model)).log[0]?.state).toBe('done'), 20_000);
  const { log } = await lathe.automatic(model);
  expect(log).toMatchObject([{ id: alarm.id, batchName: 'points', version: 'else@2', note: '' }]);
  const made = await lathe.version('else@2');
  expect(made).toMatchObject({ aliases: ['challenger'], recipe: { split: { segments: [300, 60, 80] } } });
  expect((await lathe.version('else@champion')).number).toBe(version.number);
  expect((await lathe.run(made.runId)).by).toBe('rule');
});

test('An update waits for the training that goes on, and is promoted through its gate where somebody has set that', async () => {
  const model = 'else';
  const champion = await lathe.version(`${model}@champion`);
  await lathe.setGate(model, []);
  await lathe.setAutomatic(model, { enabled: true, severity: 'warning', how: 'retrain', promote: true });
  const long = { ...champion.recipe, seed: 5, training: { ...champion.recipe.training, epochs: 100_000, earlyStopping: null } }; // prettier-ignore
  const other = lathe.train(long, { model: 'long' });
  await vi.waitFor(async () => expect(await lathe.runs({ state: 'running' })).toHaveLength(1), 20_000);
  const alarm = await lathe.scoreBatch(champion.id, [points(80, 7, { shift: -3 })]);
  const newest = async () => (await lathe.automatic(model)).log.at(-1);
  await vi.waitFor(async () => expect(await newest()).toMatchObject({ id: alarm.id, state: 'waiting' }), 20_000);
  await lathe.stop();
  await other;
  await vi.waitFor(async () => expect(await newest()).toMatchObject({ id: alarm.id, state: 'done' }), 20_000);
  expect(await newest()).toMatchObject({ version: 'else@3', note: 'Its gate passed, so it is the champion now.' });
  expect((await lathe.version(`${model}@champion`)).number).toBe(3);
  await lathe.rollBack(model);
  expect((await lathe.version(`${model}@champion`)).number).toBe(champion.number);
});

test('Images of batches follow those of the data set, with a class more', async () => {
  const images = async (label: string, count: number, hue: number, size = 8) =>
    Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const canvas = new OffscreenCanvas(size, size);
        const draw = canvas.getContext('2d')!;
        draw.fillStyle = `hsl(${hue + i} 80% 50%)`;
        draw.fillRect(0, 0, size, size);
        const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
        return { name: `${label}/${label}${i}.png`, bytes };
      }),
    );
  const zip = async (name: string, ...parts: Promise<{ name: string; bytes: Uint8Array }[]>[]) =>
    new File([(await writeZip((await Promise.all(parts)).flat())) as never], name);
  const shapes = await lathe.importFiles([await zip('hues.zip', images('red', 10, 0), images('blue', 10, 200))]);
  const recipe = await lathe.suggestRecipe(shapes.id);
  recipe.backend = 'cpu';
  recipe.training.epochs = 1;
  recipe.model.layers = [{ kind: 'flatten' }];
  const version = await lathe.train(recipe, { model: 'hues' });
  const fresh = await lathe.scoreBatch(version.id, [await zip('new.zip', images('red', 3, 5), images('apricot', 4, 40, 12))]); // prettier-ignore
  const all = await lathe.dataset((await lathe.combine(shapes.id, [fresh.id])).id);
  expect(all).toMatchObject({ rows: 27, classes: ['apricot', 'blue', 'red'], name: 'hues + 1 batch' });
  expect(all.images).toMatchObject({ minWidth: 8, maxWidth: 12, color: true });
  const old = await lathe.images(shapes.id, { label: null, offset: 0, limit: 20 });
  const grown = await lathe.images(all.id, { label: null, offset: 0, limit: 27 });
  const facts = async (items: typeof old.items) =>
    Promise.all(items.map(async ({ name, label, blob }) => [name, label, (await blob.arrayBuffer()).byteLength]));
  expect(await facts(grown.items.slice(0, 20))).toEqual(await facts(old.items));
  expect(grown.items.slice(20).map(({ label }) => label).sort()).toEqual([...Array(4).fill('apricot'), ...Array(3).fill('red')]); // prettier-ignore
  const check = await lathe.checkUpdate(version.id, { batches: [fresh.id], how: 'retrain' });
  expect(check.rows.old).toEqual({ ...version.split, unused: 0 });
});
