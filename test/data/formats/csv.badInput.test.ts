// Files that are not as they should be: each gives a named error, or a repair that is counted.

import { expect, test } from 'vitest';
import { readCsv } from '../../../src/data/formats/csv.ts';
import { tableToRows } from '../../../src/data/rows.ts';
import type { Table } from '../../../src/data/table.ts';

const read = (...parts: BlobPart[]) => readCsv(new Blob(parts));
const rowsOf = (table: Table) =>
  tableToRows(
    table,
    Array.from({ length: table.rows }, (_, i) => i),
  );
const binary = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251);

test.each([
  ['an empty file', [''], /^missing content: the file is empty/],
  ['blank lines only', ['\n\n \n'], /^missing content/],
  ['a header only', ['a,b,c\n'], /^missing rows: the file has a header of 3 columns/],
  ['an open quote', ['a,b\n1,2\n"x,2\n3,4\n'], /^invalid quote in row 3/],
  ['a binary file', [binary], /^unsupported table file: it is binary/],
  ['a PNG image', ['\x89PNG\r\n\x1a\n'.replace('\x89', ''), binary], /^unsupported table file/],
  ['an Excel workbook', ['PK\x03\x04', binary], /^unsupported table file: it is a zip archive or an Excel workbook/],
  ['a cell of 100 MB', ['a,b\n', 'x'.repeat(1e8), ',1\n'], /^unsupported row 2: it is longer/],
  ['a quoted cell of 100 MB', ['a,b\n"', 'x'.repeat(1e8), '",1\n'], /^invalid quote in row 2/],
  ['30,000 columns', ['a,'.repeat(30_000), '\n1\n'], /^unsupported number of columns: 30,001/],
] as [string, BlobPart[], RegExp][])('%s is refused by name', async (_, parts, message) => {
  await expect(read(...parts)).rejects.toMatchObject({ name: 'UserError', message: expect.stringMatching(message) });
});

test.each([
  ['ragged rows', 'a,b,c\n1,2\n1,2,3,4\n1,2,3,\n1,2,3\n', 'raggedRows', 2],
  ['duplicate headers', 'a,a,b,a\n1,2,3,4\n', 'duplicateHeaders', 2],
  ['headers without a name', ',b,\n1,2,3\n', 'blankHeaders', 2],
  ['a missing header', '5.1,3.5\n4.9,3.0\n', 'missingHeader', 1],
  ['NUL characters', 'a,b\n1,2\0\n3,\0\0\n', 'nulBytes', 3],
  ['text after a closing quote', 'a,b\n"x"y",1\nz,2\n', 'malformedQuotes', 1],
  ['an open quote that another one closes', 'a,b\n"x,1\n"y",1\nz,2\n', 'malformedQuotes', 1],
  ['numbers that float32 cannot hold', 'a,b\n1,1\n2,Inf\n3,1e999\n4,0x1F\n5,-Infinity\n', 'unreadableNumbers', 4],
  ['a few decimal commas', 'a;b\n1;1.5\n2;2,5\n3;3.5\n', 'unreadableNumbers', 1],
  ['decimal commas throughout', 'a;b\n1;1,5\n2;2,5\n3;3\n', 'decimalCommas', 2],
  ['a word among many numbers', `a,b\n${'1,2\n'.repeat(40)}1,error\n`, 'unreadableNumbers', 1],
  ['bytes that are no UTF-8', 'a,b\n\xff,1\n', 'encoding', 1],
])('%s are repaired and counted', async (_, text, kind, count) => {
  const bytes = kind === 'encoding' ? Uint8Array.from(text, (c) => c.charCodeAt(0)) : text;
  const { repairs } = await read(bytes);
  expect(repairs).toEqual(
    [{ kind, count, message: expect.stringMatching(/such as|: |first row/) }].map((r) =>
      kind === 'nulBytes' ? { ...r, message: expect.any(String) } : r,
    ),
  );
});

test('late bytes that are no UTF-8 are read as replacement characters and counted', async () => {
  const { repairs } = await read('a,b\n', 'x,1\n'.repeat(30_000), Uint8Array.of(0xff), ',1\n');
  expect(repairs).toMatchObject([{ kind: 'invalidText', count: 1 }]);
});

test('what is repaired keeps its values', async () => {
  expect(rowsOf((await read('a,b,c\n1,2\n1,2,3,4\n')).table)).toEqual([
    { a: 1, b: 2, c: null },
    { a: 1, b: 2, c: 3 },
  ]);
  expect(rowsOf((await read('a,a,a_2,\n1,2,3,4\n')).table)).toEqual([{ a: 1, a_3: 2, a_2: 3, column_4: 4 }]);
  expect(rowsOf((await read('a;b\n1;1,5\n')).table)).toEqual([{ a: 1, b: 1.5 }]);
  expect(rowsOf((await read('5.1,x\n4.9,x\n')).table)).toEqual([
    { column_1: 5.1, column_2: 'x' },
    { column_1: 4.9, column_2: 'x' },
  ]);
});

test('names and values of Object.prototype are names and values like others', async () => {
  const before = Object.getOwnPropertyNames(Object.prototype);
  const { table, repairs } = await read(
    '__proto__,constructor,toString,__proto__\nconstructor,__proto__,hasOwnProperty,1\n__proto__,x,y,2\n',
  );
  expect(table.columns.map((column) => column.name)).toEqual(['__proto__', 'constructor', 'toString', '__proto___2']);
  expect(repairs).toMatchObject([{ kind: 'duplicateHeaders', count: 1 }]);
  const [row] = structuredClone(rowsOf(table));
  expect(Object.entries(row)).toEqual([
    ['__proto__', 'constructor'],
    ['constructor', '__proto__'],
    ['toString', 'hasOwnProperty'],
    ['__proto___2', 1],
  ]);
  const retyped = await readCsv(new Blob(['__proto__,constructor\n1,2\n']), {
    types: JSON.parse('{"__proto__":"category"}'),
  });
  expect(retyped.table.columns.map((column) => column.type)).toEqual(['category', 'integer']);
  expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test('markup in a header is text', async () => {
  const { table } = await read('<img src=x onerror=alert(1)>,b\n1,2\n');
  expect(table.columns[0].name).toBe('<img src=x onerror=alert(1)>');
});
