import { expect, it } from 'vitest';
import {
  formatBytes,
  formatDay,
  formatDuration,
  formatNumber,
  formatPercent,
  formatPValue,
  formatQuantity,
  shorten,
} from '../../../src/ui/parts/format.ts';

it('never rounds a share to all or nothing that is neither', () => {
  expect(formatPercent(0)).toBe('0.0 %');
  expect(formatPercent(1)).toBe('100.0 %');
  expect(formatPercent(0.00001)).toBe('< 0.1 %');
  expect(formatPercent(0.99999)).toBe('> 99.9 %');
  expect(formatPercent(0.9731)).toBe('97.3 %');
});

it('writes numbers with four digits, and powers of ten only where they help', () => {
  expect([0, 5, -3.14159, 12345, 0.04996, 1e-9, 2.5e12].map(formatNumber)).toEqual([
    '0',
    '5',
    '-3.142',
    '12,345',
    '0.04996',
    '1.00e-9',
    '2.50e+12',
  ]);
  expect([NaN, null, undefined, -Infinity].map(formatNumber)).toEqual(['–', '–', '–', '-∞']);
});

it('writes a chance with two digits, and none that is next to none', () => {
  expect([0.04321, 1, 0.0001, 4e-323, 0].map(formatPValue)).toEqual(['0.043', '1', '0.0001', '< 0.0001', '< 0.0001']);
});

it('leaves out the middle of a long name, and splits no sign of it', () => {
  expect(shorten('customers')).toBe('customers');
  expect(shorten('who leaves? (2023, Größe)')).toBe('who leaves? … Größe)');
  expect([...shorten('🏠'.repeat(30))]).toEqual([...'🏠'.repeat(12), '…', ...'🏠'.repeat(7)]);
});

it('writes sizes, durations, days and quantities as they are said', () => {
  expect([999, 15_234, 3_100_000].map(formatBytes)).toEqual(['999 B', '15.2 kB', '3.10 MB']);
  expect([340, 9_400, 59_900, 200_000, 7_500_000].map(formatDuration)).toEqual([
    '340 ms',
    '9.4 s',
    '60 s',
    '3 min 20 s',
    '2 h 5 min',
  ]);
  expect([0, 0.5, 20_000, NaN].map(formatDay)).toEqual(['1970-01-01', '1970-01-01 12:00', '2024-10-04', '–']);
  expect(formatQuantity(1, 'row')).toBe('1 row');
  expect(formatQuantity(1797, 'row')).toBe('1,797 rows');
});
