import { openAsBlob } from 'node:fs';
import { expect, test } from 'vitest';
import { importFiles } from '../../src/data/import.ts';

const sample = async (name: string) => new File([await openAsBlob(`public/samples/${name}`)], name);
const decode = async () => ({ width: 8, height: 8, data: new Uint8ClampedArray(256) });

test.each([
  ['iris.csv', 150, 'category', 4],
  ['breast-cancer.csv', 569, 'category', 30],
  ['diabetes.csv', 442, 'integer', 10],
])('the sample %s has its rows, its target and nothing to repair', async (name, rows, type, features) => {
  const imported = await importFiles([await sample(name)], { decode });
  if (imported.kind !== 'table') throw new TypeError();
  expect(imported.table.rows).toBe(rows);
  expect(imported.columns.filter((column) => column.role === 'target')).toMatchObject([{ type }]);
  expect(imported.columns.filter((column) => column.role === 'feature')).toHaveLength(features);
  expect(imported.repairs).toEqual([]);
});

test('the sample of digits has ten classes', async () => {
  const imported = await importFiles([await sample('digits.zip')], { decode });
  if (imported.kind !== 'images') throw new TypeError();
  expect(imported.classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  expect(imported.files).toHaveLength(1797);
  expect(imported.repairs).toEqual([]);
});
