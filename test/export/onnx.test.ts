import { onnx } from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import type { FeatureEncoding } from '../../src/data/prepare.ts';
import { writeOnnx } from '../../src/export/onnx.ts';
import { onnxInterface } from '../../src/export/onnxInterface.ts';
import {
  maxAbsDiff,
  numberFeatures,
  randomModel,
  randomValues,
  tablePreparation,
  THREE,
  TWO,
  VALUE,
} from './models.ts';
import { type Feeds, keepArtifact, runOnnx } from './runtimes.ts';

const number = (column: string): FeatureEncoding => ({
  kind: 'number',
  column,
  type: 'number',
  fill: 0,
  center: 1,
  scale: 2,
});

const category = (column: string): FeatureEncoding => ({
  kind: 'oneHot',
  column,
  type: 'category',
  outputs: ['a', 'b'],
  fill: 'a',
});

describe('an ONNX file', () => {
  it('is of IR version 8 and opset 17, says who made it and what it is', () => {
    const model = onnx.ModelProto.decode(writeOnnx(randomModel(tablePreparation(numberFeatures(2), THREE), [])));
    expect(Number(model.irVersion)).toBe(8);
    expect(model.opsetImport.map(({ domain, version }) => [domain, Number(version)])).toEqual([
      ['', 17],
      ['ai.onnx.ml', 2],
    ]);
    expect(model.producerName).toBe('Lathe');
    expect(model.docString).toContain('trained on probe.csv');
    const metadata = Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]));
    expect(JSON.parse(metadata.labels!)).toEqual(['a', 'b', 'c']);
    expect(metadata.task).toBe('multiclass');
    expect(metadata.target).toBe('answer');
    expect(JSON.parse(metadata.trainingData!)).toEqual({ name: 'probe.csv', sha256: 'ab'.repeat(32), rows: 70 });
    expect(JSON.parse(metadata.preparation!).features).toHaveLength(2);
    expect(JSON.parse(metadata.metrics!)).toEqual({ accuracy: 0.96, logLoss: 0.11 });
  });

  it('has the same bytes each time it is written', () => {
    const model = randomModel(tablePreparation([number('x'), category('c')], THREE), [
      { kind: 'dense', units: 3, activation: 'gelu' },
    ]);
    expect(writeOnnx(model)).toEqual(writeOnnx(model));
  });

  it('takes one input for each feature column, under its own name, and leaves the batch open', () => {
    const date: FeatureEncoding = { ...number('born'), type: 'date' } as FeatureEncoding;
    const bytes = writeOnnx(randomModel(tablePreparation([number('x'), category('c'), date], VALUE), []));
    const { graph } = onnx.ModelProto.decode(bytes);
    const shapes = [...graph!.input!, ...graph!.output!].map(({ name, type }) => [
      name,
      type!.tensorType!.elemType,
      type!.tensorType!.shape!.dim!.map(({ dimParam, dimValue }) => dimParam || Number(dimValue)),
    ]);
    expect(shapes).toEqual([
      ['x', 1, ['batch', 1]],
      ['c', 8, ['batch', 1]],
      ['born', 1, ['batch', 1]],
      ['value', 1, ['batch', 1]],
    ]);
  });

  it('takes images as `image`, channels last', () => {
    const model = randomModel({ kind: 'images', height: 4, width: 5, channels: 3, target: THREE }, [
      { kind: 'flatten' },
    ]);
    const { graph } = onnx.ModelProto.decode(writeOnnx(model));
    const [input] = graph!.input!;
    expect(input.name).toBe('image');
    expect(input.type!.tensorType!.shape!.dim!.map(({ dimParam, dimValue }) => dimParam || Number(dimValue))).toEqual([
      'batch',
      4,
      5,
      3,
    ]);
    expect(graph!.output!.map(({ name }) => name)).toEqual(['label', 'probabilities']);
  });

  it('keeps every weight to the bit', () => {
    const model = randomModel(tablePreparation(numberFeatures(3), VALUE), [
      { kind: 'dense', units: 4, activation: 'relu' },
    ]);
    const { graph } = onnx.ModelProto.decode(writeOnnx(model));
    const blobs = graph!.initializer!.map(({ rawData }) => Buffer.from(rawData!).toString('hex'));
    for (const { name, data } of model.weights) {
      expect(blobs, name).toContain(Buffer.from(data.buffer).toString('hex'));
    }
  });

  it('gives for two classes both probabilities, which add up to one, and the likelier label', async () => {
    const bytes = writeOnnx(randomModel(tablePreparation([number('x')], TWO), []));
    const results = await runOnnx(bytes, [['x', randomValues(50, 3), [50, 1]]]);
    const { data, dims } = results.get('probabilities')!;
    const labels = results.get('label')!;
    expect(dims).toEqual([50, 2]);
    expect(labels.dims).toEqual([50]);
    for (let row = 0; row < 50; row++) {
      const [no, yes] = (data as Float32Array).subarray(2 * row, 2 * row + 2);
      expect(no).toBe(Math.fround(1 - yes));
      expect(labels.data[row]).toBe(yes > no ? 'yes' : 'no');
    }
  });

  it('gives the first label where two are equally likely', async () => {
    const model = randomModel(tablePreparation([number('x')], TWO), []);
    for (const { data } of model.weights) data.fill(0);
    const results = await runOnnx(writeOnnx(model), [['x', new Float32Array([3]), [1, 1]]]);
    expect([...results.get('probabilities')!.data]).toEqual([0.5, 0.5]);
    expect(results.get('label')!.data).toEqual(['no']);
  });

  it('puts a value back into the unit of its target, in float32', async () => {
    const model = randomModel(tablePreparation([number('x')], VALUE), []);
    model.weights[0].data[0] = 2;
    model.weights[1].data[0] = 0.5;
    const results = await runOnnx(writeOnnx(model), [['x', new Float32Array([1, 4]), [2, 1]]]);
    const scale = Math.fround(77.1);
    const center = Math.fround(151.3);
    expect(results.get('value')!.dims).toEqual([2, 1]);
    expect([...results.get('value')!.data]).toEqual(
      [0.5, 3.5].map((raw) => Math.fround(Math.fround(raw * scale) + center)),
    );
  });

  it('gives labels of any text', async () => {
    const labels = ['', ' ', 'naïve', '"quoted"', 'line\nbreak', '🙂', '__proto__'];
    const model = randomModel(tablePreparation([number('x')], { kind: 'classes', labels }), []);
    const seen = new Set<string>();
    const results = await runOnnx(writeOnnx(model), [['x', randomValues(200, 5).map((x) => 10 * x), [200, 1]]]);
    const probabilities = results.get('probabilities')!.data as Float32Array;
    (results.get('label')!.data as string[]).forEach((label, row) => {
      const own = [...probabilities.subarray(row * 7, row * 7 + 7)];
      expect(label).toBe(labels[own.indexOf(Math.max(...own))]);
      seen.add(label);
    });
    expect(seen.size).toBeGreaterThan(1);
    keepArtifact('labels.onnx', writeOnnx(model));
  });
});

describe('columns of any name', () => {
  const HOSTILE = [
    '__proto__',
    'constructor',
    'a b',
    ' lead',
    '"quoted\'',
    'naïve 🙂',
    '/slash\\',
    'new\nline',
    'batch',
    'image',
    'lathe',
    'lathe/3_Concat',
    'lathe_/1_floats',
    'lathe__',
    '<img onerror=alert(1)>',
    '0',
    '{}',
    'label',
    'probabilities',
    'value',
  ];

  it('are the names of the inputs, beside any internal name', async () => {
    const features = HOSTILE.map((name, i) => (i % 3 === 0 ? category(name) : number(name)));
    const plain = HOSTILE.map((_, i) => (i % 3 === 0 ? category(`c${i}`) : number(`c${i}`)));
    const feeds = (names: string[]): Feeds =>
      names.map((name, i) => [name, i % 3 === 0 ? ['a', 'b', '?', ''] : randomValues(4, i), [4, 1]]);
    const layers = [{ kind: 'dense', units: 5, activation: 'tanh' }] as const;
    for (const target of [THREE, VALUE]) {
      const preparation = tablePreparation(features, target);
      const bytes = writeOnnx(randomModel(preparation, [...layers]));
      keepArtifact(`names-${target.kind}.onnx`, bytes);
      const hostile = await runOnnx(bytes, feeds(HOSTILE));
      const tame = await runOnnx(
        writeOnnx(randomModel(tablePreparation(plain, target), [...layers])),
        feeds(plain.map(({ column }) => column)),
      );
      const { inputs, outputs } = onnxInterface(preparation);
      expect(inputs).toEqual(HOSTILE);
      if ('value' in outputs) {
        expect(outputs.value).toBe('predicted_value');
        expect(hostile.get('predicted_value')).toEqual(tame.get('value'));
      } else {
        expect(outputs).toEqual({ label: 'predicted_label', probabilities: 'predicted_probabilities' });
        expect(hostile.get('predicted_label')).toEqual(tame.get('label'));
        expect(hostile.get('predicted_probabilities')).toEqual(tame.get('probabilities'));
      }
    }
    expect(Object.prototype).not.toHaveProperty('a');
  });

  it('make an output give way only where the model has that output, and never to a name that is taken too', () => {
    const outputs = (names: string[], target: typeof THREE | typeof VALUE) =>
      onnxInterface(tablePreparation(names.map(number), target)).outputs;
    expect(outputs(['value'], THREE)).toEqual({ label: 'label', probabilities: 'probabilities' });
    expect(outputs(['label'], VALUE)).toEqual({ value: 'value' });
    expect(outputs(['label', 'predicted_label'], THREE)).toEqual({
      label: 'predicted_predicted_label',
      probabilities: 'probabilities',
    });
  });

  it('that are empty are called by their place, and the metadata says so', async () => {
    const preparation = tablePreparation([number('column_1'), number('')], THREE);
    expect(onnxInterface(preparation).inputs).toEqual(['column_1', 'column_1_']);
    const bytes = writeOnnx(randomModel(preparation, []));
    const metadata = onnx.ModelProto.decode(bytes).metadataProps.find(({ key }) => key === 'inputs');
    expect(JSON.parse(metadata!.value!)).toEqual([
      ['column_1', 'column_1'],
      ['', 'column_1_'],
    ]);
    const one = new Float32Array([1]);
    const results = await runOnnx(bytes, [
      ['column_1', one, [1, 1]],
      ['column_1_', one, [1, 1]],
    ]);
    expect(maxAbsDiff(results.get('probabilities')!.data as Float32Array, new Float32Array(3))).toBeLessThan(1);
  });

  it('that hold a zero byte are refused by name', () => {
    expect(() => onnxInterface(tablePreparation([number('a\0b')], THREE))).toThrow(
      /unsupported column name "a\\u0000b"/,
    );
  });
});
