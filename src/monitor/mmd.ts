// Whether two samples of points in many dimensions come from one distribution: the maximum mean discrepancy (Gretton et al.
// 2012, "A Kernel Two-Sample Test", Journal of Machine Learning Research 13), with a p-value by permutation, which holds for
// any sample size and assumes nothing of the points.

import type { Random } from '../base/random.ts';

export interface Discrepancy {
  /** unbiased estimate of the squared discrepancy: about 0, also below it, where the samples are alike */
  squared: number;
  /** share of the permutations, this one counted, with at least so large a discrepancy */
  pValue: number;
  /** of the Gaussian kernel: the median distance of two points of both samples */
  bandwidth: number;
}

/**
 * k(a, b) = exp(-|a - b|² / 2σ²); MMD² is the mean of k over pairs within the first sample and over pairs within the second,
 * less twice its mean over pairs across them, no point paired with itself.
 * @param first, second [points, width], at least two points each
 * @param permutations as many as are drawn
 */
export function compareSamples(
  first: Float32Array,
  second: Float32Array,
  width: number,
  { permutations = 999, random }: { permutations?: number; random: Random },
): Discrepancy {
  const [m, n] = [first.length / width, second.length / width];
  const all = new Float32Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  const distances = squaredDistances(all, width);
  const bandwidth = Math.sqrt(medianOf(distances.filter((_, at) => at % (m + n) < Math.floor(at / (m + n)))));
  // where all points are one, any bandwidth will do
  const kernel = distances.map((squared) => Math.exp(-squared / (2 * (bandwidth || 1) ** 2)));
  const rowSums = Float64Array.from({ length: m + n }, (_, i) => {
    let sum = -1; // itself
    for (let j = 0; j < m + n; j++) sum += kernel[i * (m + n) + j];
    return sum;
  });
  const total = rowSums.reduce((sum, own) => sum + own, 0);
  const order = Int32Array.from({ length: m + n }, (_, i) => i);
  /** of the points that the first `m` places of the order name against the others */
  const discrepancy = () => {
    let [within, touching] = [0, 0];
    for (let a = 0; a < m; a++) {
      touching += rowSums[order[a]];
      const row = order[a] * (m + n);
      for (let b = 0; b < a; b++) within += 2 * kernel[row + order[b]];
    }
    const across = touching - within;
    return within / (m * (m - 1)) + (total - 2 * across - within) / (n * (n - 1)) - (2 * across) / (m * n);
  };
  const squared = discrepancy();
  let asLarge = 1;
  for (let p = 0; p < permutations; p++) {
    for (let i = 0; i < m; i++) {
      const j = i + random.below(m + n - i);
      [order[i], order[j]] = [order[j], order[i]];
    }
    if (discrepancy() >= squared - 1e-12) asLarge++; // the same split in another order is no smaller
  }
  return { squared, pValue: asLarge / (permutations + 1), bandwidth };
}

/** [points, points] */
function squaredDistances(points: Float32Array, width: number): Float64Array {
  const count = points.length / width;
  const squared = new Float64Array(count * count);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let k = 0; k < width; k++) sum += (points[i * width + k] - points[j * width + k]) ** 2;
      squared[i * count + j] = squared[j * count + i] = sum;
    }
  }
  return squared;
}

/** Of an even number of values the mean of the two in the middle. */
function medianOf(values: Float64Array): number {
  values.sort();
  const middle = values.length >> 1;
  return values.length % 2 === 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}
