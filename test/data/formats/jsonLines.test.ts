import { expect, it } from 'vitest';
import { readJsonLines } from '../../../src/data/formats/jsonLines.ts';

const read = (text: string) => readJsonLines(new Blob([text]));

it('reads one object a line, blank lines left out, and one array of objects', async () => {
  const rows = [
    { size: 1.5, color: 'red' },
    { size: null, ok: true },
  ];
  const lines = await read('{"size": 1.5, "color": "red"}\r\n\n{"size": null, "ok": true}\n');
  expect(lines.keys).toEqual(['size', 'color', 'ok']);
  expect(lines.rows).toEqual(rows);
  expect((await read(' [{"size": 1.5}, {"color": "red"}]')).rows).toEqual([{ size: 1.5 }, { color: 'red' }]);
});

it.each([
  ['{"a": 1}\n{"a": 1', /^invalid JSON file, line 2: it is no JSON, such as '\{"a": 1'/],
  ['{"a": 1}\n[1]', /^invalid JSON file, line 2: it is no object/],
  ['[{"a": 1}, 7]', /^invalid JSON file, item 2: it is no object/],
  ['{"a": {"b": 1}}', /^invalid JSON file, line 1: 'a' holds a list or an object/],
  ['\n\n', /^missing rows: the JSON file has none/],
])('refuses %j by its place', async (text, message) => {
  await expect(read(text)).rejects.toThrow(message);
});
