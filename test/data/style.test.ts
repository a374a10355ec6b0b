import { describe, expect, test } from 'vitest';
import { readCsv } from '../../src/data/formats/csv.ts';
import { readJsonLines } from '../../src/data/formats/jsonLines.ts';
import { encodeFeatures, fitPreparation } from '../../src/data/prepare.ts';
import type { ColumnStyle, FeatureEncoding } from '../../src/data/preparation.ts';
import { tableFromRows } from '../../src/data/rows.ts';
import { restyle } from '../../src/data/style.ts';
import type { ColumnType, NumericColumn } from '../../src/data/table.ts';

type Style = Omit<ColumnStyle, 'column'>;
const csv = (cells: readonly string[]) => new Blob([`x;y\n${cells.map((cell) => `${cell};a\n`).join('')}`]);
const styles = (style: Style | undefined): ColumnStyle[] | undefined => style && [{ column: 'x', ...style }];

/** What a training file with these cells says of their style. */
async function learn(cells: readonly string[], type?: ColumnType): Promise<Style | undefined> {
  const { table } = await readCsv(csv(cells), { types: type ? { x: type } : {} });
  return (table.columns[0] as NumericColumn).style;
}

/** The values of new rows for a version with that style, and what is said of them. */
async function readNew(cells: readonly string[], style: Style | undefined, type: ColumnType = 'number') {
  const { table, repairs } = await readCsv(csv(cells), { types: { x: type }, styles: styles(style), lenient: true });
  return {
    values: [...(table.columns[0] as NumericColumn).values],
    told: repairs.map(({ kind, count }) => [kind, count]),
    messages: repairs.map(({ message }) => message),
  };
}

test.each([
  [['1,234', '980', '12,500'], { mark: '.' }],
  [['1,234.50', '7'], { mark: '.' }],
  [['0.5', '12'], { mark: '.' }],
  [['$1,250.00', '$80'], { mark: '.', unit: '$' }],
  [['1.234,50', '7'], { mark: ',' }],
  [['0,5', '12,25'], { mark: ',' }],
  [['12 %', '7 %'], { unit: '%' }],
  [["1'234", '980'], undefined],
  [['1234', '980'], undefined],
  [['13/02/2024', '01/02/2024'], { order: 'dayFirst' }],
  [['02/13/2024', '01/02/2024'], { order: 'monthFirst' }],
  [['2024-01-02', '2024-01-03'], undefined],
] as [string[], Style | undefined][])('%j say %j of their style', async (cells, style) => {
  expect(await learn(cells)).toEqual(style);
});

describe('a row alone is read as the training data was written', () => {
  test.each([
    ['1,234', { mark: '.' }, 1234, [['learnedStyle', 1]]],
    ['1,234', { mark: ',' }, 1.234, [['decimalCommas', 1]]],
    ['1.234', { mark: ',' }, 1234, [['learnedStyle', 1]]],
    ['1.234', { mark: '.' }, 1.234, []],
    ['980', { mark: ',' }, 980, []],
    ['$1,250', { mark: '.', unit: '$' }, 1250, [['learnedStyle', 1]]],
    ['1,234', undefined, 1.234, [['decimalCommas', 1]]], // as ever, where nothing is known
  ] as [string, Style | undefined, number, [string, number][]][])('%s with %j', async (cell, style, value, told) => {
    expect(await readNew([cell], style)).toMatchObject({ values: [value], told });
  });

  test('a date too', async () => {
    const days = (iso: string) => Date.parse(iso) / 86_400_000;
    expect(await readNew(['03/04/2024'], { order: 'monthFirst' }, 'date')).toEqual({
      values: [days('2024-03-04')],
      told: [['learnedStyle', 1]],
      messages: [expect.stringContaining(": '03/04/2024' as 2024-03-04 in column 'x'")],
    });
    const dayFirst = { values: [days('2024-04-03')], told: [] };
    expect(await readNew(['03/04/2024'], { order: 'dayFirst' }, 'date')).toMatchObject(dayFirst);
    expect(await readNew(['2024-04-03'], { order: 'monthFirst' }, 'date')).toMatchObject(dayFirst);
    expect(await readNew(['03/04/2024'], undefined, 'date')).toMatchObject({ ...dayFirst, told: [['ambiguousDates', 1]] }); // prettier-ignore
  });
});

describe('what is plainly written otherwise is read as written, and said', () => {
  test.each([
    [['1.234,50', '2.500'], { mark: '.' }, [1234.5, 2500], [['otherStyle', 2]]],
    [['1,5'], { mark: '.' }, [1.5], [['otherStyle', 1]]],
    [['1.5', '1.234', '7'], { mark: ',' }, [1.5, 1.234, 7], [['otherStyle', 2]]],
    [['1,234.50'], { mark: ',' }, [1234.5], [['otherStyle', 1]]],
    [['12%'], { mark: '.' }, [12], [['otherUnit', 1]]],
    [['€ 5'], { unit: '$' }, [5], [['otherUnit', 1]]],
    [['0.12'], { unit: '%' }, [0.12], [['otherUnit', 1]]],
    [['5'], { unit: '$' }, [5], []],
  ] as [string[], Style, number[], [string, number][]][])('%j with %j', async (cells, style, values, told) => {
    expect(await readNew(cells, style)).toMatchObject({ values, told });
  });

  test('by name and value', async () => {
    expect((await readNew(['1.234,50'], { mark: '.' })).messages).toEqual([
      "1 value written otherwise than in the training data, read as it stands: '1.234,50' as 1234.5 in column 'x'",
    ]);
  });

  test('a date with the day first where the month was', async () => {
    const { told } = await readNew(['25/12/2024', '03/04/2024'], { order: 'monthFirst' }, 'date');
    expect(told).toEqual([['otherStyle', 2]]);
  });
});

describe('a file whose other columns have the other decimal mark', () => {
  async function pair(x: string, z: string, learned: ('.' | ',')[]) {
    const { table, repairs } = await readCsv(new Blob([`x;z;n\n${x};${z};7\n`]), {
      types: { x: 'number', z: 'number' },
      styles: learned.map((mark, i) => ({ column: ['x', 'z', 'n'][i], mark })),
    });
    const values = table.columns.slice(0, 2).map((column) => (column as NumericColumn).values[0]);
    return [...values, ...repairs.map(({ kind, count }) => `${kind} ${count}`)];
  }
  test('has it where a cell leaves it open', async () => {
    expect(await pair('1.234', '12,50', ['.', '.'])).toEqual([1234, 12.5, 'otherStyle 2']);
    expect(await pair('1,234', '12.50', [',', ','])).toEqual([1234, 12.5, 'otherStyle 2']);
    expect(await pair('1,234', '12,50', ['.', '.'])).toEqual([1.234, 12.5, 'otherStyle 2']);
  });
  test('has it not where another column is as it was, or the columns were of several styles', async () => {
    expect(await pair('1.234', '12.50', ['.', '.'])).toEqual([1.234, 12.5]);
    expect(await pair('1,234', '12.50', ['.', '.'])).toEqual([1234, 12.5, 'learnedStyle 1']);
    expect(await pair('1,234', '12.50', ['.', ','])).toEqual([1234, 12.5, 'learnedStyle 1', 'otherStyle 1']);
  });
});

test('a few cells that are spoilt do not turn a whole column over', async () => {
  const cells = [...Array.from({ length: 30 }, (_, i) => `${i + 1},500`), '1,5'];
  const { values, told } = await readNew(cells, { mark: '.' });
  expect(values).toEqual([...Array.from({ length: 30 }, (_, i) => (i + 1) * 1000 + 500), NaN]);
  expect(told).toEqual([
    ['learnedStyle', 30],
    ['unreadableNumbers', 1],
  ]);
});

describe('a column of more spellings than are kept', () => {
  const upTo = (n: number) => Array.from({ length: n }, (_, i) => [1 + Math.floor(i / 900), 100 + (i % 900)]);
  const whole = upTo(6000).map(([thousands, rest]) => 1000 * thousands + rest);

  test.each([
    [',', '.'],
    ['.', ','],
  ] as const)('is read by its style: %s before thousands', async (sign, mark) => {
    const { values, told } = await readNew(upTo(6000).map((parts) => parts.join(sign)), { mark }); // prettier-ignore
    expect(values).toEqual(whole);
    expect(told).toEqual([['learnedStyle', 6000]]);
    expect((await readNew(upTo(9000).map((parts) => parts.join(mark)), { mark })).values[8999]).toBe(10.999); // prettier-ignore
  });

  test('is turned by another column', async () => {
    const lines = upTo(6000).map((parts) => `${parts.join('.')};1,5`);
    const { table } = await readCsv(new Blob([['x;z', ...lines].join('\n')]), {
      types: { x: 'number', z: 'number' },
      styles: ['x', 'z'].map((column) => ({ column, mark: '.' })),
    });
    expect([...(table.columns[0] as NumericColumn).values]).toEqual(whole);
  });
});

test('whole numbers have no decimal comma', async () => {
  expect(await readNew(['1,234'], undefined, 'integer')).toMatchObject({ values: [1234], told: [['spelledNumbers', 1]] }); // prettier-ignore
});

test('numbers of JSON are what they are, and say nothing of how text is written', async () => {
  const read = async (text: string) => (await readJsonLines(new Blob([text]), { types: { x: 'number' }, styles: styles({ mark: ',' }) })).table.columns[0] as NumericColumn; // prettier-ignore
  expect(await read('{"x": 1.234}\n')).toEqual({ name: 'x', type: 'number', values: Float64Array.of(1.234) });
  expect((await read('{"x": "1.234"}\n')).values).toEqual(Float64Array.of(1234));
});

test('a preparation keeps the styles of the columns that are used, and reads labels and rows by them', async () => {
  const { table } = await readCsv(new Blob(['x;z;n;y\n1,234;0,5;1,5;a\n980;1,5;2,5;b\n12,500;2;0,5;a\n']));
  const column = (name: string, role: 'feature' | 'meta' | 'ignore') => ({ name, type: 'number' as const, role });
  const specs = [column('x', 'feature'), column('z', 'meta'), column('n', 'ignore')];
  const preparation = fitPreparation(
    table,
    specs,
    { kind: 'classes', labels: ['a', 'b'] },
    { numbers: { impute: 'mean', scale: 'none' }, categories: { impute: 'mostFrequent', maxCategories: 5 } },
    Int32Array.of(0, 1, 2),
  );
  expect(preparation.styles).toEqual([
    { column: 'x', mark: '.' },
    { column: 'z', mark: ',' },
  ]);
  const labels = { name: 'x', type: 'category', codes: Int32Array.of(0, -1), categories: ['1,234'] } as const;
  expect(encodeFeatures({ rows: 2, columns: [{ ...labels, categories: ['1,234'] }] }, preparation)[0]).toBe(1234);
  expect(JSON.parse(JSON.stringify(preparation))).toEqual(preparation);
});

const features: FeatureEncoding[] = [
  { kind: 'number', column: 'x', type: 'number', fill: 0, center: 0, scale: 1 },
  { kind: 'number', column: 'on', type: 'date', fill: 0, center: 0, scale: 1 },
];
const rowsOf = (x: (string | number)[], style: Style) =>
  (tableFromRows(x.map((each) => ({ x: each, on: 0 })), { features, styles: styles(style) }).columns[0] as NumericColumn).values; // prettier-ignore

test('text in rows is read by the style, a number is what it is, and what is neither is refused', () => {
  expect([...rowsOf(['1,234', '$5', 1.234, ''], { mark: '.', unit: '$' })]).toEqual([1234, 5, 1.234, NaN]);
  expect([...rowsOf(['1.234', '12,5', 1.234], { mark: ',' })]).toEqual([1234, 12.5, 1.234]);
  expect(() => rowsOf(['12.5'], { mark: ',' })).toThrow(/'12.5' .*: give a number, or text with a decimal comma/);
  expect(() => rowsOf(['1.234,50'], { mark: '.' })).toThrow(/^invalid value '1.234,50' in row 1, column 'x'/);
  const dates = (order: 'dayFirst' | 'monthFirst') =>
    (tableFromRows([{ x: 0, on: '03/04/2024' }], { features, styles: [{ column: 'on', order }] }).columns[1] as NumericColumn).values[0]; // prettier-ignore
  expect(dates('dayFirst') - dates('monthFirst')).toBe(30);
});

test('a file that Lathe has written itself says nothing of how the data came', async () => {
  const { columns } = (await readCsv(csv(['1.5', '1.234']))).table;
  const before = [{ name: 'x', type: 'number' as const, values: Float64Array.of(1), style: { mark: ',' as const } }];
  expect(restyle(columns, before)[0]).toMatchObject({ style: { mark: ',' } });
  expect(restyle(columns, [])[0]).not.toHaveProperty('style');
});
