import { afterAll, expect, test } from 'vitest';
import { createRandom, type Random } from '../../src/base/random.ts';
import { clientOn, removeDatabase } from './clients.ts';

const DATABASE = 'client monitor images test';
const client = clientOn(DATABASE);
const { lathe } = client;

afterAll(async () => {
  client.close();
  await removeDatabase(DATABASE);
});

/** A light bar on a dark ground, lying or standing; `inverted`: dark on light. */
async function bar(random: Random, name: string, lying: boolean, inverted: boolean): Promise<File> {
  const canvas = new OffscreenCanvas(10, 10);
  const context = canvas.getContext('2d')!;
  const grey = (value: number) =>
    `rgb(${Array(3)
      .fill(inverted ? 255 - value : value)
      .join(' ')})`;
  context.fillStyle = grey(20 + random.below(30));
  context.fillRect(0, 0, 10, 10);
  context.fillStyle = grey(200 + random.below(50));
  const [x, y] = [1 + random.below(3), 1 + random.below(6)];
  if (lying) context.fillRect(x, y, 6, 2);
  else context.fillRect(y, x, 2, 6);
  return new File([await canvas.convertToBlob()], `bars/${lying ? 'lying' : 'standing'}/${name}.png`, {
    type: 'image/png',
  });
}

function bars(count: number, seed: number, inverted = false): Promise<File[]> {
  const random = createRandom(seed);
  return Promise.all(Array.from({ length: count }, (_, i) => bar(random, `${seed}-${i}`, i % 2 === 0, inverted)));
}

test('Images that look otherwise to the network are found by their embeddings, and those that do not are not', async () => {
  const dataset = await lathe.importFiles(await bars(160, 1));
  const recipe = await lathe.suggestRecipe(dataset.id);
  recipe.backend = 'cpu';
  recipe.training.epochs = 2;
  const version = await lathe.train(recipe, { model: 'bars' });
  expect((await lathe.rules('bars')).map(({ id }) => id)).toContain('embeddings');

  const figure = (batch: Awaited<ReturnType<typeof lathe.scoreBatch>>, name: string) => batch.figures.find((own) => own.name === name)?.value; // prettier-ignore
  const quiet = await lathe.scoreBatch(version.id, await bars(30, 2));
  expect(quiet).toMatchObject({ kind: 'images', rows: 30, labelled: 30 });
  expect(figure(quiet, 'lathe_embedding_drift_p_value')).toBeGreaterThan(0.01);
  const moved = await lathe.scoreBatch(version.id, await bars(30, 3, true));
  expect(figure(moved, 'lathe_embedding_drift_p_value')).toBe(0.001);
  expect(figure(moved, 'lathe_embedding_discrepancy')!).toBeGreaterThan(figure(quiet, 'lathe_embedding_discrepancy')!);
  expect(figure(moved, 'lathe_image_brightness_mean')!).toBeGreaterThan(figure(quiet, 'lathe_image_brightness_mean')!);
  expect(moved.alerts.map(({ rule }) => rule.id)).toContain('embeddings');
  const { report } = await lathe.batch(moved.id);
  expect(report.embedding).toMatchObject({ pValue: 0.001, rows: [version.split.test, 30] });
  expect(report.limits).toBeUndefined();

  const few = await lathe.scoreBatch(version.id, await bars(5, 4));
  expect(figure(few, 'lathe_embedding_drift_p_value')).toBeUndefined();
  expect((await lathe.batch(few.id)).report.limits).toEqual([expect.stringMatching(/it takes 20 images here/)]);
});
