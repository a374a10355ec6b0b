import { beforeAll, describe, expect, it } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { encodeFeatures, type FeatureEncoding, type Preparation } from '../../src/data/prepare.ts';
import type { Table } from '../../src/data/table.ts';
import { writeZip } from '../../src/data/formats/zip.ts';
import type { ExportInput } from '../../src/export/exportInput.ts';
import { writeOnnx } from '../../src/export/onnx.ts';
import { writeTfjs } from '../../src/export/tfjs.ts';
import type { LayerSpec } from '../../src/model/spec.ts';
import { memory, useBackend } from '../../src/train/backend.ts';
import { createPredictor } from '../../src/train/predictor.ts';
import { type RawRows, verifyOnnx, verifyTfjs } from '../../src/worker/verify.ts';
import { randomModel, randomValues, tablePreparation, THREE, TWO, VALUE } from './models.ts';

const ROWS = 600;
const FEATURES: FeatureEncoding[] = [
  { kind: 'number', column: 'x', type: 'number', fill: 1.25, center: 0.1, scale: 3 },
  { kind: 'oneHot', column: '__proto__', type: 'category', outputs: ['red', 'blue'], fill: 'red' },
  { kind: 'number', column: 'label', type: 'date', fill: 19_000, center: 19_500.5, scale: 200 },
  { kind: 'oneHot', column: 'smoker', type: 'boolean', outputs: ['', 'no', 'yes'], fill: '' },
];
const MLP: LayerSpec[] = [{ kind: 'dense', units: 6, activation: 'gelu' }, { kind: 'batchNorm' }];

function table(rows: number): Table {
  const numbers = (seed: number, scale: number) =>
    Float64Array.from(randomValues(rows, seed), (x) => (x > 2 ? NaN : x * scale));
  const codes = (seed: number, count: number) =>
    Int32Array.from(randomValues(rows, seed, count + 1), (code) => code - 1);
  return {
    rows,
    columns: [
      { name: 'unused', type: 'number', values: new Float64Array(rows) },
      { name: 'label', type: 'date', values: numbers(1, 1).map((x) => 19_500 + 100 * x) },
      { name: 'x', type: 'number', values: numbers(2, 3) },
      { name: 'smoker', type: 'boolean', codes: codes(3, 2), categories: ['no', 'yes'] },
      { name: '__proto__', type: 'category', codes: codes(4, 3), categories: ['blue', 'pink', 'red'] },
    ],
  };
}

/** What the page predicts: probabilities, or values in the target's unit. */
async function pagePredictions(model: ExportInput, input: RawRows): Promise<Float32Array> {
  const { preparation, network, weights } = model;
  const predictor = await createPredictor(network, weights);
  const rows = Array.isArray(input) ? input.length : input.rows;
  const x = Array.isArray(input)
    ? Float32Array.from(input.flatMap((pixels) => Array.from(pixels, (pixel) => pixel / 255)))
    : encodeFeatures(input, preparation);
  const output = await predictor.predict(x, rows);
  predictor.dispose();
  const { target } = preparation;
  return target.kind === 'value' ? output.map((scaled) => scaled * target.scale + target.center) : output;
}

const zipOf = (model: ExportInput) => writeZip(writeTfjs(model));

beforeAll(async () => {
  await useBackend('cpu');
});

describe('the check of a file before it is offered', () => {
  for (const target of [TWO, THREE, VALUE]) {
    const kind = target.kind === 'value' ? 'values' : `${target.labels.length} classes`;
    it(`opens both formats of a model of ${kind} and finds what the page predicts, missing and unknown values included`, async () => {
      const model = randomModel(tablePreparation(FEATURES, target), MLP);
      const input = table(ROWS);
      const expected = await pagePredictions(model, input);
      const onnx = await verifyOnnx(writeOnnx(model), model.preparation, input, expected);
      expect(onnx).toMatchObject({ runtime: 'onnxruntime-web 1.30.0', rows: ROWS });
      expect(onnx.maxAbsDiff).toBeLessThan(1e-5);
      const tfjs = await verifyTfjs(await zipOf(model), model.preparation, input, expected);
      expect(tfjs).toMatchObject({ runtime: 'TensorFlow.js 4.22.0', rows: ROWS });
      expect(tfjs.maxAbsDiff).toBeLessThan(1e-5);
    });
  }

  it('opens both formats of a model of images', async () => {
    const preparation: Preparation = { kind: 'images', height: 8, width: 7, channels: 3, target: THREE };
    const model = randomModel(preparation, [
      { kind: 'conv2d', filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' },
      { kind: 'maxPool2d', poolSize: 2 },
      { kind: 'flatten' },
    ]);
    const pixels = Array.from({ length: 300 }, (_, seed) => Uint8Array.from(randomValues(8 * 7 * 3, seed, 256)));
    const expected = await pagePredictions(model, pixels);
    expect((await verifyOnnx(writeOnnx(model), preparation, pixels, expected)).maxAbsDiff).toBeLessThan(1e-5);
    expect((await verifyTfjs(await zipOf(model), preparation, pixels, expected)).maxAbsDiff).toBeLessThan(1e-5);
  });

  it('puts in a column as the model learned it, where its type was changed afterwards', async () => {
    const features: FeatureEncoding[] = [
      { kind: 'oneHot', column: 'grade', type: 'category', outputs: ['1', '2', '3'], fill: '2' },
      { kind: 'number', column: 'size', type: 'number', fill: 0, center: 1, scale: 2 },
    ];
    const model = randomModel(tablePreparation(features, THREE), MLP);
    const input: Table = {
      rows: 4,
      columns: [
        { name: 'grade', type: 'integer', values: Float64Array.of(1, 3, NaN, 4) },
        { name: 'size', type: 'category', codes: Int32Array.of(0, 1, -1, 0), categories: ['1.5', '-2'] },
      ],
    };
    const expected = await pagePredictions(model, input);
    expect((await verifyOnnx(writeOnnx(model), model.preparation, input, expected)).maxAbsDiff).toBeLessThan(1e-5);
    expect((await verifyTfjs(await zipOf(model), model.preparation, input, expected)).maxAbsDiff).toBeLessThan(1e-5);
  });

  it('refuses a file whose weights are not the page’s', async () => {
    const model = randomModel(tablePreparation(FEATURES, THREE), MLP);
    const input = table(20);
    const expected = await pagePredictions(model, input);
    const other = structuredClone(model);
    other.weights[0].data[0] += 0.05;
    await expect(verifyOnnx(writeOnnx(other), model.preparation, input, expected)).rejects.toThrow(
      /^invalid model file: onnxruntime-web 1.30.0 differs from the page by 0\.0/,
    );
    await expect(verifyTfjs(await zipOf(other), model.preparation, input, expected)).rejects.toThrow(
      /^invalid model file: TensorFlow.js 4.22.0 differs from the page by 0\.0/,
    );
  });

  it('refuses a file whose preparation is not the page’s', async () => {
    const model = randomModel(tablePreparation(FEATURES, THREE), MLP);
    const input = table(20);
    const expected = await pagePredictions(model, input);
    const other = structuredClone(model);
    (other.preparation as { features: { center: number }[] }).features[0].center = 5;
    await expect(verifyOnnx(writeOnnx(other), model.preparation, input, expected)).rejects.toThrow(UserError);
    await expect(verifyTfjs(await zipOf(other), model.preparation, input, expected)).rejects.toThrow(UserError);
  });

  it('refuses bytes that are cut short, in a sentence', async () => {
    const model = randomModel(tablePreparation(FEATURES, THREE), MLP);
    const input = table(20);
    const expected = await pagePredictions(model, input);
    const onnx = writeOnnx(model);
    await expect(verifyOnnx(onnx.slice(0, -20), model.preparation, input, expected)).rejects.toThrow(
      /^invalid model file: onnxruntime-web 1.30.0 cannot run it/,
    );
    const zip = await zipOf(model);
    await expect(verifyTfjs(zip.slice(0, -20), model.preparation, input, expected)).rejects.toThrow(UserError);
    const partial = await writeZip(writeTfjs(model).filter(({ name }) => name !== 'weights.bin'));
    await expect(verifyTfjs(partial, model.preparation, input, expected)).rejects.toThrow(
      /missing file weights.bin in the zip/,
    );
  });

  it('leaves no tensor behind, also where it refuses', async () => {
    const model = randomModel(tablePreparation(FEATURES, THREE), MLP);
    const input = table(20);
    const expected = await pagePredictions(model, input);
    const zip = await zipOf(model);
    const before = (await memory()).numTensors;
    await verifyTfjs(zip, model.preparation, input, expected);
    await verifyTfjs(zip, model.preparation, input, new Float32Array(60)).catch(() => {});
    expect((await memory()).numTensors).toBe(before);
  });
});
