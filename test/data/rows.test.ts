import { expect, test } from 'vitest';
import type { FeatureEncoding } from '../../src/data/prepare.ts';
import { tableFromRows, tableToRows } from '../../src/data/rows.ts';
import type { Row } from '../../src/data/table.ts';

const features: FeatureEncoding[] = [
  { kind: 'number', column: 'x', type: 'number', fill: 0, center: 0, scale: 1 },
  { kind: 'number', column: 'on', type: 'date', fill: 0, center: 0, scale: 1 },
  { kind: 'oneHot', column: 'c', type: 'category', outputs: ['1', 'a'], fill: 'a' },
  { kind: 'oneHot', column: 'b', type: 'boolean', outputs: ['no', 'yes'], fill: 'no' },
];
const roundTrip = (rows: Row[]) =>
  tableToRows(
    tableFromRows(rows, { features }),
    rows.map((_, i) => i),
  );

test('numbers, booleans and strings are taken for what they mean', () => {
  const rows: Row[] = [
    { x: 1.5, on: '2024-05-31', c: 'a', b: true, other: 'left out' },
    { x: ' 2 ', on: '2024-05-31T12:00:00Z', c: 1, b: 'no' },
    { x: true, on: 0, c: null, b: false },
    { x: 'NA', on: '', c: '?', b: null },
    { x: NaN },
  ];
  expect(roundTrip(rows)).toEqual([
    { x: 1.5, on: '2024-05-31', c: 'a', b: 'yes' },
    { x: 2, on: '2024-05-31T12:00:00Z', c: '1', b: 'no' },
    { x: 1, on: '1970-01-01', c: null, b: 'no' },
    { x: null, on: null, c: null, b: null },
    { x: null, on: null, c: null, b: null },
  ]);
});

test('no rows are an empty table', () => expect(roundTrip([])).toEqual([]));

test.each([
  [{ x: 'tall', on: 1, c: 1, b: 1 }, /^invalid value 'tall' in row 1, column 'x': give a number/],
  [{ x: Infinity, on: 1, c: 1, b: 1 }, /^invalid value 'Infinity' in row 1, column 'x'/],
  [{ x: 1e39, on: 1, c: 1, b: 1 }, /^invalid value '1e\+39'/],
  [{ x: 1, on: '31/31/2024', c: 1, b: 1 }, /^invalid value '31\/31\/2024' in row 1, column 'on': give a date/],
  [{ on: 1, c: 1, b: 1 }, /^missing column 'x'/],
] as [Row, RegExp][])('%j is refused by row and column', (row, message) => {
  expect(() => tableFromRows([row], { features })).toThrow(message);
});

test('a column called __proto__ or constructor is one like others', () => {
  const named = ['__proto__', 'constructor'].map((column) => ({ ...features[0], column }) as FeatureEncoding);
  const rows = [JSON.parse('{"__proto__": 1, "constructor": 2}') as Row];
  const [row] = structuredClone(tableToRows(tableFromRows(rows, { features: named }), [0]));
  expect(Object.entries(row)).toEqual([
    ['__proto__', 1],
    ['constructor', 2],
  ]);
  expect(() => tableFromRows([{}], { features: named })).toThrow(/^missing column '__proto__'/);
});
