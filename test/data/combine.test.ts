import { expect, test } from 'vitest';
import { appendRows, rowsWithValue } from '../../src/data/combine.ts';
import { readCsv, writeCsv } from '../../src/data/formats/csv.ts';
import { createRepairLog } from '../../src/data/repairs.ts';
import { tableToRows } from '../../src/data/rows.ts';
import type { Column, ColumnSpec, Table } from '../../src/data/table.ts';

const number = (name: string, ...values: number[]): Column => ({
  name,
  type: 'number',
  values: Float64Array.from(values),
});
const labels = (name: string, type: 'category' | 'boolean' | 'identifier', categories: string[], ...codes: number[]): Column => ({ name, type, categories, codes: Int32Array.from(codes) }); // prettier-ignore

const table: Table = {
  rows: 2,
  columns: [
    number('x', 1.5, NaN),
    labels('kind', 'category', ['b', 'd'], 1, 0),
    labels('paid', 'boolean', ['no', 'yes'], 0, 1),
    { name: 'day', type: 'date', values: Float64Array.of(0, 19_000.5) },
    number('w', 2, 3),
  ],
};
const specs: ColumnSpec[] = table.columns.map(({ name, type }) => ({ name, type, role: name === 'w' ? 'weight' : 'feature' })); // prettier-ignore

test('rows follow in the columns and types of the first table, and what does not fit is said', () => {
  const repairs = createRepairLog();
  const grown = appendRows(
    table,
    specs,
    [
      {
        name: 'one.csv',
        columns: [
          labels('x', 'category', ['2.5', 'lots'], 0, 1, -1),
          labels('kind', 'category', ['a', 'd'], 0, 1, -1),
          labels('paid', 'category', ['maybe', 'yes'], 0, 1, 1),
          labels('day', 'category', ['2024-05-31'], 0, -1, 0),
          number('w', 5, 6, 7),
          number('surprise', 1, 2, 3),
        ],
        rows: Int32Array.of(0, 1),
      },
      { name: 'two.csv', columns: [number('kind', 7), number('x', 4)], rows: Int32Array.of(0) },
    ],
    repairs,
  );
  expect(tableToRows(grown, [0, 1, 2, 3, 4])).toEqual([
    { x: 1.5, kind: 'd', paid: 'no', day: '1970-01-01', w: 2 },
    { x: null, kind: 'b', paid: 'yes', day: '2022-01-08T12:00:00Z', w: 3 },
    { x: 2.5, kind: 'a', paid: null, day: '2024-05-31', w: 5 },
    { x: null, kind: 'd', paid: 'yes', day: null, w: 6 },
    { x: 4, kind: '7', paid: null, day: null, w: 1 },
  ]);
  expect(grown.columns[1]).toMatchObject({ type: 'category', categories: ['7', 'a', 'b', 'd'] });
  expect(repairs.list().map(({ kind, count }) => [kind, count])).toEqual([
    ['extraColumns', 1],
    ['unreadableNumbers', 1],
    ['missingColumns', 2],
    ['otherBooleans', 1],
    ['missingWeights', 1],
  ]);
});

test('what is written for this reader is read back as it was, a formula included', async () => {
  const odd: Table = { rows: 2, columns: [labels('=cmd()', 'category', ['=1+1', '-x "y", z'], 0, 1), number('n', 0.1, -1e-300)] }; // prettier-ignore
  const names = odd.columns.map(({ name }) => name);
  const cells = tableToRows(odd, [0, 1]).map((row) => names.map((name) => row[name]));
  const read = await readCsv(writeCsv(names, cells, { forPeople: false }), { types: { '=cmd()': 'category' } });
  expect(tableToRows(read.table, [0, 1])).toEqual(tableToRows(odd, [0, 1]));
});

test('a row is labelled where the target has a value of its type', () => {
  expect(rowsWithValue(labels('y', 'category', ['1', 'x'], 0, 1, -1), 'number')).toEqual(Int32Array.of(0));
  expect(rowsWithValue(number('y', 1, NaN, 2.5), 'integer')).toEqual(Int32Array.of(0));
  expect(rowsWithValue(number('y', 1, NaN, 2.5), 'category')).toEqual(Int32Array.of(0, 2));
});
