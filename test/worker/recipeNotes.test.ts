import { expect, it } from 'vitest';
import { importFiles } from '../../src/data/import.ts';
import { profileTable } from '../../src/data/profile.ts';
import type { Recipe } from '../../src/model/recipe.ts';
import { notesOn } from '../../src/worker/recipeNotes.ts';
import { recipe } from '../model/samples.ts';

async function notesOf(csv: string, change: Partial<Recipe>): Promise<string[]> {
  const decode = () => Promise.reject(new Error('no image'));
  const imported = await importFiles([new File([csv], 'a.csv')], { decode });
  if (imported.kind !== 'table') throw new Error('no table');
  const { table, columns } = imported;
  return notesOn({ ...recipe(), columns, ...change }, profileTable(table), table.rows);
}
const rows = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');

it('a value that drowns the others is told, in the target of a regression and in features', async () => {
  const csv = `a,b\n${rows(100, (i) => `${i === 7 ? 1e12 : i / 3},${i === 9 ? -1e9 : (i * i) / 7}`)}`;
  expect(await notesOf(csv, { target: 'b', task: 'regression' })).toEqual([
    "'a': one value, 1,000,000,000,000, makes up 99\u00a0% of its variance, so that the others look alike to the model. Correct it in the file if it is a mistake.",
    "'b': one value, -1,000,000,000, makes up 99\u00a0% of its variance, so that the others look alike to the model. Correct it in the file if it is a mistake.",
  ]);
});

it('skewed values, codes and columns that are not learned from are no matter', async () => {
  const csv = `id,a,flag,b\n${rows(400, (i) => `${i * i + 5},${Math.exp(i / 60)},${i === 3 ? 1 : 0},${i % 7}`)}`;
  expect(await notesOf(csv, { target: 'b', task: 'regression' })).toEqual([]);
});

it('a rare class is told with what can be done, and more categories than are told apart', async () => {
  const csv = `a,b\n${rows(300, (i) => `c${i % 60},${i < 5 ? 'fraud' : 'fine'}`)}`;
  expect(await notesOf(csv, { target: 'b', task: 'binary' })).toEqual([
    "Class 'fraud' has 5 of 300 rows: accuracy hardly depends on it, balanced accuracy does. Class weights, under “Against overfitting”, give it more say.",
    "'a': of 60 categories the 50 commonest are told apart.",
  ]);
});
