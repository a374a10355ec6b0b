// Which row is learned from, which one stops the training, and which one training never sees. The same rows, classes,
// fractions and seed give the same parts for ever: the algorithm is part of the recipe's meaning and does not change.
//
// One generator (`base/random.ts`, of the recipe's seed) serves the groups in order: the classes in the order of
// `sortLabels`, whichever is the positive one, or all rows as one group. A group's rows, in the order of the table, are
// shuffled (Fisher and Yates). Each part first gets the floor of its share of the group, and at least one row where the
// group has a row for every part. A row that is left over goes to the part that is furthest below its share of all groups
// so far (the largest remainder; of equals, the earlier of train, test, validation), at most one to each part. The
// shuffled rows are then dealt out: train, validation, test.
//
// Data that grew: with `segments` each run of rows is split in this way by itself, with the same seed, so that the rows
// of the first one fall into the parts that they had before the others came; its classes go by the order of the labels
// that it has itself. With `replay` only the first rows dealt to `train` of each group stay in it, in every segment but
// the last: a larger share holds the rows of a smaller one, and `validation` and `test` are as ever.

import { UserError } from '../base/errors.ts';
import { createRandom, shuffle } from '../base/random.ts';
import { sortLabels } from './labels.ts';

export type Part = 'train' | 'validation' | 'test';

/** Fractions of the usable rows; they add up to 1. */
export interface SplitSpec {
  train: number;
  validation: number;
  test: number;
  /** keep each class's share in every part; for classes only */
  stratify: boolean;
  /** lengths in rows of the data set, one after the other; each segment is split by itself. Left out: all rows are one */
  segments?: number[];
  /** share, 0 to 1, of the training rows of every segment but the last that is learned from; the rest is in no part. Left out: 1 */
  replay?: number;
}

/** Row indices of each part, ascending. */
export interface Split {
  train: Int32Array;
  validation: Int32Array;
  test: Int32Array;
}

/** In the order in which a row that is left over is given away. */
const PARTS = ['train', 'test', 'validation'] as const;

/**
 * @param usable row indices of the table to share out, ascending, such as those with a target
 * @param classes class index of each usable row; null for a target without classes
 * @param seed of the recipe
 * @param labels of the classes; left out: they are in the order of `sortLabels`, and there are no segments
 * @throws UserError when the fractions are no fractions of one whole, or the rows are fewer than the parts
 */
export function splitRows(
  usable: Int32Array,
  classes: Int32Array | null,
  spec: SplitSpec,
  seed: number,
  labels: string[] = [],
): Split {
  checkSpec(spec, usable.length);
  const parts: Record<Part, number[]> = { train: [], validation: [], test: [] };
  const { segments = [Infinity], replay = 1 } = spec;
  let end = 0;
  let from = 0;
  segments.forEach((length, index) => {
    end += length;
    let to = from;
    while (to < usable.length && usable[to] < end) to++;
    const own = spec.stratify && classes ? classes.subarray(from, to) : null;
    const groups = groupRows(usable.subarray(from, to), own, labels.length > 0 ? labels : null);
    const dealt = deal(groups, spec, seed, index === segments.length - 1 ? 1 : replay);
    for (const part of PARTS) for (const row of dealt[part]) parts[part].push(row);
    from = to;
  });
  if (spec.test > 0 && parts.test.length === 0) {
    throw new UserError(
      'missing',
      `rows for the test part: every class has a single row. Add rows, or do not stratify`,
    );
  }
  const ascending = (rows: number[]) => Int32Array.from(rows).sort();
  return { train: ascending(parts.train), validation: ascending(parts.validation), test: ascending(parts.test) };
}

/** @param replay share of the training rows of each group that stay */
function deal(groups: Int32Array[], spec: SplitSpec, seed: number, replay: number): Record<Part, number[]> {
  const random = createRandom(seed);
  const parts: Record<Part, number[]> = { train: [], validation: [], test: [] };
  const dealt: Record<Part, number> = { train: 0, validation: 0, test: 0 };
  let seen = 0;
  for (const group of groups) {
    seen += group.length;
    const counts = shareOut(group.length, spec, (part) => spec[part] * seen - dealt[part]);
    shuffle(group, random);
    let next = 0;
    for (const part of ['train', 'validation', 'test'] as const) {
      const kept = part === 'train' ? Math.ceil(replay * counts.train - 1e-9) : counts[part];
      for (let i = 0; i < kept; i++) parts[part].push(group[next + i]);
      next += counts[part];
      dealt[part] += counts[part];
    }
  }
  return parts;
}

/** @param deficit rows that a part lacks of its share of all groups up to this one, before it gets any of this one */
function shareOut(rows: number, spec: SplitSpec, deficit: (part: Part) => number): Record<Part, number> {
  const counts: Record<Part, number> = { train: 0, validation: 0, test: 0 };
  const used = PARTS.filter((part) => spec[part] > 0);
  if (rows < used.length) {
    for (const part of used.slice(0, rows)) counts[part] = 1; // training first: what it never saw cannot be learned
    return counts;
  }
  // 1e-9: 0.7 * 10 is 7 and not 6.999…
  for (const part of used) counts[part] = Math.max(1, Math.floor(spec[part] * rows + 1e-9));
  const total = () => counts.train + counts.validation + counts.test;
  const mostFirst = (a: Part, b: Part) => deficit(b) - counts[b] - (deficit(a) - counts[a]);
  while (total() > rows)
    counts[
      used
        .filter((part) => counts[part] > 1)
        .sort(mostFirst)
        .at(-1)!
    ]--;
  for (const part of [...used].sort(mostFirst)) if (total() < rows) counts[part]++;
  return counts;
}

/** @param labels the order of the classes is that of those here that have rows; null: that of their indices */
function groupRows(rows: Int32Array, classes: Int32Array | null, labels: string[] | null): Int32Array[] {
  if (!classes) return [rows.slice()];
  const groups = new Map<number, number[]>();
  for (let i = 0; i < rows.length; i++) {
    const group = groups.get(classes[i]);
    if (group) group.push(rows[i]);
    else groups.set(classes[i], [rows[i]]);
  }
  const present = [...groups.keys()];
  const order = labels && new Map(sortLabels(present.map((index) => labels[index])).map((label, i) => [label, i]));
  const placeOf = (index: number) => (order && labels ? order.get(labels[index])! : index);
  return present.sort((a, b) => placeOf(a) - placeOf(b)).map((index) => Int32Array.from(groups.get(index)!));
}

function checkSpec(spec: SplitSpec, rows: number): void {
  for (const part of PARTS) {
    const value = spec[part];
    if (!(value >= 0 && value <= 1)) {
      throw new UserError('invalid', `split '${part}': ${value} is no fraction. Give a number from 0 to 1`);
    }
  }
  const sum = spec.train + spec.validation + spec.test;
  if (Math.abs(sum - 1) > 1e-6) {
    throw new UserError('invalid', `split: train, validation and test add up to ${sum}. Make them add up to 1`);
  }
  if (spec.train === 0) throw new UserError('invalid', `split 'train': it is 0. Leave some rows to learn from`);
  const used = PARTS.filter((part) => spec[part] > 0).length;
  if (rows < used) {
    throw new UserError('missing', `rows: ${rows} with a target, and the split needs at least ${used}. Add rows`);
  }
}
