import { expect, it } from 'vitest';
import { readJsonLines } from '../../../src/data/formats/jsonLines.ts';
import { tableToRows } from '../../../src/data/rows.ts';

const read = (text: string) => readJsonLines(new Blob([text]));

it('reads one object a line, blank lines left out, and one array of objects', async () => {
  const lines = await read(
    '{"size": 1.5, "color": "red"}\r\n\n{"size": null, "ok": true}\n{"__proto__": "x", " size": 2}',
  );
  expect(lines.table.columns.map(({ name, type }) => [name, type])).toEqual([
    ['size', 'number'],
    ['color', 'category'],
    ['ok', 'category'],
    ['__proto__', 'category'],
    ['size_2', 'integer'],
  ]);
  expect(tableToRows(lines.table, [0, 1, 2]).map((row) => Object.values(row))).toEqual([
    [1.5, 'red', null, null, null],
    [null, null, 'true', null, null],
    [null, null, null, 'x', 2],
  ]);
  expect(lines.repairs).toMatchObject([{ kind: 'duplicateHeaders', count: 1 }]);
  const array = await read(' [{"size": 1.5}, {"color": "red"}]');
  expect(tableToRows(array.table, [0, 1])).toEqual([
    { size: 1.5, color: null },
    { size: null, color: 'red' },
  ]);
});

it('reads lines that are longer than a piece, in UTF-16, and again where numbers turn out to be words', async () => {
  const rows = Array.from({ length: 60_000 }, (_, i) =>
    JSON.stringify({ n: i < 50_000 ? i : `no ${i}`, a: 'ä'.repeat(9) }),
  );
  const { table } = await read(rows.join('\n'));
  expect(table.rows).toBe(60_000);
  expect(table.columns).toMatchObject([{ type: 'text' }, { type: 'category', categories: ['äääääääää'] }]);
  const wide = new Uint8Array(
    new Uint16Array([...'\ufeff{"ä": 1}\n{"ä": 2}'].map((character) => character.charCodeAt(0))).buffer,
  );
  expect((await readJsonLines(new Blob([wide]))).table.columns).toMatchObject([{ name: 'ä', type: 'integer' }]);
});

it.each([
  ['{"a": 1}\n{"a": 1', /^invalid JSON file, line 2: it is no JSON, such as '\{"a": 1'/],
  ['{"a": 1}\n[1]', /^invalid JSON file, line 2: it is no object/],
  ['[{"a": 1}, 7]', /^invalid JSON file, item 2: it is no object/],
  ['[{"a": 1}, ', /^invalid JSON file, the array: it is no JSON/],
  ['{"a": {"b": 1}}', /^invalid JSON file, line 1: 'a' holds a list or an object/],
  ['\n\n', /^missing rows: the JSON file has none/],
])('refuses %j by its place', async (text, message) => {
  await expect(read(text)).rejects.toThrow(message);
});
