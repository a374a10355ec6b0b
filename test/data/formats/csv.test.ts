import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readCsv, writeCsv } from '../../../src/data/formats/csv.ts';
import type { ReadTableOptions } from '../../../src/data/tableBuilder.ts';
import { tableToRows } from '../../../src/data/rows.ts';
import { isNumeric, type Table } from '../../../src/data/table.ts';

const read = (text: BlobPart, o?: ReadTableOptions) => readCsv(new Blob([text]), o);
const rowsOf = (table: Table) =>
  tableToRows(
    table,
    Array.from({ length: table.rows }, (_, i) => i),
  );
const typesOf = (table: Table) => Object.fromEntries(table.columns.map(({ name, type }) => [name, type]));

test('a table is read with its types', async () => {
  const { table, delimiter, repairs } = await read(
    'size,count,color,yes,on,note\n1.5,1,red,true,2024-01-05,\n2.5,2,blue,false,2024-02-05T06:00,NA\n',
  );
  expect(delimiter).toBe(',');
  expect(typesOf(table)).toEqual({
    size: 'number',
    count: 'integer',
    color: 'category',
    yes: 'boolean',
    on: 'date',
    note: 'number',
  });
  expect(rowsOf(table)[1]).toEqual({
    size: 2.5,
    count: 2,
    color: 'blue',
    yes: 'false',
    on: '2024-02-05T06:00:00Z',
    note: null,
  });
  expect(repairs).toEqual([
    {
      kind: 'emptyColumns',
      count: 1,
      message: "1 column without a single value left out of the features: 'note'",
    },
  ]);
});

test('what is written is read again, cell for cell', async () => {
  // letters first, so that no cell is a missing token, a number or a formula; trimmed, as reading does
  const cell = fc.string({ maxLength: 12 }).map((text) => `q${text.replaceAll('\0', '')}`.trim());
  const grid = fc
    .integer({ min: 2, max: 5 })
    .chain((n) => fc.array(fc.array(cell, { minLength: n, maxLength: n }), { minLength: 1, maxLength: 20 }));
  await fc.assert(
    fc.asyncProperty(grid, async (rows) => {
      const names = rows[0].map((_, i) => `name${i}`);
      const types = Object.fromEntries(names.map((name) => [name, 'text' as const]));
      const { table, repairs } = await readCsv(writeCsv(names, rows), { types });
      expect(rowsOf(table).map((row) => Object.values(row))).toEqual(rows);
      expect(repairs).toEqual([]);
    }),
  );
});

test('numbers are written and read again to the last bit', async () => {
  const value = fc.double({ min: -1e30, max: 1e30, noNaN: true });
  await fc.assert(
    fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 50 }), async (values) => {
      const { table } = await readCsv(
        writeCsv(
          ['name', 'x'],
          values.map((v) => ['a', v]),
        ),
        { types: { x: 'number' } },
      );
      const [, column] = table.columns;
      expect(isNumeric(column) && Array.from(column.values, (v) => v + 0)).toEqual(values.map((v) => v + 0));
    }),
  );
});

test('a text that a spreadsheet would run is neutralised, a number stays one', async () => {
  const blob = writeCsv(
    ['=name'],
    [['=1+1'], ['+cmd'], ['-5'], [-5], ['@a'], ['\tx'], ['＝1'], ['a=b'], [null], [NaN], [true]],
  );
  const text = await blob.text();
  expect(text.split('\r\n')).toEqual([
    "'=name",
    "'=1+1",
    "'+cmd",
    '-5',
    '-5',
    "'@a",
    "'\tx",
    "'＝1",
    'a=b',
    '',
    '',
    'true',
    '',
  ]);
});

test.each([
  ['tabs', 'a\tb\n1,5\t2\n3,5\t4\n', '\t'],
  ['semicolons beside decimal commas', 'a;b\n1,5;2\n3,5;4\n', ';'],
  ['bars', 'a|b\n1|2\n', '|'],
  ['the line that Excel writes', 'sep=;\na;b\n1;2\n', ';'],
  ['commas beside semicolons in quotes', 'a,b\n"x;y;z",2\n"u;v;w",3\n', ','],
])('%s are found to be the delimiter', async (_, text, delimiter) => {
  const result = await read(text);
  expect(result.delimiter).toBe(delimiter);
  expect(result.table.columns.map((column) => column.name)).toEqual(['a', 'b']);
});

test.each(['\n', '\r\n', '\r'])('lines may end in %j, cells may hold line breaks', async (newline) => {
  const { table } = await read(['a,b', '"x', 'y",1', 'z,"2"', ''].join(newline));
  expect(rowsOf(table).map((row) => row.b)).toEqual([1, 2]);
  expect(rowsOf(table)[0].a).toBe(`x${newline}y`);
});

test.each([
  ['price\n1,5\n\n2,25\n', [1.5, 2.25]],
  ['price\r\n$1,234\r\n$980\r\n', [1234, 980]],
  ['price\n"1,5"\n2\n', [1.5, 2]],
])('a comma inside the numbers of a single column ends no cell: %j', async (text, values) => {
  const { table, repairs } = await read(text);
  expect(table.columns).toMatchObject([{ name: 'price', values: Float64Array.from(values) }]);
  expect(repairs.map(({ kind }) => kind)).not.toContain('raggedRows');
});

test('a table of one column is read, blank lines left out', async () => {
  const { table } = await read('height\n1\n\n3\n');
  expect(rowsOf(table)).toEqual([{ height: 1 }, { height: 3 }]);
});

function utf16(text: string, littleEndian: boolean, mark: boolean): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(2 * (text.length + Number(mark))));
  [...(mark ? '\ufeff' : ''), ...text].forEach((c, i) => view.setUint16(2 * i, c.charCodeAt(0), littleEndian));
  return new Uint8Array(view.buffer);
}

test.each([
  ['UTF-8', new TextEncoder().encode('größe,n\nä,1\nö,2\n')],
  ['UTF-8 with a mark', new TextEncoder().encode('\ufeffgröße,n\nä,1\nö,2\n')],
  ['UTF-16 LE with a mark', utf16('größe,n\nä,1\nö,2\n', true, true)],
  ['UTF-16 BE with a mark', utf16('größe,n\nä,1\nö,2\n', false, true)],
  ['UTF-16 LE', utf16('größe,n\nä,1\nö,2\n', true, false)],
  ['UTF-16 BE', utf16('größe,n\nä,1\nö,2\n', false, false)],
  ['Windows-1252', Uint8Array.from('gr\xf6\xdfe,n\n\xe4,1\n\xf6,2\n', (c) => c.charCodeAt(0))],
])('%s is detected', async (_, bytes) => {
  const { table } = await read(bytes);
  expect(rowsOf(table)).toEqual([
    { größe: 'ä', n: 1 },
    { größe: 'ö', n: 2 },
  ]);
});

test('characters that fall on the border of two pieces are whole', async () => {
  const line = 'ä€𝄞,"x, ""y"""\r\n';
  const { table, repairs } = await read('key word,text\r\n' + line.repeat(120_000));
  expect(table.rows).toBe(120_000);
  expect(table.columns.map((column) => !isNumeric(column) && column.categories)).toEqual([['ä€𝄞'], ['x, "y"']]);
  expect(repairs).toEqual([]);
});

test('types come from all rows: words at the very end make a column of words, spelt as they were', async () => {
  const head = Array.from({ length: 6000 }, (_, i) => `${i % 2},${i}.50\n`).join('');
  const tail = Array.from({ length: 600 }, (_, i) => `1,word ${i}\n`).join('');
  const { table } = await read(`k,x\n${head}${tail}`);
  expect(typesOf(table)).toEqual({ k: 'integer', x: 'text' });
  expect(rowsOf(table)[7].x).toBe('7.50');
  expect(rowsOf(table).at(-1)?.x).toBe('word 599');
});

test('a date column of very many dates stays one', async () => {
  const days = Array.from({ length: 5000 }, (_, i) => new Date(Date.UTC(1990, 0, 1 + i)).toISOString().slice(0, 10));
  const { table } = await read(`when,x\n${days.map((day) => `${day},1`).join('\n')}`);
  expect(typesOf(table).when).toBe('date');
  expect(rowsOf(table).map((row) => row.when)).toEqual(days);
});

test('very many decimal commas are read and counted, also under a header wider than the sample', async () => {
  const names = Array.from({ length: 9000 }, (_, i) => `a long name ${i}`);
  const wide = await read(`${names.join(';')}\n${names.map(() => '1,5').join(';')}\n`);
  expect(wide.delimiter).toBe(';');
  expect(wide.table.columns).toHaveLength(9000);
  const { table, repairs } = await read(`k;x\n${Array.from({ length: 5000 }, (_, i) => `a;${i},5`).join('\n')}`);
  expect(rowsOf(table)[4999].x).toBe(4999.5);
  expect(repairs).toMatchObject([{ kind: 'decimalCommas', count: 5000 }]);
});

test('the progress ends at one, an aborted signal stops it', async () => {
  const seen: [number, number][] = [];
  await read('a\n1\n2\n', { onProgress: (fraction, rows) => seen.push([fraction, rows]) });
  expect(seen.at(-1)).toEqual([1, 2]);
  await expect(read('a\n1\n', { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
});

test('a type that a person gives is kept', async () => {
  const text = 'zip,flag,when,n,t\n01234,1,01/02/2024,1.5,5\n00501,0,03/04/2024,2,x\n';
  const types = { zip: 'category', flag: 'boolean', when: 'date', n: 'integer', t: 'number' } as const;
  const { table, repairs } = await read(text, { types });
  expect(typesOf(table)).toEqual(types);
  expect(rowsOf(table)).toEqual([
    { zip: '01234', flag: '1', when: '2024-02-01', n: null, t: 5 },
    { zip: '00501', flag: '0', when: '2024-04-03', n: 2, t: null },
  ]);
  expect(repairs.map(({ kind, count }) => [kind, count])).toEqual([
    ['ambiguousDates', 2],
    ['unreadableNumbers', 2],
  ]);
  await expect(read(text, { types: { when: 'number' } })).rejects.toThrow(
    /^invalid type 'number' for column 'when'.*'01\/02/,
  );
  await expect(read('c\na\nb\nc\n', { types: { c: 'boolean' } })).rejects.toThrow(
    /^invalid type 'boolean'.*3 different/,
  );
});
