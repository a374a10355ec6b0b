// What a chart draws, as plain values: series of points, their extent, their thinning to the width of the screen, and
// the same points as a table. Pure, so that it is tested without a browser; `Plot.svelte` does the drawing.

/** Points in order of `x` for a line, in any order for `points`. Both arrays have one length; NaN is a gap. */
export interface Series {
  name: string;
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  /** `faint`: a thin line behind the others, left out of the hover readout; `reference`: a thin dashed line to compare with */
  style: 'line' | 'faint' | 'reference' | 'points';
  /** which of the series colours and markers it takes, from 0 */
  tone: number;
  /** which dash pattern it takes; its tone where absent */
  dash?: number;
  /** ends of an interval around each y: a band along a line, a whisker through a point; NaN is none */
  low?: ArrayLike<number>;
  high?: ArrayLike<number>;
}

/** A vertical line with a word to it, such as the best epoch. */
export interface Mark {
  x: number;
  label: string;
}

export interface Extent {
  min: number;
  max: number;
}

export const TONES = 3;

/** Dash patterns in CSS pixels, so that lines are told apart without colour. */
const DASHES: readonly (readonly number[])[] = [[], [7, 4], [2, 3], [10, 3, 2, 3]];

/** The dash pattern of a series. */
export function dashOf(series: Series): readonly number[] {
  if (series.style === 'reference') return [3, 4];
  return series.style === 'line' ? DASHES[(series.dash ?? series.tone) % DASHES.length] : [];
}

/** The least and the greatest finite value, or null where there is none. */
export function extentOf(arrays: ArrayLike<number>[]): Extent | null {
  let min = Infinity;
  let max = -Infinity;
  for (const values of arrays) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (!Number.isFinite(value)) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  return min <= max ? { min, max } : null;
}

/** Widens an extent by `share` of its length on both sides; an extent of one value gets a unit of its own size around it. */
export function padded(extent: Extent | null, share: number): Extent {
  if (!extent) return { min: 0, max: 1 };
  const length = extent.max - extent.min;
  const pad = length > 0 ? length * share : Math.abs(extent.max) * 0.1 || 0.5;
  return { min: extent.min - pad, max: extent.max + pad };
}

/**
 * Thins a line to at most four points for each of `buckets` equal stretches of x: its first, lowest, highest and last,
 * so that no spike is lost. Gives the indices to keep, ascending. Few points are kept as they are.
 */
export function thinLine(x: ArrayLike<number>, y: ArrayLike<number>, buckets: number): Uint32Array {
  const rows = Math.min(x.length, y.length);
  if (rows <= buckets * 4) return Uint32Array.from({ length: rows }, (_, i) => i);
  const kept = new Uint32Array(buckets * 4 + 4);
  let count = 0;
  const start = x[0];
  const width = (x[rows - 1] - start) / buckets || 1;
  let first = 0;
  while (first < rows) {
    const bucket = Math.floor((x[first] - start) / width);
    let low = first;
    let high = first;
    let last = first;
    while (last + 1 < rows && Math.floor((x[last + 1] - start) / width) === bucket) {
      last++;
      if (!(y[last] >= y[low])) low = last;
      if (!(y[last] <= y[high])) high = last;
    }
    for (const i of [first, Math.min(low, high), Math.max(low, high), last]) {
      if (count === 0 || kept[count - 1] < i) kept[count++] = i;
    }
    first = last + 1;
  }
  return kept.slice(0, count);
}

/** The index of the value nearest to `target` in ascending `values`, or -1 where there is none. */
export function nearestIndex(values: ArrayLike<number>, target: number): number {
  let low = 0;
  let high = values.length - 1;
  if (high < 0) return -1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (values[middle] < target) low = middle;
    else high = middle;
  }
  return Math.abs(values[low] - target) <= Math.abs(values[high] - target) ? low : high;
}

export interface SeriesTable {
  header: string[];
  rows: (string | number | null)[][];
  /** rows there would be without the limit */
  total: number;
}

/**
 * The series as a table: one row for each x and one column a series where they share their x, else one row a point.
 * Thinned evenly to about `limit` rows; what is only there to compare with (faint, reference) is left out.
 */
export function tableOf(all: Series[], xLabel: string, yLabel: string, limit = 200): SeriesTable {
  const shown = all.filter((s) => s.style === 'line' || s.style === 'points');
  const total = shown.reduce((sum, s) => sum + s.x.length, 0);
  if (shown.length > 0 && shown.every((s) => sameValues(s.x, shown[0].x))) {
    const { x } = shown[0];
    const columns = shown.flatMap(({ name, y, low, high }) => {
      const own = shown.length === 1 ? yLabel : name;
      const ends = low && high ? [{ name: `${own}, from`, y: low }, { name: `${own}, to`, y: high }] : []; // prettier-ignore
      return [{ name: own, y }, ...ends];
    });
    const rows = evenly(x.length, limit).map((i) => [x[i], ...columns.map(({ y }) => finite(y[i]))]);
    return { header: [xLabel, ...columns.map(({ name }) => name)], rows, total: x.length };
  }
  const rows = shown.flatMap((s) => {
    const share = Math.max(2, Math.floor((limit * s.x.length) / Math.max(1, total)));
    return evenly(s.x.length, share).map((i) => [s.name, s.x[i], finite(s.y[i])]);
  });
  return { header: ['Series', xLabel, yLabel], rows, total };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function sameValues(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** At most `limit` indices of `total`, evenly spread, first and last among them. */
function evenly(total: number, limit: number): number[] {
  if (total <= limit) return Array.from({ length: total }, (_, i) => i);
  return Array.from({ length: limit }, (_, k) => Math.round((k * (total - 1)) / (limit - 1)));
}
