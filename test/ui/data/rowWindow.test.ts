import { describe, expect, it } from 'vitest';
import { columnWindow, rowWindow } from '../../../src/ui/data/rowWindow.ts';

describe('rowWindow', () => {
  it('lays rows out where they are while the table is short', () => {
    const seen = rowWindow(1000, 28, 280, 2800);
    expect(seen.height).toBe(28_000);
    expect(seen.first).toBe(100);
    expect(seen.last).toBe(110);
    expect(seen.top).toBe(seen.start * 28);
  });

  it('keeps a table of a hundred million rows below the height that browsers draw', () => {
    expect(rowWindow(1e8, 28, 500, 0).height).toBeLessThan(16_000_000);
  });

  it.each([1, 17, 1000, 1_000_000, 100_000_000])('reaches the first and the last of %i rows', (rows) => {
    const start = rowWindow(rows, 28, 500, 0);
    expect(start.start).toBe(0);
    expect(start.top).toBeCloseTo(0);
    const end = rowWindow(rows, 28, 500, Math.max(0, start.height - 500));
    expect(end.end).toBe(rows);
    // the last row's lower edge is the lower edge of what is scrolled
    expect(end.top + (rows - end.start) * 28).toBeCloseTo(end.height, 3);
  });

  it('has nothing to draw in a table without rows', () => {
    const seen = rowWindow(0, 28, 500, 0);
    expect(seen.end - seen.start).toBe(0);
  });
});

describe('columnWindow', () => {
  it('takes the columns in sight and one on either side', () => {
    const edges = Array.from({ length: 301 }, (_, i) => i * 100);
    expect(columnWindow(edges, 500, 10_050)).toEqual({ start: 99, end: 107 });
    expect(columnWindow(edges, 500, 0).start).toBe(0);
    expect(columnWindow(edges, 500, 29_500).end).toBe(300);
  });
});
