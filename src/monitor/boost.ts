// Gradient boosting over histograms: many small trees, each fitted to what those before it left over. It serves the
// monitor alone, to tell new rows from old ones and to foresee errors; a missing value (NaN) is a bin of its own.

/** Columns of equal length; categories as codes. */
export type Features = readonly Float64Array[];

export interface BoostOptions {
  /** `squares`: the mean of a number; `logistic`: the probability of a 1 among targets 0 and 1 */
  loss: 'squares' | 'logistic';
  trees: number;
  depth: number;
  learningRate: number;
  /** fewest rows in a leaf */
  leafRows: number;
}

export const BOOST_DEFAULTS: Omit<BoostOptions, 'loss'> = { trees: 100, depth: 3, learningRate: 0.1, leafRows: 20 };

/** Bins of a feature, the one of missing values not counted. */
const BINS = 64;
/** Added to the weight of a leaf, so that few rows do not say much (XGBoost's lambda). */
const SHRINK = 1;

/** A split sends bins up to `bin` to `left`, the rest to `right`; a leaf has its value. Missing values have bin 0. */
type Node = { feature: number; bin: number; left: Node; right: Node } | { value: number };

export interface Boosted {
  /** ascending upper edges of each feature's bins */
  edges: Float64Array[];
  base: number;
  trees: Node[];
  loss: BoostOptions['loss'];
}

/** @param target [rows] */
export function fitBoosted(features: Features, target: ArrayLike<number>, options: BoostOptions): Boosted {
  const rows = target.length;
  const edges = features.map(binEdges);
  const binned = features.map((values, f) => binOf(values, edges[f]));
  const mean = sumOf(target) / rows;
  const base = options.loss === 'squares' ? mean : Math.log(clampShare(mean) / (1 - clampShare(mean)));
  const score = new Float64Array(rows).fill(base);
  const gradient = new Float64Array(rows);
  const weight = new Float64Array(rows).fill(1);
  const trees: Node[] = [];
  // sums of one feature in one node, by bin: filled anew for each
  const g = new Float64Array(BINS + 1);
  const w = new Float64Array(BINS + 1);
  const counts = new Int32Array(BINS + 1);
  for (let t = 0; t < options.trees; t++) {
    for (let i = 0; i < rows; i++) {
      if (options.loss === 'squares') {
        gradient[i] = target[i] - score[i];
      } else {
        const p = 1 / (1 + Math.exp(-score[i]));
        gradient[i] = target[i] - p;
        weight[i] = Math.max(p * (1 - p), 1e-6);
      }
    }
    const all = Int32Array.from({ length: rows }, (_, i) => i);
    const leaves: { rows: Int32Array; value: number }[] = [];
    trees.push(grow(all, options.depth));
    for (const leaf of leaves) for (const i of leaf.rows) score[i] += leaf.value;

    function grow(part: Int32Array, depth: number): Node {
      const split = depth > 0 ? bestSplit(part) : null;
      if (!split) {
        let [g, w] = [0, SHRINK];
        for (const i of part) {
          g += gradient[i];
          w += weight[i];
        }
        const value = (options.learningRate * g) / w;
        leaves.push({ rows: part, value });
        return { value };
      }
      const { feature, bin } = split;
      const bins = binned[feature];
      return {
        feature,
        bin,
        left: grow(part.filter((i) => bins[i] <= bin), depth - 1), // prettier-ignore
        right: grow(part.filter((i) => bins[i] > bin), depth - 1), // prettier-ignore
      };
    }

    /** The split that lowers the loss most; null where none does. */
    function bestSplit(part: Int32Array): { feature: number; bin: number } | null {
      if (part.length < 2 * options.leafRows) return null;
      let best: { feature: number; bin: number } | null = null;
      let bestGain = 1e-9;
      for (let f = 0; f < binned.length; f++) {
        const size = edges[f].length + 2;
        const bins = binned[f];
        g.fill(0);
        w.fill(0);
        counts.fill(0);
        for (let k = 0; k < part.length; k++) {
          const i = part[k];
          const bin = bins[i];
          g[bin] += gradient[i];
          w[bin] += weight[i];
          counts[bin]++;
        }
        let allG = 0;
        let allW = 0;
        for (let bin = 0; bin < size; bin++) {
          allG += g[bin];
          allW += w[bin];
        }
        let leftG = 0;
        let leftW = 0;
        let leftRows = 0;
        for (let bin = 0; bin < size - 1; bin++) {
          leftG += g[bin];
          leftW += w[bin];
          leftRows += counts[bin];
          if (leftRows < options.leafRows || part.length - leftRows < options.leafRows) continue;
          const gain =
            leftG ** 2 / (leftW + SHRINK) + (allG - leftG) ** 2 / (allW - leftW + SHRINK) - allG ** 2 / (allW + SHRINK);
          if (gain > bestGain) [best, bestGain] = [{ feature: f, bin }, gain];
        }
      }
      return best;
    }
  }
  return { edges, base, trees, loss: options.loss };
}

/** @returns [rows] numbers, or probabilities of a 1 */
export function predictBoosted(model: Boosted, features: Features): Float64Array {
  const binned = features.map((values, f) => binOf(values, model.edges[f]));
  return Float64Array.from({ length: features[0]?.length ?? 0 }, (_, i) => {
    let score = model.base;
    for (const tree of model.trees) {
      let node = tree;
      while ('left' in node) node = binned[node.feature][i] <= node.bin ? node.left : node.right;
      score += node.value;
    }
    return model.loss === 'squares' ? score : 1 / (1 + Math.exp(-score));
  });
}

/** How often each feature is split by, weighted by nothing: the columns that tell most. [features] */
export function splitCounts({ trees, edges }: Boosted): Int32Array {
  const counts = new Int32Array(edges.length);
  const visit = (node: Node) => {
    if (!('left' in node)) return;
    counts[node.feature]++;
    visit(node.left);
    visit(node.right);
  };
  trees.forEach(visit);
  return counts;
}

/** Quantiles of a feature, each value once: at most BINS - 1. */
function binEdges(values: Float64Array): Float64Array {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const edges = new Set<number>();
  for (let k = 1; k < BINS; k++) {
    const edge = sorted[Math.floor((k * sorted.length) / BINS)];
    if (edge !== undefined && edge < sorted[sorted.length - 1]) edges.add(edge);
  }
  return Float64Array.from(edges);
}

/** [rows]: 0 for a missing value, else 1 + the number of edges below it. */
function binOf(values: Float64Array, edges: Float64Array): Uint8Array {
  return Uint8Array.from(values, (value) => {
    if (Number.isNaN(value)) return 0;
    let [low, high] = [0, edges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (edges[middle] < value) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  });
}

function clampShare(share: number): number {
  return Math.min(1 - 1e-6, Math.max(1e-6, share));
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
}
