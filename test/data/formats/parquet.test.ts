import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import type { CompressionCodec, SchemaElement } from 'hyparquet';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../src/base/random.ts';
import { readParquet } from '../../../src/data/formats/parquet.ts';
import { tableToRows } from '../../../src/data/rows.ts';
import { type Column, isNumeric, type Table } from '../../../src/data/table.ts';
import type { ReadTableOptions } from '../../../src/data/tableBuilder.ts';

type Written = Omit<Parameters<typeof parquetWriteBuffer>[0], 'columnData'>;
const write = (columnData: ColumnSource[], o: Written = {}) => parquetWriteBuffer({ columnData, ...o });
const read = (bytes: BlobPart, o?: ReadTableOptions) => readParquet(new Blob([bytes]), o);
const rowsOf = ({ table }: { table: Table }) => tableToRows(table, [...Array(table.rows).keys()]);
const lengthOf = (column: Column) => (isNumeric(column) ? column.values : column.codes).length;
const typesOf = ({ table }: { table: Table }) => table.columns.map(({ name, type }) => [name, type]);

/** A frame of Zstandard (RFC 8878) that holds its bytes as they are. */
function storedByZstd(input: Uint8Array): Uint8Array {
  const frame = new Uint8Array(12 + input.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, 0xfd2fb528, true);
  view.setUint8(4, 0xa0); // one segment, whose size has four bytes
  view.setUint32(5, input.length, true);
  view.setUint16(9, (1 | (input.length << 3)) & 0xffff, true); // the last block, as it is
  view.setUint8(11, input.length >> 13);
  frame.set(input, 12);
  return frame;
}

const MANY = 1_500;
const random = createRandom(1);
/** Several pages and row groups, a dictionary, runs of nulls. */
const many = (o: Written = {}) =>
  write(
    [
      {
        name: 'x',
        data: Array.from({ length: MANY }, (_, i) => (i % 7 === 3 ? null : random.normal())),
        type: 'DOUBLE',
      },
      { name: 'n', data: Array.from({ length: MANY }, (_, i) => (i > 400 && i < 900 ? null : i % 11)), type: 'INT32' },
      { name: 'kind', data: Array.from({ length: MANY }, (_, i) => (i % 5 === 0 ? null : `kind ${i % 3}`)), type: 'STRING' }, // prettier-ignore
      { name: 'ok', data: Array.from({ length: MANY }, (_, i) => i % 4 === 0), type: 'BOOLEAN' },
    ],
    { rowGroupSize: 600, pageSize: 1_000, ...o },
  );

it('keeps the types of the file: numbers, texts that look like numbers, booleans, times, nulls', async () => {
  const at = new Date('2024-02-29T13:30:00Z');
  const bytes = write([
    { name: 'size', data: [1.5, null, -2], type: 'DOUBLE' },
    { name: 'third', data: [0.1, 0.25, null], type: 'FLOAT' },
    { name: 'zip', data: ['01067', '10115', '01067'], type: 'STRING' },
    { name: 'ok', data: [true, false, null], type: 'BOOLEAN' },
    { name: 'at', data: [at, null, new Date(0)], type: 'TIMESTAMP' },
    { name: 'empty', data: [null, null, null], type: 'INT32' },
    { name: '__proto__', data: ['a', 'b', 'a'], type: 'STRING' },
  ]);
  const result = await read(bytes);
  expect(typesOf(result)).toEqual([
    ['size', 'number'],
    ['third', 'number'],
    ['zip', 'category'],
    ['ok', 'boolean'],
    ['at', 'date'],
    ['empty', 'number'],
    ['__proto__', 'category'],
  ]);
  const [first, second, third] = rowsOf(result);
  expect(first).toMatchObject({ size: 1.5, third: 0.1, zip: '01067', ok: 'true', at: '2024-02-29T13:30:00Z', empty: null }); // prettier-ignore
  expect(Object.entries(second)).toEqual([['size', null], ['third', 0.25], ['zip', '10115'], ['ok', 'false'], ['at', null], ['empty', null], ['__proto__', 'b']]); // prettier-ignore
  expect(third).toMatchObject({ size: -2, third: null, ok: null, at: '1970-01-01' });
  expect(result.repairs.map(({ kind }) => kind)).toEqual(['emptyColumns']);
});

it('reads dates and decimals by the schema, and a field of a struct as a column', async () => {
  const schema: SchemaElement[] = [
    { name: 'root', num_children: 3 },
    { name: 'day', type: 'INT32', converted_type: 'DATE', repetition_type: 'OPTIONAL' },
    { name: 'price', type: 'FIXED_LEN_BYTE_ARRAY', type_length: 5, converted_type: 'DECIMAL', scale: 2, precision: 10, repetition_type: 'OPTIONAL' }, // prettier-ignore
    { name: 'home', num_children: 2, repetition_type: 'OPTIONAL' },
    { name: 'city', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' },
    { name: 'floor', type: 'INT32', repetition_type: 'REQUIRED' },
  ];
  const columns = [
    { name: 'day', data: [new Date('2024-05-31'), null, new Date('1969-12-31')] },
    { name: 'price', data: [1.1, -12.34, null] },
    { name: 'home', data: [{ city: 'Ulm', floor: 2 }, null, { city: null, floor: -1 }] },
  ];
  expect(rowsOf(await read(write(columns, { schema })))).toEqual([
    { day: '2024-05-31', price: 1.1, 'home.city': 'Ulm', 'home.floor': 2 },
    { day: null, price: -12.34, 'home.city': null, 'home.floor': null },
    { day: '1969-12-31', price: null, 'home.city': null, 'home.floor': -1 },
  ]);
});

it('keeps whole numbers beyond 2^53 as text, unless they are to be numbers, and says so', async () => {
  const bytes = write([{ name: 'hash', data: [9007199254740993n, 1n, null, 9007199254740993n], type: 'INT64' }]);
  const kept = await read(bytes);
  expect(rowsOf(kept).map(({ hash }) => hash)).toEqual(['9007199254740993', '1', null, '9007199254740993']);
  expect(kept.repairs).toMatchObject([{ kind: 'largeIntegers', count: 2 }]);
  const rounded = await read(bytes, { types: { hash: 'number' } });
  expect(rowsOf(rounded).map(({ hash }) => hash)).toEqual([9007199254740992, 1, null, 9007199254740992]);
  expect(rounded.repairs).toMatchObject([{ kind: 'roundedIntegers', count: 2 }]);
  const small = await read(write([{ name: 'n', data: [3n, 5n, 4n], type: 'INT64' }]));
  expect(typesOf(small)).toEqual([['n', 'integer']]);
});

it.each<[CompressionCodec, ((input: Uint8Array) => Uint8Array)?]>([
  ['UNCOMPRESSED'],
  ['SNAPPY'],
  ['GZIP', (input) => gzipSync(input)],
  ['ZSTD', storedByZstd],
])('reads many pages and row groups that are compressed by %s', async (codec, compress) => {
  const bytes = many({ codec, compressors: compress && { [codec]: compress } });
  const result = await read(bytes);
  const rows = rowsOf(result);
  expect(rows).toHaveLength(MANY);
  rows.forEach((row, i) => {
    const { n, kind, ok } = row;
    expect({ n, kind, ok, x: row.x === null }).toEqual({
      n: i > 400 && i < 900 ? null : i % 11,
      kind: i % 5 === 0 ? null : `kind ${i % 3}`,
      ok: String(i % 4 === 0),
      x: i % 7 === 3,
    });
  });
});

it.each<[string, ColumnSource]>([
  ['DELTA_BINARY_PACKED', { name: 'v', data: Array.from({ length: 500 }, (_, i) => i * i - 9), type: 'INT32' }],
  ['BYTE_STREAM_SPLIT', { name: 'v', data: Array.from({ length: 500 }, (_, i) => i / 8), type: 'DOUBLE' }],
  ['DELTA_BYTE_ARRAY', { name: 'v', data: Array.from({ length: 500 }, (_, i) => `row-${i % 50}`), type: 'STRING' }],
])('reads the encoding %s', async (encoding, column) => {
  const result = await read(write([{ ...column, encoding } as ColumnSource]));
  expect(rowsOf(result).map(({ v }) => v)).toEqual(column.data);
});

it('takes the types that a person has said', async () => {
  const bytes = write([
    { name: 'a', data: [1, 2, 1], type: 'INT32' },
    { name: 'b', data: ['1.5', 'x', '2'], type: 'STRING' },
  ]);
  const { table, repairs } = await read(bytes, { types: { a: 'category', b: 'number' } });
  expect(table.columns).toMatchObject([
    { type: 'category', categories: ['1', '2'] },
    { type: 'number', values: Float64Array.of(1.5, NaN, 2) },
  ]);
  expect(repairs).toMatchObject([{ kind: 'unreadableNumbers', count: 1 }]);
});

function expectRefused(error: Error): { table: null } {
  expect(error.name, error.stack).toBe('UserError');
  return { table: null };
}

describe('a bad file', () => {
  const bytes = () => new Uint8Array(many());
  const change = (offset: number, value: number) => {
    const changed = bytes();
    new DataView(changed.buffer).setUint32(offset < 0 ? changed.length + offset : offset, value, true);
    return changed;
  };
  const list = (): [ColumnSource[], Written] => [
    [{ name: 'tags', data: [['a'], ['b', 'c']] }],
    {
      schema: [
        { name: 'root', num_children: 1 },
        { name: 'tags', repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        { name: 'element', repetition_type: 'OPTIONAL', type: 'BYTE_ARRAY', converted_type: 'UTF8' },
      ],
    },
  ];
  it.each<[string, () => Uint8Array | ArrayBuffer | string, RegExp]>([
    ['without a footer', () => bytes().subarray(0, -200), /^invalid Parquet file: it has no footer, so it is cut off/],
    ['of the eight bytes PAR1PAR1', () => 'PAR1PAR1', /^invalid Parquet file: it has no footer/],
    ['with a footer of 2^31 bytes', () => change(-8, 2 ** 31), /^invalid Parquet file: its footer cannot be read/],
    ['with a footer of zeros', () => bytes().fill(0, -500, -8), /^invalid Parquet file/],
    ['with a cut page', () => bytes().fill(0, 4, 400), /^invalid Parquet file: column 'x' cannot be read/],
    ['that is encrypted', () => change(-4, 0x45524150), /^unsupported Parquet file: it is encrypted/],
    [
      'without rows',
      () => write([{ name: 'a', data: [], type: 'INT32' }]),
      /^missing rows: the Parquet file has columns/,
    ],
    ['of lists', () => write(...list()), /^unsupported column 'tags' of the Parquet file: it holds lists/],
    ['of bytes', () => write([{ name: 'b', data: [new Uint8Array(3)] }], { schema: [{ name: 'root', num_children: 1 }, { name: 'b', type: 'FIXED_LEN_BYTE_ARRAY', type_length: 3, repetition_type: 'REQUIRED' }] }), /^unsupported column 'b' of the Parquet file: it holds bytes/], // prettier-ignore
    ['by a codec that is not read', () => many({ codec: 'LZO', compressors: { LZO: (input) => input } }), /^unsupported column 'x' of the Parquet file: it is compressed by LZO/], // prettier-ignore
  ])('%s is refused with a sentence', async (_, make, message) => {
    await expect(read(make() as BlobPart)).rejects.toThrow(message);
  });

  it('that declares more rows than it has, or unpacks to more than it may, is refused at once', async () => {
    const plain = write([{ name: 'a', data: Array.from({ length: 64 }, (_, i) => i * i), type: 'INT32', encoding: 'PLAIN', nullable: false }], { codec: 'UNCOMPRESSED', statistics: false, rowGroupSize: 64 }); // prettier-ignore
    const view = new Uint8Array(plain);
    // thrift's zigzag of 64 is 0x80 0x01, two bytes; 8,191 is the most that two hold
    const rows = [...view.keys()].filter((i) => view[i] === 0x80 && view[i + 1] === 0x01);
    expect(rows.length).toBeGreaterThan(2);
    for (const at of rows) {
      const lying = view.slice();
      lying.set([0xfe, 0x7f], at);
      const { table } = await read(lying).catch(expectRefused);
      expect(table?.rows ?? 64).toBe(64);
    }
    const lying = view.slice();
    for (const at of rows) lying.set([0xfe, 0x7f], at); // consistently
    await expect(read(lying)).rejects.toThrow(/^invalid Parquet file: column 'a' cannot be read/);
    // a run that says to be 2^31 long, in a page of 500 rows
    const runs = new Uint8Array(write([{ name: 'a', data: new Array(500).fill(true), type: 'BOOLEAN', encoding: 'RLE', nullable: false }], { codec: 'UNCOMPRESSED', statistics: false })); // prettier-ignore
    const run = [...runs.keys()].find((i) => runs[i] === 0xe8 && runs[i + 1] === 0x07 && runs[i + 2] === 1)!;
    expect(run).toBeGreaterThan(0);
    runs.set([0xfe, 0xff], run); // goes on into what follows
    const { table } = await read(runs).catch(expectRefused);
    expect(table?.rows ?? 500).toBe(500);
    const packed = gzipSync(new Uint8Array(20 * 2 ** 20));
    const bomb = write([{ name: 'a', data: ['x', 'y'], type: 'STRING' }], {
      codec: 'GZIP',
      compressors: { GZIP: () => packed },
    });
    await expect(read(bomb)).rejects.toThrow(/^invalid Parquet file: column '\w+' cannot be read/);
  });

  it('with any three bytes changed is refused, or read as so many rows of the same columns', async () => {
    const good = new Uint8Array(many({ codec: 'SNAPPY' }));
    const draw = createRandom(5);
    let refused = 0;
    for (let i = 0; i < 150; i++) {
      const changed = good.slice();
      for (let k = 0; k < 3; k++) changed[draw.below(changed.length)] = draw.below(256);
      const { table } = await read(changed).catch(expectRefused);
      if (!table) refused++;
      else expect([table.rows, ...table.columns.map(lengthOf)]).toEqual([MANY, MANY, MANY, MANY, MANY]);
    }
    expect(refused).toBeGreaterThan(20);
  });
});
