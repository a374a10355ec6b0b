import { afterAll, describe, expect, it } from 'vitest';
import type { TrainProgress } from '../../src/worker/api.ts';
import { clientOn, csv, errorOf, removeDatabase } from './clients.ts';

const DATABASE = 'client samples test';
const client = clientOn(DATABASE);
const { lathe } = client;

afterAll(async () => {
  client.close();
  await removeDatabase(DATABASE);
});

async function trainSample(name: string, epochs: number, onProgress?: (progress: TrainProgress) => void) {
  const dataset = await lathe.importSample(name);
  const recipe = await lathe.suggestRecipe(dataset.id, { seed: 1 });
  recipe.backend = 'cpu';
  recipe.training.epochs = epochs;
  return { dataset, version: await lathe.train(recipe, { onProgress }) };
}

describe('the samples, from import to file', () => {
  it('iris: three classes, better than the dummy, exported and verified', async () => {
    const { version } = await trainSample('iris', 20);
    expect(version).toMatchObject({ model: 'Iris', labels: ['setosa', 'versicolor', 'virginica'] });
    expect(version.metrics.accuracy).toBeGreaterThan(version.dummy.accuracy + 0.2);
    for (const format of ['onnx', 'tfjs'] as const) {
      const { verification } = await lathe.exportModel(version.id, format);
      expect(verification).toMatchObject({ rows: 150 });
      expect(verification.maxAbsDiff).toBeLessThanOrEqual(1e-5);
    }
  });

  it('diabetes: values in their own unit, and the largest residuals first', async () => {
    const { version } = await trainSample('diabetes', 20);
    expect(version.labels).toEqual([]);
    expect(version.metrics.mae).toBeLessThan(version.dummy.mae);
    const { examples } = await lathe.examples(version.id, { order: 'error', limit: 5 });
    const residuals = examples.map(({ actual, predicted }) => Math.abs(Number(actual) - Number(predicted)));
    expect(residuals).toEqual([...residuals].sort((a, b) => b - a));
    const [prediction] = await lathe.predict(version.id, [examples[0].row!]);
    expect(prediction).toEqual({ value: examples[0].predicted });
    const { file } = await lathe.predictFile(version.id, [csv('one.csv', asCsv(examples[0].row!))]);
    expect(Number((await file.text()).trim().split(',').at(-1))).toBe(examples[0].predicted);
    const { verification } = await lathe.exportModel(version.id, 'onnx');
    expect(verification.rows).toBe(442);
  });

  it('digits: images by class, those behind a cell, and images to predict', async () => {
    const said: TrainProgress[] = [];
    const { version } = await trainSample('digits', 2, (progress) => said.push(progress));
    expect(said.find(({ images }) => images)?.images).toEqual({ done: 0, total: 1797 });
    expect(version.metrics.accuracy).toBeGreaterThan(0.5);
    const [label] = version.labels;
    const { examples } = await lathe.examples(version.id, { actual: label, predicted: label, limit: 3 });
    expect(examples.map(({ image }) => image!.label)).toEqual([label, label, label]);
    const files = examples.map(({ image }) => new File([image!.blob], image!.name));
    expect((await lathe.predict(version.id, files)).map((each) => 'label' in each && each.label)).toEqual([
      label,
      label,
      label,
    ]);
    const { rows, preview } = await lathe.predictFile(version.id, files);
    expect([rows, preview.rows[0].prediction]).toEqual([3, label]);
    const drawing = new File(['<svg xmlns="http://www.w3.org/2000/svg"/>'], 'drawing.svg');
    expect((await errorOf(lathe.predict(version.id, [drawing]))).message).toMatch(/svg/i);
    expect((await lathe.predictForm(version.id)).image).toEqual({ height: 8, width: 8, channels: 1 });
    for (const format of ['onnx', 'tfjs'] as const) {
      const { verification } = await lathe.exportModel(version.id, format);
      expect(verification.rows).toBe(1797);
      expect(verification.maxAbsDiff).toBeLessThanOrEqual(1e-5);
    }
  });
});

function asCsv(row: Record<string, unknown>): string {
  return `${Object.keys(row).join(',')}\n${Object.values(row).join(',')}\n`;
}
