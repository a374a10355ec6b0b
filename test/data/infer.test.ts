import { expect, test } from 'vitest';
import { readCsv } from '../../src/data/formats/csv.ts';
import { suggestColumns } from '../../src/data/infer.ts';

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i);

/** The type that a column of these cells gets beside a first one. */
async function typeOf(name: string, cells: (string | number)[]): Promise<string> {
  const { table } = await readCsv(new Blob([`first,${name}\n${cells.map((cell) => `a,${cell}\n`).join('')}`]));
  return table.columns[1].type;
}

test.each([
  ['integer', 'x', [0, 1, 1, 0]],
  ['integer', 'x', ['1.0', '2.0', 'NA']],
  ['number', 'x', ['1.5', '2', '']],
  ['number', 'x', ['1e-3', '-.5', '+2.']],
  ['boolean', 'x', ['yes', 'no', '?']],
  ['boolean', 'x', ['True', 'False']],
  ['category', 'x', ['true', 'maybe', 'false']],
  ['category', 'x', ['red', 'blue', 'red', '-']],
  ['category', 'x', ['1', 'two', '3']],
  ['date', 'x', ['2024-01-05', '2024/1/6']],
  ['date', 'x', ['01/02/2024', '13/02/2024']],
  ['date', 'x', ['01/02/2024', '02/13/2024']],
  ['category', 'x', ['01/02/2024', '02/03/2024']],
  ['category', 'x', ['13/02/2024', '02/13/2024']],
  ['date', 'x', ['01.02.2024', '02.03.2024']],
  ['text', 'x', upTo(40).map((i) => `some words and the number ${i * 7}`)],
  ['category', 'x', upTo(40).map((i) => `kind ${i % 12}`)],
  ['identifier', 'patient_id', [842302, 7, 9001]],
  ['identifier', 'customerId', ['x-9', 'ab', 'q']],
  ['identifier', 'x', upTo(12).map((i) => `A-${1000 + i}`)],
  ['integer', 'x', upTo(30)],
  ['number', 'id', ['1.5', '2.5', '3.5']],
  ['integer', 'id', [1, 1, 2]],
  ['integer', 'width', [12, 7, 9001]],
] as [string, string, (string | number)[]][])('%s: %s of %j', async (type, name, cells) => {
  expect(await typeOf(name, cells)).toBe(type);
});

test.each([
  ['thousands set apart', ['1,234.50', '980', '12,345,678'], [1234.5, 980, 12345678]],
  ['thousands without a fraction, plain below', ['1,234', '980', '12,500'], [1234, 980, 12500]],
  ['thousands by a point', ['1.234,50', '980,00', '-12.345.678'], [1234.5, 980, -12345678]],
  ['thousands by an apostrophe or a space', ["1'234.5", '12\u00a0345', '7'], [1234.5, 12345, 7]],
  ['a currency sign', ['$1,250.00', '$80', '-$5.50'], [1250, 80, -5.5]],
  ['a currency sign after it', ['1.250,00 €', '80 €'], [1250, 80]],
  ['per cent', ['12.5%', '100 %', 'NA'], [12.5, 100, NaN]],
  ['decimal commas', ['1,234', '0,5', '7'], [1.234, 0.5, 7]],
  ['decimal commas of three places alone', ['1,234', '2,500'], [1.234, 2.5]],
  ['decimal points of three places', ['1.234', '980', '12.500'], [1.234, 980, 12.5]],
])('numbers with %s: %j', async (_, cells, values) => {
  const { table, repairs } = await readCsv(new Blob([`x;y\n${cells.map((cell) => `${cell};a\n`).join('')}`]));
  expect(table.columns[0]).toMatchObject({ name: 'x', values: Float64Array.from(values) });
  const respelled = cells.filter((cell, i) => Number(cell) !== values[i] && !Number.isNaN(values[i])).length;
  expect(repairs.reduce((sum, { count }) => sum + count, 0)).toBe(respelled);
});

test.each([
  ['two currencies', ['$5', '€5', '$7']],
  ['a word beside numbers', ['5 kg', '7 kg', '9 kg']],
  ['codes that begin with 0', ['01234', '99999', '04040']],
  ['codes with a gap', ['007', '', '123']],
])('%s are no numbers: %j', async (_, cells) => {
  const { table } = await readCsv(new Blob([`x;y\n${cells.map((cell) => `${cell};a\n`).join('')}`]));
  expect(table.columns[0]).toMatchObject({ type: 'category', categories: cells.filter(Boolean).sort() });
});

test.each([
  ['of several lengths', ['007', '8', '90']],
  ['of two places, as months', ['01', '12', '07']],
])('numbers %s that begin with 0 stay numbers', async (_, cells) => {
  expect(await typeOf('x', cells)).toBe('integer');
});

test('a first column that counts its rows is an identifier, a measure that rises is not', async () => {
  const lines = upTo(30).map((i) => `${i + 1},${1990 + i},${i / 2}`);
  const { table } = await readCsv(new Blob([['n,year,x', ...lines].join('\n')]));
  expect(table.columns.map((column) => column.type)).toEqual(['identifier', 'integer', 'number']);
});

async function rolesOf(csv: string): Promise<Record<string, string>> {
  const { table } = await readCsv(new Blob([csv]));
  return Object.fromEntries(suggestColumns(table.columns).map(({ name, role }) => [name, role]));
}

test.each([
  ['the last column is the target', 'a,b,c\n1,2,x\n3,4,y\n', { a: 'feature', b: 'feature', c: 'target' }],
  ['a target by name', 'Species,b,c\nx,2,1\ny,4,2\n', { Species: 'target', b: 'feature', c: 'feature' }],
  ['the likelier of two names', 'y,target,c\n1,2,1\n0,4,2\n', { y: 'feature', target: 'target', c: 'feature' }],
  [
    'an identifier is meta, and no target',
    'id,b,c,sample_id\n5,2,1,q\n9,4,2,w\n',
    { id: 'meta', b: 'feature', c: 'target', sample_id: 'meta' },
  ],
  ['a column called weight is a feature', 'weight,b\n1.5,2\n2.5,4\n', { weight: 'feature', b: 'target' }],
  [
    'no constant and no date',
    'a,b,c,d\n1,2,1,2024-05-01\n3,4,1,2024-05-02\n',
    { a: 'feature', b: 'target', c: 'feature', d: 'feature' },
  ],
  ['a column without values is ignored', 'a,b,c\n1,2,\n3,4,NA\n', { a: 'feature', b: 'target', c: 'ignore' }],
  ['a target without values stays one', 'a,b,target\n1,2,\n3,4,NA\n', { a: 'feature', b: 'feature', target: 'target' }],
  ['a single column has nothing to predict from', 'a\n1\n2\n', { a: 'feature' }],
])('%s', async (_, csv, roles) => expect(await rolesOf(csv)).toEqual(roles));
