// What a script gets wrong in calling the verbs is told by name, before anything is done with it.

import { expect, it } from 'vitest';
import { checkArguments } from '../../src/worker/arguments.ts';
import type { Lathe } from '../../src/worker/api.ts';

const table = new File(['a\n1\n'], 'a.csv');

it.each<[keyof Lathe, unknown[]]>([
  ['importFiles', [[table], { onProgress: () => {} }]],
  ['importFiles', [[]]],
  ['rows', ['id', { offset: 0, limit: Infinity }]],
  ['images', ['id', { label: null, offset: 0, limit: 1 }]],
  ['suggestRecipe', ['id', undefined]],
  ['suggestRecipe', ['id', { target: undefined, seed: 1 }]],
  ['updateColumns', ['id', [{ name: 'a', role: 'target' }]]],
  ['updateColumns', ['id', []]],
  ['predict', ['a@1', [{ a: 1 }]]],
  ['predict', ['a@1', [table]]],
  ['setAlias', ['a', 'champion', null]],
  ['train', [{}]],
])('%s takes %j', (verb, given) => {
  expect(() => checkArguments(verb, given)).not.toThrow();
});

it.each<[keyof Lathe, unknown[], string]>([
  ['importFiles', ['a.csv'], "invalid files for importFiles: 'a.csv'; it must be a list of files"],
  ['importFiles', [['a.csv']], 'invalid files for importFiles: a list of 1; it must be a list of files'],
  ['importFiles', [], 'invalid files for importFiles: undefined; it must be a list of files'],
  ['rows', ['id'], 'invalid query for rows: undefined; it must be an object with offset, limit'],
  ['rows', ['id', { offset: -1, limit: 5 }], 'invalid query for rows: an object; it must be an object whose offset is a number from 0 up'],
  ['rows', ['id', { offset: 0 }], 'invalid query for rows: an object; it must be an object whose limit is a number from 0 up'],
  ['suggestRecipe', [], 'invalid id for suggestRecipe: undefined; it must be text'],
  ['suggestRecipe', ['id', { seed: 'x' }], 'invalid options for suggestRecipe: an object; it must be an object whose seed is a whole number'],
  ['updateColumns', ['id', { name: 'a' }], 'invalid changes for updateColumns: an object; it must be a list of changes'],
  ['updateColumns', ['id', [{ name: 'a', role: 'x' }]], "invalid changes for updateColumns: a list of 1; it must be an object whose role is one of 'feature', 'target', 'weight', 'meta', 'ignore'"],
  ['evaluate', ['a@1', { split: 'all' }], "invalid options for evaluate: an object; it must be an object whose split is one of 'train', 'validation', 'test'"],
  ['predict', ['a@1', [null]], 'invalid input for predict: a list of 1; it must be a list of rows, each an object from column to value, or of files'],
  ['updateVersion', ['a@1', { tags: 'x' }], 'invalid change for updateVersion: an object; it must be an object whose tags is a list of texts'],
  ['setAlias', ['a', 'b', '1'], "invalid number for setAlias: '1'; it must be a whole number or null"],
  ['restore', [], 'invalid file for restore: undefined; it must be a file'],
])('%s refuses %j', (verb, given, message) => {
  expect(() => checkArguments(verb, given)).toThrow(expect.objectContaining({ name: 'UserError', message }));
}); // prettier-ignore
