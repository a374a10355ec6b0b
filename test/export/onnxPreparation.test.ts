import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { encodeFeatures, fitPreparation, type FeatureEncoding } from '../../src/data/prepare.ts';
import { isNumeric, type Table } from '../../src/data/table.ts';
import { createGraph } from '../../src/export/onnxGraph.ts';
import { addPreparation } from '../../src/export/onnxPreparation.ts';
import { encodeModel } from '../../src/export/onnxProto.ts';
import { randomValues, tablePreparation, VALUE } from './models.ts';
import { type Feeds, keepArtifact, runOnnx } from './runtimes.ts';

/** The preparation alone, as a model of its own. */
function preparationModel(features: FeatureEncoding[]): Uint8Array {
  const preparation = tablePreparation(features, VALUE);
  const names = features.map(({ column }) => column);
  const graph = createGraph('preparation', [...names, 'prepared']);
  const prepared = addPreparation(graph, preparation, names);
  graph.node('Identity', [prepared], {}, { output: 'prepared' });
  graph.output({ name: 'prepared', type: 'float32', dims: ['batch', (preparation as { width: number }).width] });
  return encodeModel({
    producer: 'test',
    doc: '',
    graph: graph.graph,
    metadata: [],
  });
}

async function prepared(features: FeatureEncoding[], values: (Float32Array | string[])[]): Promise<Float32Array> {
  const feeds: Feeds = features.map(({ column }, i) => [column, values[i], [values[i].length, 1]]);
  return (await runOnnx(preparationModel(features), feeds)).get('prepared')!.data as Float32Array;
}

/** [rows] codes of `count` categories, some missing */
const codes = (rows: number, seed: number, count: number) =>
  Int32Array.from(randomValues(rows, seed, count + 1), (code) => code - 1);

const f = Math.fround;

describe('the preparation inside the graph', () => {
  it('is bit for bit what the page does, for every way to impute and to scale', async () => {
    const rows = 200;
    const table: Table = {
      rows,
      columns: [
        { name: 'x', type: 'number', values: Float64Array.from(randomValues(rows, 1), (x) => (x > 1 ? NaN : x * 1e4)) },
        { name: 'c', type: 'category', codes: codes(rows, 2, 5), categories: ['a', 'b', 'ç', 'd', '🙂'] },
        { name: 'born', type: 'date', values: Float64Array.from(randomValues(rows, 3), (x) => 19_000 + 900.3 * x) },
        { name: 's', type: 'boolean', codes: codes(rows, 4, 2), categories: ['no', 'yes'] },
        { name: 'n', type: 'integer', values: Float64Array.from(randomValues(rows, 5, 9)) },
      ],
    };
    const columns = table.columns.map(({ name, type }) => ({ name, type, role: 'feature' as const }));
    const trainRows = Int32Array.from({ length: 100 }, (_, row) => row);
    for (const impute of ['mean', 'median', 'zero'] as const) {
      for (const scale of ['standard', 'minmax', 'none'] as const) {
        for (const categories of ['mostFrequent', 'category'] as const) {
          const spec = { numbers: { impute, scale }, categories: { impute: categories, maxCategories: 3 } };
          const preparation = fitPreparation(table, columns, VALUE, spec, trainRows);
          const wanted = encodeFeatures(table, preparation);
          const raw = table.columns.map((column) =>
            isNumeric(column)
              ? Float32Array.from(column.values)
              : Array.from(column.codes, (code) => (code < 0 ? '' : column.categories[code])),
          );
          const actual = await prepared(preparation.features, raw);
          expect(actual.map((x) => x + 0)).toEqual(wanted.map((x) => x + 0)); // -0 is 0
        }
      }
    }
  });

  it('fills a missing number, subtracts and divides, each step in float32, bit for bit', async () => {
    const finite = fc.float({ noDefaultInfinity: true, noNaN: true });
    const column = fc.record({
      fill: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      center: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
      scale: fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
      values: fc.array(fc.oneof({ weight: 5, arbitrary: finite }, { weight: 1, arbitrary: fc.constant(NaN) }), {
        minLength: 6,
        maxLength: 6,
      }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(column, { minLength: 1, maxLength: 5 }), async (columns) => {
        const features = columns.map(({ fill, center, scale }, i): FeatureEncoding => ({
          kind: 'number',
          column: `x${i}`,
          type: 'number',
          fill,
          center,
          scale,
        }));
        const actual = await prepared(
          features,
          columns.map(({ values }) => Float32Array.from(values)),
        );
        const wanted = new Float32Array(6 * columns.length);
        columns.forEach(({ fill, center, scale, values }, i) => {
          values.forEach((value, row) => {
            const filled = Number.isNaN(value) ? f(fill) : f(value);
            wanted[row * columns.length + i] = f(f(filled - f(center)) / f(scale));
          });
        });
        // ONNX Runtime's Where turns -0 into 0, which is the same number.
        expect(actual.map((x) => x + 0)).toEqual(wanted.map((x) => x + 0));
      }),
      { numRuns: 40, seed: 20240506 },
    );
  });

  it('takes a date as days since 1970 like any number', async () => {
    const date: FeatureEncoding = {
      kind: 'number',
      column: 'born',
      type: 'date',
      fill: 10_000,
      center: 19_000.25,
      scale: 365,
    };
    const result = await prepared([date], [new Float32Array([19_848.5, NaN])]);
    expect([...result]).toEqual([f(f(19_848.5 - 19_000.25) / 365), f(f(10_000 - 19_000.25) / 365)]);
  });

  it('gives one output for each category, zeros for one that it does not know, and the fill for a missing one', async () => {
    const color: FeatureEncoding = {
      kind: 'oneHot',
      column: 'color',
      type: 'category',
      outputs: ['blue', 'green', 'rot 🙂'],
      fill: 'green',
    };
    const result = await prepared([color], [['blue', 'rot 🙂', '', 'pink', 'Blue', 'green']]);
    expect([...result]).toEqual([1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
  });

  it('gives a missing category an output of its own where the preparation has one', async () => {
    const color: FeatureEncoding = { kind: 'oneHot', column: 'c', type: 'category', outputs: ['', 'a'], fill: '' };
    expect([...(await prepared([color], [['', 'a', 'b']]))]).toEqual([1, 0, 0, 1, 0, 0]);
  });

  it('gives zeros for a missing category where what fills it is too rare to have an output', async () => {
    const color: FeatureEncoding = { kind: 'oneHot', column: 'c', type: 'category', outputs: ['a'], fill: 'rare' };
    expect([...(await prepared([color], [['', 'rare', 'a']]))]).toEqual([0, 0, 1]);
  });

  it('takes a boolean in its own two spellings', async () => {
    const smoker: FeatureEncoding = {
      kind: 'oneHot',
      column: 's',
      type: 'boolean',
      outputs: ['no', 'yes'],
      fill: 'no',
    };
    expect([...(await prepared([smoker], [['yes', 'no', '', 'true']]))]).toEqual([0, 1, 1, 0, 1, 0, 0, 0]);
  });

  it('keeps the order of the features where kinds alternate', async () => {
    const number = (column: string, center: number): FeatureEncoding => ({
      kind: 'number',
      column,
      type: 'integer',
      fill: 0,
      center,
      scale: 1,
    });
    const category = (column: string): FeatureEncoding => ({
      kind: 'oneHot',
      column,
      type: 'category',
      outputs: ['a', 'b'],
      fill: 'a',
    });
    const features = [category('c'), number('x', 1), number('y', 2), category('d'), number('z', 3)];
    const columns = [['b'], new Float32Array([10]), new Float32Array([20]), ['a'], new Float32Array([30])];
    expect([...(await prepared(features, columns))]).toEqual([0, 1, 9, 18, 1, 0, 27]);
    keepArtifact('preparation.onnx', preparationModel(features));
  });
});
