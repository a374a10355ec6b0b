import { expect, test } from 'vitest';
import { fitTargetScale, readTarget } from '../../src/data/prepare.ts';
import type { Table } from '../../src/data/table.ts';

const table: Table = {
  rows: 4,
  columns: [
    { name: 'species', type: 'category', codes: Int32Array.of(1, 0, -1, 1), categories: ['b', 'a', 'never'] },
    { name: 'digit', type: 'integer', values: Float64Array.of(10, 9, 9, NaN) },
    { name: 'coded', type: 'category', codes: Int32Array.of(0, 1, 1, 0), categories: ['10', '9'] },
    { name: 'one', type: 'category', codes: Int32Array.of(0, 0, -1, 0), categories: ['x'] },
    { name: 'gone', type: 'number', values: new Float64Array(4).fill(NaN) },
    { name: 'same', type: 'number', values: new Float64Array(4).fill(5) },
    { name: 'many', type: 'integer', values: Float64Array.of(1, 2, 3, 4) },
  ],
};

test('classes are sorted, counted where they occur, and missing where they are', () => {
  expect(readTarget(table, 'species', 'binary')).toEqual({
    kind: 'classes',
    labels: ['a', 'b'],
    classes: Int32Array.of(0, 1, -1, 0),
    usable: Int32Array.of(0, 1, 3),
  });
});

test('classes that are numbers are sorted by value', () => {
  expect(readTarget(table, 'digit', 'binary')).toMatchObject({
    labels: ['9', '10'],
    classes: Int32Array.of(1, 0, 0, -1),
  });
  expect(readTarget(table, 'coded', 'multiclass')).toMatchObject({
    labels: ['9', '10'],
    classes: Int32Array.of(1, 0, 0, 1),
  });
});

test('a regression has values', () => {
  expect(readTarget(table, 'many', 'regression')).toMatchObject({ kind: 'value', usable: Int32Array.of(0, 1, 2, 3) });
});

test.each([
  ['nowhere', 'binary', /^unknown target 'nowhere'.*'species'/],
  ['gone', 'multiclass', /^missing target 'gone': all of its 4 values/],
  ['gone', 'regression', /^missing target 'gone': all of its 4 values/],
  ['one', 'binary', /^invalid target 'one': its only class is 'x'/],
  ['same', 'regression', /^invalid target 'same': every value is 5/],
  ['many', 'binary', /^invalid task 'binary' for target 'many': it has 4 classes/],
  ['species', 'regression', /^invalid target 'species' for regression/],
] as const)('target %s for %s is refused by name', (name, task, message) => {
  expect(() => readTarget(table, name, task)).toThrow(message);
});

test('a target is scaled by mean and deviation of the training rows, by 1 where they are alike', () => {
  expect(fitTargetScale(Float64Array.of(1, 3, 100), Int32Array.of(0, 1))).toEqual({
    kind: 'value',
    center: 2,
    scale: 1,
  });
  expect(fitTargetScale(Float64Array.of(0, 4, 100), Int32Array.of(0, 1))).toEqual({
    kind: 'value',
    center: 2,
    scale: 2,
  });
  expect(fitTargetScale(Float64Array.of(7, 7), Int32Array.of(0, 1))).toEqual({ kind: 'value', center: 7, scale: 1 });
});
