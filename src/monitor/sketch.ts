// A sketch of many numbers in few: quantiles with a stated error, from parts that were seen in different places and merged
// (KLL: Karnin, Lang and Liberty 2016). Count, least and greatest are exact. It keeps some of the values as they are.

import { createRandom, type Random } from '../base/random.ts';

/** Values at the top level; the error is about 2.3 / CAPACITY. */
const CAPACITY = 512;
const SHRINK = 2 / 3;
const LEAST_CAPACITY = 8;

/** A rank that the sketch tells differs from the true one by at most this share of the values, in 99 of 100 cases. */
export const SKETCH_RANK_ERROR = 0.0075;

/** Plain JSON; what level k holds stands for 2^k values each. */
export interface SketchState {
  count: number;
  min: number | null;
  max: number | null;
  levels: number[][];
}

export interface Sketch {
  readonly count: number;
  /** NaN is not taken. */
  add(value: number): void;
  /** Takes in what another has seen; that one stays as it is. */
  merge(other: SketchState): void;
  /** The value at a share of the sorted values, 0..1; NaN where there is none. */
  quantile(share: number): number;
  /** The share of the values that are at most `value`; NaN where there is none. */
  rank(value: number): number;
  /** Off by at most the error in rank times the range of the values; NaN where there is none. */
  mean(): number;
  /** Values that stand for all, ascending, at most so many. */
  sample(most: number): Float64Array;
  state(): SketchState;
}

/** @param seed which of two neighbours is kept is drawn from it */
export function createSketch(seed: number, from?: SketchState): Sketch {
  const random: Random = createRandom(seed);
  let count = 0;
  let min = Infinity;
  let max = -Infinity;
  const levels: number[][] = [[]];

  const capacityOf = (level: number) =>
    Math.max(LEAST_CAPACITY, Math.ceil(CAPACITY * SHRINK ** (levels.length - 1 - level)));

  /** Halves the lowest level that is too full, into the one above it, until none is. */
  function compact(): void {
    for (let level = 0; level < levels.length; level++) {
      const values = levels[level];
      if (values.length <= capacityOf(level)) continue;
      if (level + 1 === levels.length) levels.push([]);
      values.sort((a, b) => a - b);
      // an odd one out stays where it is, so that the number of values stays right
      const kept = values.length % 2 === 1 ? [values.pop()!] : [];
      const offset = random.below(2);
      for (let i = offset; i < values.length; i += 2) levels[level + 1].push(values[i]);
      levels[level] = kept;
      level = -1; // capacities have changed
    }
  }

  function weighted(): { value: number; weight: number }[] {
    return levels
      .flatMap((values, level) => values.map((value) => ({ value, weight: 2 ** level })))
      .sort((a, b) => a.value - b.value);
  }

  function merge(other: SketchState): void {
    if (other.count === 0) return;
    count += other.count;
    min = Math.min(min, other.min ?? Infinity);
    max = Math.max(max, other.max ?? -Infinity);
    while (levels.length < other.levels.length) levels.push([]);
    other.levels.forEach((values, level) => (levels[level] = levels[level].concat(values)));
    compact();
  }

  function quantile(share: number): number {
    if (count === 0) return NaN;
    if (share <= 0) return min;
    if (share >= 1) return max;
    let seen = 0;
    for (const { value, weight } of weighted()) {
      seen += weight;
      if (seen >= share * count) return value;
    }
    return max;
  }

  if (from) merge(from);
  return {
    get count() {
      return count;
    },
    add(value) {
      if (Number.isNaN(value)) return;
      count++;
      min = Math.min(min, value);
      max = Math.max(max, value);
      levels[0].push(value);
      if (levels[0].length > capacityOf(0)) compact();
    },
    merge,
    quantile,
    rank(value) {
      if (count === 0) return NaN;
      let below = 0;
      for (const held of weighted()) if (held.value <= value) below += held.weight;
      return below / count;
    },
    mean: () =>
      weighted().reduce((sum, { value, weight }) => sum + (value * weight) / count, 0) || (count > 0 ? 0 : NaN),
    sample(most) {
      const size = Math.min(most, count);
      return Float64Array.from({ length: size }, (_, i) => quantile((i + 0.5) / size));
    },
    state: () => ({
      count,
      min: count > 0 ? min : null,
      max: count > 0 ? max : null,
      levels: levels.map((values) => values.slice()),
    }),
  };
}
