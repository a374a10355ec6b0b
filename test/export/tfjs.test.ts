import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { FeatureEncoding, Preparation, TargetEncoding } from '../../src/data/prepare.ts';
import type { ExportInput } from '../../src/export/exportInput.ts';
import { writeOnnx } from '../../src/export/onnx.ts';
import { writeTfjs } from '../../src/export/tfjs.ts';
import { TFJS_VERSION } from '../../src/export/tfjsVersion.ts';
import type { LayerSpec } from '../../src/model/spec.ts';
import { maxAbsDiff, randomModel, randomValues, tablePreparation, THREE, TWO, VALUE } from './models.ts';
import { type Feeds, runOnnx } from './runtimes.ts';

const FEATURES: FeatureEncoding[] = [
  { kind: 'number', column: 'a "b" c', type: 'number', fill: 1.25, center: 0.1, scale: 3 },
  { kind: 'oneHot', column: '__proto__', type: 'category', outputs: ['red', 'blau ü'], fill: 'red' },
  { kind: 'number', column: '`day`', type: 'date', fill: 19_000, center: 19_500.5, scale: 200 },
  { kind: 'oneHot', column: 'smoker', type: 'boolean', outputs: ['', 'no', 'yes'], fill: '' },
];
const ROWS: [column: string, values: (string | number | null)[]][] = [
  ['a "b" c', [1, null, -3.5, 7]],
  ['__proto__', ['blau ü', 'green', null, 'red']],
  ['`day`', [19_800, 19_000.5, null, 0]],
  ['smoker', ['yes', null, 'no', 'perhaps']],
];
const MLP: LayerSpec[] = [
  { kind: 'dense', units: 6, activation: 'gelu' },
  { kind: 'batchNorm' },
  { kind: 'dropout', rate: 0.2 },
];
const CNN: LayerSpec[] = [
  { kind: 'conv2d', filters: 4, kernelSize: 3, padding: 'same', activation: 'relu' },
  { kind: 'maxPool2d', poolSize: 2 },
  { kind: 'flatten' },
];

function filesOf(model: ExportInput): Map<string, string> {
  return new Map(
    writeTfjs(model).map(({ name, bytes }) => [
      name,
      typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1'),
    ]),
  );
}

describe('the files of a TensorFlow.js model', () => {
  it('are a layers model with one weight file, labels, preparation, model card and README', () => {
    const model = randomModel(tablePreparation(FEATURES, THREE), MLP);
    const files = filesOf(model);
    expect([...files.keys()]).toEqual([
      'README.md',
      'model.json',
      'weights.bin',
      'labels.txt',
      'preparation.json',
      'MODEL_CARD.md',
    ]);
    const json = JSON.parse(files.get('model.json')!);
    expect(json.format).toBe('layers-model');
    expect(json.generatedBy).toBe('Lathe');
    expect(json.weightsManifest).toHaveLength(1);
    expect(json.weightsManifest[0].paths).toEqual(['weights.bin']);
    expect(json.userDefinedMetadata).toMatchObject({ labels: ['a', 'b', 'c'], task: 'multiclass', target: 'answer' });
    expect(json.userDefinedMetadata.preparation).toEqual(JSON.parse(files.get('preparation.json')!));
    expect(files.get('labels.txt')).toBe('a\nb\nc\n');
    expect(files.get('weights.bin')!.length).toBe(4 * model.weights.reduce((n, { data }) => n + data.length, 0));
  });

  it('say the version of TensorFlow.js that they are checked with', () => {
    expect(tf.version.tfjs).toBe(TFJS_VERSION);
  });

  it('have one line for each label, also where a label has line breaks', () => {
    const labels = ['', '"a"', 'b\r\nc', 'd\ne', 'tab\there'];
    const files = filesOf(randomModel(tablePreparation(FEATURES, { kind: 'classes', labels }), []));
    expect(files.get('labels.txt')).toBe('\n"a"\nb c\nd e\ntab\there\n');
    expect(JSON.parse(files.get('model.json')!).userDefinedMetadata.labels).toEqual(labels);
  });

  it('have no labels for a value', () => {
    expect(filesOf(randomModel(tablePreparation(FEATURES, VALUE), [])).get('labels.txt')).toBe('');
  });

  it('are the same bytes each time they are written', () => {
    const model = randomModel(tablePreparation(FEATURES, THREE), MLP);
    expect(writeTfjs(model)).toEqual(writeTfjs(model));
  });
});

/** What a reader of the README does: saves the snippet as a module, serves the folder, and calls it. */
describe('the snippet in the README, as it is printed', () => {
  let folder: string;
  let fetchBefore: typeof fetch;
  let imports = 0;
  const served = new Map<string, string | Uint8Array>();

  beforeAll(async () => {
    await tf.setBackend('cpu');
    folder = mkdtempSync(fileURLToPath(new URL('snippet-', import.meta.url)));
    fetchBefore = globalThis.fetch;
    globalThis.fetch = async (url) => {
      const body = served.get(String(url).split('/').pop()!);
      return body === undefined ? new Response('', { status: 404 }) : new Response(body as BodyInit);
    };
    tf.env().platform.fetch = (url: string) => globalThis.fetch(url);
  });

  afterAll(() => {
    globalThis.fetch = fetchBefore;
    rmSync(folder, { recursive: true });
  });

  interface Snippet {
    loadModel(url: string): Promise<unknown>;
    predict(model: unknown, inputs: unknown[]): Promise<{ label: string; probabilities: number[]; value: number }[]>;
  }

  async function run(model: ExportInput, name: string, inputs: unknown[]) {
    served.clear();
    for (const file of writeTfjs(model)) served.set(file.name, file.bytes);
    const blocks = [...(served.get('README.md') as string).matchAll(/^```js\n([^]*?)^```$/gm)];
    expect(blocks).toHaveLength(1);
    const path = `${folder}/${name}-${imports++}.mjs`; // a module is evaluated once for each path
    writeFileSync(path, blocks[0][1]);
    const log = vi.spyOn(console, 'log').mockImplementation(() => {});
    const snippet = (await import(/* @vite-ignore */ path)) as Snippet;
    expect(log.mock.calls[0][0]).toHaveLength(1); // its own example
    log.mockRestore();
    return snippet.predict(await snippet.loadModel('http://localhost/model.json'), inputs);
  }

  const rows = [0, 1, 2, 3].map((i) => Object.fromEntries(ROWS.map(([column, values]) => [column, values[i]])));

  async function onnxOf(model: ExportInput) {
    const feeds = ROWS.map(([column, values], i): Feeds[number] =>
      FEATURES[i].kind === 'number'
        ? [column, Float32Array.from(values, (value) => (value === null ? NaN : Number(value))), [4, 1]]
        : [column, values.map((value) => (value === null ? '' : String(value))), [4, 1]],
    );
    return runOnnx(writeOnnx(model), feeds);
  }

  for (const [name, target] of Object.entries<TargetEncoding>({ binary: TWO, multiclass: THREE })) {
    it(`gives for ${name} rows the labels and probabilities of the ONNX file`, async () => {
      const model = randomModel(tablePreparation(FEATURES, target), MLP);
      const predictions = await run(model, name, rows);
      const onnx = await onnxOf(model);
      expect(predictions.map(({ label }) => label)).toEqual(onnx.get('label')!.data);
      const probabilities = predictions.flatMap((prediction) => prediction.probabilities);
      expect(maxAbsDiff(probabilities, onnx.get('probabilities')!.data as Float32Array)).toBeLessThan(1e-6);
    });
  }

  it('gives for a regression the values of the ONNX file', async () => {
    const model = randomModel(tablePreparation(FEATURES, VALUE), MLP);
    const predictions = await run(model, 'regression', rows);
    const onnx = await onnxOf(model);
    const values = predictions.map(({ value }) => value);
    const difference = maxAbsDiff(values, onnx.get('value')!.data as Float32Array);
    expect(difference / VALUE.scale).toBeLessThan(1e-5);
  });

  it('takes a column that a row lacks as missing, and one named as a method of objects as a column', async () => {
    const features: FeatureEncoding[] = [{ ...FEATURES[0], column: 'toString' }, FEATURES[3]];
    const model = randomModel(tablePreparation(features, THREE), []);
    const [without, given] = await run(model, 'lacking', [{}, { toString: null, smoker: '' }]);
    expect(without).toEqual(given);
  });

  for (const channels of [1, 3] as const) {
    it(`gives for images of ${channels === 1 ? 'one channel' : 'three channels'} what the ONNX file gives`, async () => {
      const preparation: Preparation = { kind: 'images', height: 6, width: 5, channels, target: THREE };
      const model = randomModel(preparation, CNN);
      const pixels = [1, 2].map((seed) => randomValues(30 * channels, seed, 256));
      const predictions = await run(
        model,
        `images${channels}`,
        pixels.map((data) => tf.tensor3d(data, [6, 5, channels])),
      );
      const onnx = await runOnnx(writeOnnx(model), [
        ['image', Float32Array.from(pixels.flatMap((data) => [...data])), [2, 6, 5, channels]],
      ]);
      const probabilities = predictions.flatMap((prediction) => prediction.probabilities);
      expect(maxAbsDiff(probabilities, onnx.get('probabilities')!.data as Float32Array)).toBeLessThan(1e-6);
    });
  }

  it('makes grey of a colour image and resizes it where the model needs that', async () => {
    const preparation: Preparation = { kind: 'images', height: 4, width: 4, channels: 1, target: TWO };
    const [prediction] = await run(randomModel(preparation, CNN), 'resize', [tf.fill([9, 7, 3], 128, 'int32')]);
    const [direct] = await run(randomModel(preparation, CNN), 'resize', [tf.fill([4, 4, 1], 128, 'int32')]);
    expect(maxAbsDiff(prediction.probabilities, direct.probabilities)).toBeLessThan(1e-5);
  });

  it('frees every tensor that it makes', async () => {
    const model = randomModel(tablePreparation(FEATURES, THREE), []);
    const before = tf.memory().numTensors;
    await run(model, 'memory', rows);
    expect(tf.memory().numTensors - before).toBe(2 * model.weights.length); // of the snippet's own model and of this one
  });
});
