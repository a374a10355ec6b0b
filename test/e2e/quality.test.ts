// Every sample trained through the client that the page calls: as good as scikit-learn on the same split, and the ONNX
// file, run by ONNX Runtime outside the page on the raw rows, says what the page says on every row.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ort from 'onnxruntime-web/wasm';
import Papa from 'papaparse';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ModelKind } from '../../src/model/spec.ts';
import type { Prediction, Version } from '../../src/worker/api.ts';
import { launchApp, SAMPLES, type App } from './app.ts';

const GOLDEN = JSON.parse(readFileSync(join(import.meta.dirname, '../golden/quality.json'), 'utf8'));
const ARTIFACTS = process.env.LATHE_ARTIFACTS;
ort.env.wasm.numThreads = 1;

let app: App;
let page: Page;
beforeAll(async () => {
  app = await launchApp();
  page = await app.open();
});
afterAll(() => app.close());

/** Trains what the page proposes for a sample, with seed 1, and gives the version and its ONNX file. */
async function trainSample(sample: string, kind: ModelKind | null): Promise<{ version: Version; onnx: Uint8Array }> {
  const result = await page.evaluate(
    async ({ sample, kind }) => {
      const dataset = await window.lathe.importSample(sample);
      const recipe = await window.lathe.suggestRecipe(dataset.id, { seed: 1, ...(kind ? { model: kind } : {}) });
      recipe.backend = 'cpu';
      // the split that the golden values were made on
      recipe.split = { train: 0.7, validation: 0.15, test: 0.15, stratify: recipe.task !== 'regression' };
      const version = await window.lathe.train(recipe);
      const { file, verification } = await window.lathe.exportModel(version.id, 'onnx');
      return { version, verification, onnx: [...new Uint8Array(await file.arrayBuffer())] };
    },
    { sample, kind },
  );
  expect(result.verification.maxAbsDiff).toBeLessThanOrEqual(1e-4);
  expect(result.verification.rows).toBeGreaterThan(0);
  return { version: result.version, onnx: Uint8Array.from(result.onnx) };
}

/** Keeps a file for the oracles that run after the tests. */
function keep(name: string, bytes: Uint8Array): void {
  if (!ARTIFACTS) return;
  mkdirSync(ARTIFACTS, { recursive: true });
  writeFileSync(join(ARTIFACTS, name), bytes);
}

interface Outputs {
  numbers: Float32Array;
  labels: string[] | null;
}

async function runOnnx(onnx: Uint8Array, feeds: Record<string, ort.Tensor>): Promise<Outputs> {
  const session = await ort.InferenceSession.create(onnx);
  const results = await session.run(feeds);
  const numbers = (results.probabilities ?? results.value).data as Float32Array;
  const labels = results.label ? (results.label.data as string[]) : null;
  await session.release();
  return { numbers, labels };
}

/** The raw rows of a sample's CSV as a reader outside the page gives them. */
function readSample(file: string): { header: string[]; rows: string[][] } {
  const [header, ...rows] = Papa.parse<string[]>(readFileSync(join(SAMPLES, file), 'utf8'), {
    skipEmptyLines: true,
  }).data;
  return { header, rows };
}

/** Largest difference between the file's outputs and the page's predictions; labels must be equal. */
function difference(outputs: Outputs, predictions: Prediction[], labels: string[]): number {
  let largest = 0;
  predictions.forEach((prediction, row) => {
    if ('value' in prediction) {
      largest = Math.max(
        largest,
        Math.abs(prediction.value - outputs.numbers[row]) / Math.max(1, Math.abs(prediction.value)),
      );
      return;
    }
    expect(outputs.labels![row]).toBe(prediction.label);
    labels.forEach((label, i) => {
      const other = outputs.numbers[row * labels.length + i];
      largest = Math.max(largest, Math.abs(prediction.probabilities[label] - other));
    });
  });
  return largest;
}

const TABLES: { sample: string; kind: ModelKind; metric: 'accuracy' | 'r2'; golden: string; within: number }[] = [
  { sample: 'breast-cancer', kind: 'linear', metric: 'accuracy', golden: 'logistic', within: 0.02 },
  { sample: 'breast-cancer', kind: 'mlp', metric: 'accuracy', golden: 'mlp', within: 0.02 },
  { sample: 'diabetes', kind: 'linear', metric: 'r2', golden: 'linear', within: 0.02 },
  { sample: 'iris', kind: 'mlp', metric: 'accuracy', golden: 'mlp', within: 0.05 },
];

test.each(TABLES)(
  '$sample, $kind: $metric within $within of scikit-learn’s, and ONNX Runtime says the same on every row',
  async ({ sample, kind, metric, golden, within }) => {
    const { version, onnx } = await trainSample(sample, kind);
    const reference = GOLDEN[sample]?.[golden]?.[metric];
    console.log(
      `${sample} ${kind}: ${metric} ${version.metrics[metric]}, scikit-learn ${reference}, dummy ${version.dummy[metric]}`,
    );
    expect(version.metrics[metric]).toBeGreaterThanOrEqual(reference - within);
    expect(version.metrics[metric]).toBeGreaterThan(version.dummy[metric]);
    keep(`${sample}-${kind}.onnx`, onnx);

    const { header, rows } = readSample(`${sample}.csv`);
    const features = version.recipe.columns.filter((column) => column.role === 'feature').map((column) => column.name);
    const feeds = Object.fromEntries(
      features.map((name) => {
        const values = Float32Array.from(rows, (row) => Number(row[header.indexOf(name)]));
        return [name, new ort.Tensor('float32', values, [rows.length, 1])];
      }),
    );
    const outputs = await runOnnx(onnx, feeds);
    const asRows = rows.map((row) =>
      Object.fromEntries(features.map((name) => [name, Number(row[header.indexOf(name)])])),
    );
    const predictions = await page.evaluate(({ id, rows }) => window.lathe.predict(id, rows), {
      id: version.id,
      rows: asRows,
    });
    expect(predictions).toHaveLength(rows.length);
    expect(difference(outputs, predictions, version.labels)).toBeLessThanOrEqual(1e-5);
  },
);

test('digits, CNN: at least 97 % on the test part, and ONNX Runtime says the same on every image', async () => {
  const { version, onnx } = await trainSample('digits', null);
  console.log(
    `digits CNN: accuracy ${version.metrics.accuracy}, ${version.epochs} epochs, ${(version.durationMs / 1000).toFixed(1)} s`,
  );
  expect(version.recipe.model.kind).toBe('cnn');
  expect(version.metrics.accuracy).toBeGreaterThanOrEqual(0.97);
  keep('digits-cnn.onnx', onnx);

  const { pixels, predictions, size } = await page.evaluate(
    async ({ id, datasetId }) => {
      const { items, total } = await window.lathe.images(datasetId, { label: null, offset: 0, limit: 5000 });
      if (items.length !== total) throw new Error(`${items.length} of ${total} images`);
      const canvas = new OffscreenCanvas(8, 8);
      const context = canvas.getContext('2d', { willReadFrequently: true })!;
      const pixels: number[] = [];
      for (const { blob } of items) {
        const bitmap = await createImageBitmap(blob);
        context.drawImage(bitmap, 0, 0);
        const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
        for (let i = 0; i < data.length; i += 4) pixels.push(data[i]);
      }
      const files = items.map((item) => new File([item.blob], item.name));
      const form = await window.lathe.predictForm(id);
      return { pixels, predictions: await window.lathe.predict(id, files), size: form.image! };
    },
    { id: version.id, datasetId: version.datasetId },
  );
  expect(size).toEqual({ height: 8, width: 8, channels: 1 });
  const image = new ort.Tensor('float32', Float32Array.from(pixels), [predictions.length, 8, 8, 1]);
  const outputs = await runOnnx(onnx, { image });
  expect(predictions).toHaveLength(1797);
  expect(difference(outputs, predictions, version.labels)).toBeLessThanOrEqual(1e-5);
});

test('no page complained', () => {
  expect(app.complaints).toEqual([]);
});
