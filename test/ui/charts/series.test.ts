import { describe, expect, it } from 'vitest';
import { extentOf, nearestIndex, padded, tableOf, thinLine, type Series } from '../../../src/ui/charts/series.ts';

const line = (name: string, x: number[], y: number[]): Series => ({ name, x, y, style: 'line', tone: 0 });

describe('thinLine', () => {
  it('keeps a short line as it is', () => {
    expect([...thinLine([1, 2, 3], [5, 4, 3], 10)]).toEqual([0, 1, 2]);
  });

  it('keeps both ends and a single spike of a long line, in order, within the bound', () => {
    const x = Float64Array.from({ length: 100_000 }, (_, i) => i);
    const y = Float64Array.from(x, (i) => Math.sin(i / 5000));
    y[43_210] = 99;
    const kept = thinLine(x, y, 300);
    expect(kept[0]).toBe(0);
    expect(kept[kept.length - 1]).toBe(99_999);
    expect(kept).toContain(43_210);
    expect(kept.length).toBeLessThanOrEqual(300 * 4 + 4);
    expect([...kept]).toEqual([...kept].sort((a, b) => a - b));
  });

  it('thins a line whose x never moves', () => {
    expect(thinLine(new Float64Array(1000), new Float64Array(1000), 10).length).toBeLessThanOrEqual(4);
  });
});

describe('extents', () => {
  it('leave out NaN and infinities', () => {
    expect(extentOf([[NaN, 3, Infinity], [-1]])).toEqual({ min: -1, max: 3 });
    expect(extentOf([[NaN], []])).toBeNull();
  });

  it('are never empty once padded', () => {
    expect(padded({ min: 2, max: 2 }, 0.05)).toEqual({ min: 1.8, max: 2.2 });
    expect(padded({ min: 0, max: 0 }, 0.05)).toEqual({ min: -0.5, max: 0.5 });
    expect(padded(null, 0.05)).toEqual({ min: 0, max: 1 });
  });
});

describe('nearestIndex', () => {
  it('finds the nearest of ascending values', () => {
    expect(nearestIndex([1, 2, 4], 3.2)).toBe(2);
    expect(nearestIndex([1, 2, 4], -9)).toBe(0);
    expect(nearestIndex([], 1)).toBe(-1);
  });
});

describe('tableOf', () => {
  it('gives one row an x where the lines share theirs, with gaps as null', () => {
    const table = tableOf([line('a', [1, 2], [5, NaN]), line('b', [1, 2], [7, 8])], 'Epoch', 'Loss');
    expect(table).toEqual({ header: ['Epoch', 'a', 'b'], rows: [[1, 5, 7], [2, null, 8]], total: 2 }); // prettier-ignore
  });

  it('needs no column of names for a single series, and leaves out what is there to compare with', () => {
    const points: Series = { ...line('rows', [3, 1], [4, 2]), style: 'points' };
    const diagonal: Series = { ...line('perfect', [0, 9], [0, 9]), style: 'reference' };
    const { header, rows } = tableOf([points, diagonal], 'Actual', 'Predicted');
    expect([header, ...rows]).toEqual([['Actual', 'Predicted'], [3, 4], [1, 2]]); // prettier-ignore
  });

  it('gives one row a point where they do not, and thins evenly', () => {
    const x = Array.from({ length: 1000 }, (_, i) => i);
    const table = tableOf([line('a', x, x), line('b', [1], [1])], 'x', 'y', 100);
    expect(table.header).toEqual(['Series', 'x', 'y']);
    expect(table.total).toBe(1001);
    expect(table.rows.length).toBeLessThan(110);
    expect(table.rows[0]).toEqual(['a', 0, 0]);
  });
});
