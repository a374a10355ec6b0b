// Drift in several columns at once, which no single column shows: whether a classifier tells the batch from the
// reference, and how well the reference's principal components still say the batch.

import { createRandom } from '../base/random.ts';
import { BOOST_DEFAULTS, type Features, fitBoosted, predictBoosted, splitCounts } from './boost.ts';
import { normalQuantile } from './special.ts';

/** Rows of each side that the classifier sees; more make it slower and hardly surer. */
const MOST_ROWS = 2000;
const FOLDS = 3;

export interface DomainDrift {
  /** area under the ROC curve, held out: 0.5 where they cannot be told apart, 1 where always */
  auc: number;
  /** 95 % interval (Hanley and McNeil 1982) */
  low: number;
  high: number;
  /**
   * what share of the reference's rows counts where they are weighed as the batch's (Kish's effective size by the
   * classifier's odds): 1 where the batch is alike, towards 0 where little of the reference is like it
   */
  overlap: number;
  /** [columns] how often each column was split by, as shares: what the difference lies in */
  importance: number[];
}

/**
 * A domain classifier: boosted trees learn to tell the batch from the reference, each row scored by trees that have not
 * seen it.
 * @param reference, current columns in one order; categories as codes, NaN where missing; none empty
 */
export function detectDomain(reference: Features, current: Features, seed: number): DomainDrift {
  const random = createRandom(seed);
  const pick = (features: Features) => {
    const rows = features[0].length;
    const order = Int32Array.from({ length: rows }, (_, i) => i);
    for (let i = rows - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order.subarray(0, MOST_ROWS);
  };
  const [a, b] = [pick(reference), pick(current)];
  const rows = a.length + b.length;
  const columns = reference.map((values, c) =>
    Float64Array.from({ length: rows }, (_, i) => (i < a.length ? values[a[i]] : current[c][b[i - a.length]])),
  );
  const label = Float64Array.from({ length: rows }, (_, i) => Number(i >= a.length));
  const fold = Uint8Array.from({ length: rows }, (_, i) => (i < a.length ? i : i - a.length) % FOLDS);
  const scores = new Float64Array(rows);
  const splits = new Float64Array(columns.length);
  for (let f = 0; f < FOLDS; f++) {
    const inside = indicesOf(fold, (value) => value !== f);
    const outside = indicesOf(fold, (value) => value === f);
    const part = (index: Int32Array) => columns.map((values) => Float64Array.from(index, (i) => values[i]));
    const model = fitBoosted(
      part(inside),
      Float64Array.from(inside, (i) => label[i]),
      {
        ...BOOST_DEFAULTS,
        trees: 50,
        loss: 'logistic',
      },
    );
    const predicted = predictBoosted(model, part(outside));
    outside.forEach((i, k) => (scores[i] = predicted[k]));
    splitCounts(model).forEach((count, c) => (splits[c] += count));
  }
  const auc = rankArea(scores, label);
  const margin = normalQuantile(0.975) * areaError(auc, b.length, a.length);
  const all = splits.reduce((sum, count) => sum + count, 0);
  return {
    auc,
    low: Math.max(0, auc - margin),
    high: Math.min(1, auc + margin),
    overlap: effectiveShare(scores.subarray(0, a.length)),
    importance: Array.from(splits, (count) => (all > 0 ? count / all : 0)),
  };
}

function indicesOf(values: Uint8Array, wanted: (value: number) => boolean): Int32Array {
  return Int32Array.from(Array.from(values.keys()).filter((i) => wanted(values[i])));
}

/** @param chances of each row to be of the batch */
function effectiveShare(chances: Float64Array): number {
  let [sum, squares] = [0, 0];
  for (const chance of chances) {
    const weight = chance / (1 - chance);
    sum += weight;
    squares += weight * weight;
  }
  return (sum * sum) / squares / chances.length;
}

/** The share of pairs of a 1 and a 0 that are in the right order, ties counted half (Mann and Whitney). */
function rankArea(scores: Float64Array, label: Float64Array): number {
  const order = Array.from(scores.keys()).sort((i, j) => scores[i] - scores[j]);
  let [rankSum, ones] = [0, 0];
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end < order.length && scores[order[end]] === scores[order[start]]) end++;
    const rank = (start + 1 + end) / 2; // ties share their mean rank
    for (let k = start; k < end; k++) {
      if (label[order[k]] === 1) {
        rankSum += rank;
        ones++;
      }
    }
    start = end;
  }
  const zeros = order.length - ones;
  return (rankSum - (ones * (ones + 1)) / 2) / (ones * zeros);
}

/** Standard error of the area by Hanley and McNeil. */
function areaError(auc: number, ones: number, zeros: number): number {
  const q1 = auc / (2 - auc);
  const q2 = (2 * auc * auc) / (1 + auc);
  const variance = auc * (1 - auc) + (ones - 1) * (q1 - auc * auc) + (zeros - 1) * (q2 - auc * auc);
  return Math.sqrt(Math.max(0, variance) / (ones * zeros));
}

/** The principal components of a reference, on standardised columns. */
export interface Components {
  mean: Float64Array;
  /** of each column; 1 where it is constant */
  std: Float64Array;
  /** [components][columns], orthonormal */
  vectors: Float64Array[];
}

/** Share of the variance that the components keep. */
const KEPT_VARIANCE = 0.65; // as NannyML

/**
 * The first components that keep 65 % of the variance, by Jacobi's rotations of the correlation matrix.
 * @param features columns; a missing value counts as the column's mean
 */
export function fitComponents(features: Features): Components {
  const columns = features.length;
  const rows = features[0]?.length ?? 0;
  const mean = new Float64Array(columns);
  const std = new Float64Array(columns);
  features.forEach((values, c) => {
    let [sum, squares, count] = [0, 0, 0];
    for (const value of values) {
      if (Number.isNaN(value)) continue;
      sum += value;
      count++;
    }
    mean[c] = count > 0 ? sum / count : 0;
    for (const value of values) if (!Number.isNaN(value)) squares += (value - mean[c]) ** 2;
    std[c] = Math.sqrt(squares / Math.max(1, count)) || 1;
  });
  const standard = features.map((values, c) => values.map((value) => (Number.isNaN(value) ? 0 : (value - mean[c]) / std[c]))); // prettier-ignore
  const matrix = standard.map((a) =>
    Float64Array.from(standard, (b) => {
      let sum = 0;
      for (let i = 0; i < rows; i++) sum += a[i] * b[i];
      return sum / Math.max(1, rows);
    }),
  );
  const { values, vectors } = eigenOf(matrix);
  const order = Array.from(values.keys()).sort((i, j) => values[j] - values[i]);
  const all = values.reduce((sum, value) => sum + Math.max(0, value), 0);
  const kept: Float64Array[] = [];
  let variance = 0;
  for (const i of order) {
    if (variance >= KEPT_VARIANCE * all) break;
    kept.push(vectors[i]);
    variance += Math.max(0, values[i]);
  }
  return { mean, std, vectors: kept };
}

/** [rows]: the length of what the components cannot say of each row. */
export function reconstructionErrors({ mean, std, vectors }: Components, features: Features): Float64Array {
  const row = new Float64Array(features.length);
  return Float64Array.from({ length: features[0]?.length ?? 0 }, (_, i) => {
    let squares = 0;
    for (let c = 0; c < row.length; c++) {
      const value = features[c][i];
      row[c] = Number.isNaN(value) ? 0 : (value - mean[c]) / std[c];
      squares += row[c] * row[c];
    }
    for (const vector of vectors) {
      let score = 0;
      for (let c = 0; c < row.length; c++) score += row[c] * vector[c];
      squares -= score * score; // the vectors are orthonormal
    }
    return Math.sqrt(Math.max(0, squares));
  });
}

/** Eigenvalues and eigenvectors of a symmetric matrix by cyclic Jacobi rotations. `vectors[k]` belongs to `values[k]`. */
function eigenOf(symmetric: Float64Array[]): { values: number[]; vectors: Float64Array[] } {
  const size = symmetric.length;
  const a = symmetric.map((row) => row.slice());
  const v = Array.from({ length: size }, (_, i) => Float64Array.from({ length: size }, (_, j) => Number(i === j)));
  for (let sweep = 0; sweep < 100; sweep++) {
    let off = 0;
    for (let i = 0; i < size; i++) for (let j = i + 1; j < size; j++) off += a[i][j] ** 2;
    if (off < 1e-22) break;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        if (Math.abs(a[p][q]) < 1e-300) continue;
        const theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
        const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        for (let k = 0; k < size; k++) [a[k][p], a[k][q]] = [c * a[k][p] - s * a[k][q], s * a[k][p] + c * a[k][q]];
        for (let k = 0; k < size; k++) [a[p][k], a[q][k]] = [c * a[p][k] - s * a[q][k], s * a[p][k] + c * a[q][k]];
        for (let k = 0; k < size; k++) [v[p][k], v[q][k]] = [c * v[p][k] - s * v[q][k], s * v[p][k] + c * v[q][k]];
      }
    }
  }
  return { values: a.map((row, i) => row[i]), vectors: v };
}
