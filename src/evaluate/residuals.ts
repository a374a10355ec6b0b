// What a model of values gets wrong, for drawing: a sample of rows and a histogram of all residuals.

export interface Residuals {
  /** a sample of at most 2,000 rows, evenly spaced: [points] */
  actual: number[];
  predicted: number[];
  /** of actual - predicted, over all rows; `edges` is one longer than `counts` */
  histogram: { edges: number[]; counts: number[] };
}

/** Rows of a sample are at most this many. */
export const MAX_SAMPLE = 2000;
const MAX_BINS = 40;

/**
 * A sample by even steps through the rows, and the histogram of actual - predicted: `numpy.histogram` with the square root
 * of the rows as bins, 40 at most.
 * @param actual [rows]
 * @param predicted [rows], finite
 */
export function sampleResiduals(actual: Float64Array, predicted: Float64Array): Residuals {
  const rows = actual.length;
  const points = Math.min(rows, MAX_SAMPLE);
  const sample = Array.from({ length: points }, (_, i) => Math.floor((i * rows) / points));
  return {
    actual: sample.map((row) => actual[row]),
    predicted: sample.map((row) => predicted[row]),
    histogram: histogram(
      actual.map((value, row) => value - predicted[row]),
      Math.min(MAX_BINS, Math.ceil(Math.sqrt(rows))),
    ),
  };
}

/** Equal bins from the smallest to the largest value, half-open but for the last; equal values get 1 of width around them. */
function histogram(values: Float64Array, bins: number): { edges: number[]; counts: number[] } {
  if (values.length === 0) return { edges: [], counts: [] };
  let low = values[0];
  let high = values[0];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low === high) {
    const half = Math.max(0.5, Math.abs(low) * Number.EPSILON); // below that, a large number would not move
    low -= half;
    high += half;
  }
  const width = high - low;
  const edges = Array.from({ length: bins + 1 }, (_, i) => (i === bins ? high : low + i * (width / bins)));
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    let bin = Math.min(bins - 1, Math.floor(((value - low) / width) * bins));
    if (value < edges[bin])
      bin--; // rounding may have crossed an edge
    else if (bin < bins - 1 && value >= edges[bin + 1]) bin++;
    counts[bin]++;
  }
  return { edges, counts };
}
