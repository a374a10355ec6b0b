import { expect, it } from 'vitest';
import { type FileMark, mayBeBatch, planLook } from '../../src/monitor/folder.ts';

const mark = (path: string, sizeBytes = 10, lastModified = 1): FileMark => ({ path, sizeBytes, lastModified });
const paths = ({ ready, settling }: ReturnType<typeof planLook>) => [ready, settling].map((marks) => marks.map(({ path }) => path)); // prettier-ignore

it('a file is taken once, when two looks saw it alike, the oldest first', () => {
  const found = [mark('b.csv', 10, 7), mark('a.csv', 10, 9), mark('c.csv', 10, 8)];
  expect(paths(planLook(found, [], []))).toEqual([[], ['b.csv', 'a.csv', 'c.csv']]);
  expect(paths(planLook(found, found, []))).toEqual([['b.csv', 'c.csv', 'a.csv'], []]);
  expect(paths(planLook(found, found, found))).toEqual([[], []]);
});

it('one that grows or is touched between two looks waits, and so does an empty one', () => {
  const before = [mark('grows.csv', 5), mark('touched.csv', 10, 1), mark('empty.csv', 0), mark('whole.csv')];
  const now = [mark('grows.csv', 9), mark('touched.csv', 10, 2), mark('empty.csv', 0), mark('whole.csv')];
  expect(paths(planLook(now, before, []))).toEqual([['whole.csv'], ['grows.csv', 'touched.csv', 'empty.csv']]);
});

it('one that was done is done again only where it has changed', () => {
  const done = [mark('a.csv'), mark('b.csv')];
  const now = [mark('a.csv'), mark('b.csv', 11, 2), mark('sub/a.csv')];
  expect(paths(planLook(now, now, done))).toEqual([['sub/a.csv', 'b.csv'], []]);
});

it.each([
  ['march.csv', true, false],
  ['2026/march.parquet', true, false],
  ['profile.json', true, false],
  ['scan.PNG', false, true],
  ['all.zip', true, true],
  ['notes.docx', false, false],
  ['.hidden.csv', false, false],
  ['.git/x.csv', false, false],
  ['~$march.csv', false, false],
  ['march.csv.crdownload', false, false],
])('%s may be a table: %s, images: %s', (path, table, images) => {
  expect([mayBeBatch(path, 'table'), mayBeBatch(path, 'images')]).toEqual([table, images]);
});
