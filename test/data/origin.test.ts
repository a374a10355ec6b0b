import { expect, it } from 'vitest';
import { addRows, batchSource, type Grown, locate, stretchesOf, type KnownRows } from '../../src/data/origin.ts';

const DATASETS = new Map<string, Grown>([
  ['old', { rows: 10 }],
  ['grown', { rows: 15, origin: { dataset: 'old', rows: 10, batches: [{ id: 'b1', rows: 3 }, { id: 'b2', rows: 2 }] } }], // prettier-ignore
  ['again', { rows: 19, origin: { dataset: 'grown', rows: 15, batches: [{ id: 'b3', rows: 4 }] } }],
]);
const find = (id: string) => DATASETS.get(id);

it('a row of a data set that grew twice is known again where it came from', () => {
  const stretches = stretchesOf('again', find);
  expect(stretches.map(({ source, start, rows }) => [source, start, rows])).toEqual([
    ['dataset old', 0, 10],
    [batchSource('b1'), 10, 3],
    [batchSource('b2'), 13, 2],
    [batchSource('b3'), 15, 4],
  ]);
  expect([0, 9, 10, 14, 18].map((row) => Object.values(locate(stretches, row)))).toEqual([
    ['dataset old', 0],
    ['dataset old', 9],
    [batchSource('b1'), 0],
    [batchSource('b2'), 1],
    [batchSource('b3'), 3],
  ]);
});

it('what a data set was made of may be gone', () => {
  const without = (id: string) => (id === 'grown' ? undefined : find(id));
  expect(stretchesOf('again', without).map(({ source, rows }) => [source, rows])).toEqual([
    ['dataset grown', 15],
    [batchSource('b3'), 4],
  ]);
  expect(locate(stretchesOf('gone', find), 7)).toEqual({ source: 'dataset gone', row: 7 });
});

it('rows that are known go by their source', () => {
  const known: KnownRows = new Map();
  addRows(known, stretchesOf('grown', find), [1, 2, 11]);
  addRows(known, stretchesOf('old', find), [2, 3]);
  expect([...known].map(([source, rows]) => [source, [...rows]])).toEqual([
    ['dataset old', [1, 2, 3]],
    [batchSource('b1'), [1]],
  ]);
});
