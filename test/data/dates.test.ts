import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dateOrders, formatDate, parseDate } from '../../src/data/dates.ts';

test('a date is written and read again to the millisecond', () => {
  const date = fc.date({ min: new Date('0100-01-01'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true });
  fc.assert(
    fc.property(date, (at) => {
      const text = formatDate(at.getTime() / 86_400_000);
      expect(Math.abs(parseDate(text, 'yearFirst') * 86_400_000 - at.getTime())).toBeLessThan(1);
    }),
  );
});

test.each([
  ['1970-01-02', 'yearFirst', 1],
  ['1970/1/2', 'yearFirst', 1],
  ['1970-01-01 12:00', 'yearFirst', 0.5],
  ['1970-01-01T12:00:00Z', 'yearFirst', 0.5],
  ['1970-01-01T12:00:00+12:00', 'yearFirst', 0],
  ['02.01.1970', 'dayFirst', 1],
  ['01/02/1970', 'monthFirst', 1],
] as const)('%s (%s) is day %d', (text, order, days) => {
  expect(parseDate(text, order)).toBeCloseTo(days, 12);
});

test.each([
  '2023-02-29',
  '2024-13-01',
  '2024-1/2',
  '1970-01-01T25:00',
  '12345678',
  '2024',
  '1.2.3',
  'today',
  '31/12-2020',
])('%s is no date', (text) => expect(dateOrders(text)).toEqual([]));

test('a date says which orders it allows', () => {
  expect(dateOrders('05/06/2024')).toEqual(['dayFirst', 'monthFirst']);
  expect(dateOrders('05.06.2024')).toEqual(['dayFirst']);
  expect(dateOrders('05/16/2024')).toEqual(['monthFirst']);
});
