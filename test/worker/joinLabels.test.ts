import { expect, it } from 'vitest';
import { readTableFile } from '../../src/data/formats/tableFile.ts';
import type { ColumnType } from '../../src/data/table.ts';
import { joinLabels } from '../../src/worker/joinLabels.ts';

const read = async (text: string, types?: Record<string, ColumnType>) =>
  (await readTableFile(new Blob([text]), { types }, undefined)).table.columns;
const batch = () => read('id,x\n7,1\n8,2\n9,3\n9,4\n');
const target = { target: 'kind', type: 'category' as const };
const labelsOf = ({ columns }: ReturnType<typeof joinLabels>) => {
  const column = columns.find(({ name }) => name === 'kind')!;
  return 'codes' in column ? Array.from(column.codes, (code) => column.categories[code] ?? null) : null;
};

it('labels find their rows by the key that both have, in any order and format, and what does not fit is told', async () => {
  const given = [
    'id,kind\n9,low\n7,high\n70,low\n71,low\n',
    '{"id": "9", "kind": "low"}\n{"id": 7, "kind": "high"}\n{"id": 70, "kind": "low"}\n{"id": 71, "kind": "low"}',
  ];
  for (const text of given) {
    const joined = joinLabels(await batch(), await read(text, { kind: 'category' }), target);
    expect(labelsOf(joined)).toEqual(['high', null, 'low', 'low']);
    expect(joined.repairs.map(({ kind, count }) => [kind, count])).toEqual([
      ['unmatchedRows', 1],
      ['unusedLabels', 2],
      ['repeatedKeys', 1],
    ]);
  }
  const inOrder = joinLabels(await batch(), await read('kind\na\nb\na\nb\n'), target);
  expect([labelsOf(inOrder), inOrder.repairs]).toEqual([['a', 'b', 'a', 'b'], []]);
});

it.each([
  ['id,kind\n7,a\n7,b\n', {}, /^invalid key 'id': the labels have the value '7' twice/],
  ['id,kind\n70,a\n71,b\n', {}, /^invalid key 'id': no row of the batch has a key that the labels have too/],
  ['id,kind\n7,a\n', { key: 'x' }, /^unknown key 'x': the file with labels has no such column/],
  ['id,truth\n7,a\n', {}, /^missing column 'kind': the file with labels has none of this name, but 'id', 'truth'/],
  ['kind\na\n', {}, /^missing key: the batch has 4 rows and the file 1 labels/],
])('a file that cannot be joined is refused with a sentence: %j', async (text, options, message) => {
  const [rows, labels] = [await batch(), await read(text)];
  expect(() => joinLabels(rows, labels, { ...target, ...options })).toThrow(message);
});
