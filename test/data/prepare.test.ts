import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFeatures, fitPreparation, type PreparationSpec } from '../../src/data/prepare.ts';
import type { ColumnRole, ColumnSpec, LabelColumn, NumericColumn, Table } from '../../src/data/table.ts';
import golden from './golden/preparation.json' with { type: 'json' };

const target = { kind: 'classes' as const, labels: ['a', 'b'] };
const plain: PreparationSpec = {
  numbers: { impute: 'mean', scale: 'standard' },
  categories: { impute: 'mostFrequent', maxCategories: 50 },
};

function numbers(name: string, values: (number | null)[]): NumericColumn {
  return { name, type: 'number', values: Float64Array.from(values, (value) => value ?? NaN) };
}

function labels(name: string, values: (string | null)[]): LabelColumn {
  const categories = [...new Set(values.filter((value) => value !== null))];
  return {
    name,
    type: 'category',
    codes: Int32Array.from(values, (v) => (v === null ? -1 : categories.indexOf(v))),
    categories,
  };
}

function tableOf(...columns: (NumericColumn | LabelColumn)[]): Table {
  const first = columns[0];
  return { rows: 'values' in first ? first.values.length : first.codes.length, columns };
}

function specs(table: Table, role: ColumnRole = 'feature'): ColumnSpec[] {
  return table.columns.map(({ name, type }) => ({ name, type, role }));
}

const allRows = (table: Table) => Int32Array.from({ length: table.rows }, (_, i) => i);

function fit(table: Table, spec = plain, rows = allRows(table)) {
  return fitPreparation(table, specs(table), target, spec, rows);
}

test.each(Object.entries(golden.cases))('%s: encodes as scikit-learn does, to 1e-5', (name, expected) => {
  const [impute, scale] = name.split(' ') as ['mean', 'standard'];
  const table = tableOf(numbers('x', golden.x), numbers('z', golden.z), labels('c', golden.c));
  const preparation = fit(table, { ...plain, numbers: { impute, scale } }, allRows(table).slice(0, golden.train));
  expect(preparation.width).toBe(expected[0].length);
  const encoded = encodeFeatures(table, preparation);
  expected.flat().forEach((value, i) => expect(Math.abs(encoded[i] - value)).toBeLessThan(1e-5));
});

test('encoding is the plain formula in float64 to 1e-6 of its size', () => {
  const values = fc.array(fc.double({ min: -1000, max: 1000, noNaN: true }), { minLength: 2, maxLength: 50 });
  fc.assert(
    fc.property(values, (xs) => {
      fc.pre(Math.max(...xs) - Math.min(...xs) > 1);
      const table = tableOf(numbers('x', xs));
      const mean = xs.reduce((a, b) => a + b) / xs.length;
      const std = Math.sqrt(xs.reduce((a, b) => a + (b - mean) ** 2, 0) / xs.length);
      const encoded = encodeFeatures(table, fit(table));
      // x itself is rounded to float32, which the division by std magnifies
      xs.forEach((x, i) => expect(Math.abs(encoded[i] - (x - mean) / std)).toBeLessThan(1e-6 * (1 + 1000 / std)));
    }),
  );
});

test('encoding is float32, operation by operation', () => {
  const table = tableOf(numbers('x', [0.1, 0.7, 12345.678, -3]));
  const preparation = fit(table);
  const [feature] = preparation.features;
  if (feature.kind !== 'number') throw new TypeError();
  const encoded = encodeFeatures(table, preparation);
  [0.1, 0.7, 12345.678, -3].forEach((x, i) => {
    expect(encoded[i]).toBe(Math.fround(Math.fround(Math.fround(x) - feature.center) / feature.scale));
  });
});

test('only the training rows are looked at', () => {
  const table = tableOf(numbers('x', [1, 3, 1e6]), labels('c', ['a', 'b', 'z']));
  const { features } = fit(table, plain, Int32Array.of(0, 1));
  expect(features[0]).toMatchObject({ center: 2, scale: 1, fill: 2 });
  expect(features[1]).toMatchObject({ outputs: ['a', 'b'] });
});

test('a missing category can be one of its own, the rare ones are zeros', () => {
  const table = tableOf(labels('c', ['b', 'b', 'b', 'a', 'a', 'rare', null]));
  const preparation = fit(table, { ...plain, categories: { impute: 'category', maxCategories: 2 } });
  expect(preparation.features[0]).toMatchObject({ outputs: ['a', 'b', ''], fill: '' });
  const encoded = encodeFeatures(table, preparation, Int32Array.of(0, 3, 5, 6));
  expect([...encoded]).toEqual([0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
});

test('a constant feature has scale 1 and encodes to zeros', () => {
  const table = tableOf(numbers('k', [0.1, 0.1, 0.1]), numbers('x', [1, 2, 3]));
  const preparation = fit(table);
  expect(preparation.features[0]).toMatchObject({ scale: 1 });
  const encoded = encodeFeatures(table, preparation);
  expect([encoded[0], encoded[2], encoded[4]]).toEqual([0, 0, 0]);
});

test('a preparation is plain JSON and lasts through it', () => {
  const table = tableOf(numbers('x', golden.x), labels('c', golden.c));
  const preparation = fit(table);
  const again = JSON.parse(JSON.stringify(preparation));
  expect(encodeFeatures(table, again)).toEqual(encodeFeatures(table, preparation));
});

test('what cannot be learned from is named', () => {
  const varying = numbers('x', [1, 2]);
  const constants = tableOf(numbers('k', [1, 1]), labels('c', ['a', 'a']));
  expect(() => fit(constants)).toThrow(/^invalid features: each of 'k', 'c' has one and the same value/);
  expect(() => fit(tableOf(varying, numbers('gone', [null, null])))).toThrow(/^missing values of feature 'gone'/);
  expect(() => fit(tableOf(varying, { ...labels('t', ['a', 'b']), type: 'text' }))).toThrow(/^unsupported feature 't'/);
  const table = tableOf(varying);
  expect(() => fitPreparation(table, specs(table, 'meta'), target, plain, allRows(table))).toThrow(/^missing features/);
  expect(() => encodeFeatures(tableOf(numbers('y', [1])), fit(table))).toThrow(/^missing column 'x'/);
});

test('a column that was read as another type is still encoded by its values', () => {
  const preparation = fit(tableOf(numbers('x', [1, 2, 3]), labels('c', ['1', '2', '2'])));
  const again = tableOf(labels('x', ['3', '1']), numbers('c', [2, 1]));
  expect([...encodeFeatures(again, preparation)].slice(1, 3)).toEqual([0, 1]);
  const spoilt = tableOf(labels('x', ['3', 'oops']), numbers('c', [2, 1]));
  expect(() => encodeFeatures(spoilt, preparation)).toThrow(/^invalid value 'oops' in column 'x', row 2/);
});
