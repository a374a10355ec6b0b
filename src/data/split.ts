// Which row is learned from, which one stops the training, and which one training never sees. The same rows, classes,
// fractions and seed give the same parts for ever: the algorithm is part of the recipe's meaning and does not change.
//
// One generator (`base/random.ts`, of the recipe's seed) serves the groups in order: the classes by rising index, or all
// rows as one group. A group's rows, in the order of the table, are shuffled (Fisher and Yates). Each part first gets the
// floor of its share of the group, and at least one row where the group has a row for every part. A row that is left
// over goes to the part that is furthest below its share of all groups so far (the largest remainder; of equals, the
// earlier of train, test, validation), at most one to each part. The shuffled rows are then dealt out: train,
// validation, test.

import { UserError } from '../base/errors.ts';
import { createRandom, shuffle } from '../base/random.ts';
export type Part = 'train' | 'validation' | 'test';

/** Fractions of the usable rows; they add up to 1. */
export interface SplitSpec {
  train: number;
  validation: number;
  test: number;
  /** keep each class's share in every part; for classes only */
  stratify: boolean;
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
 * @param usable row indices of the table to share out, such as those with a target
 * @param classes class index of each usable row; null for a target without classes
 * @param seed of the recipe
 * @throws UserError when the fractions are no fractions of one whole, or the rows are fewer than the parts
 */
export function splitRows(usable: Int32Array, classes: Int32Array | null, spec: SplitSpec, seed: number): Split {
  checkSpec(spec, usable.length);
  const random = createRandom(seed);
  const parts: Record<Part, number[]> = { train: [], validation: [], test: [] };
  let seen = 0;
  for (const group of groupRows(usable, spec.stratify ? classes : null)) {
    seen += group.length;
    const counts = shareOut(group.length, spec, (part) => spec[part] * seen - parts[part].length);
    shuffle(group, random);
    let next = 0;
    for (const part of ['train', 'validation', 'test'] as const) {
      for (let i = 0; i < counts[part]; i++) parts[part].push(group[next++]);
    }
  }
  if (spec.test > 0 && parts.test.length === 0) {
    throw new UserError(
      'missing',
      `rows for the test part: every class has a single row. Add rows, or do not stratify`,
    );
  }
  const ascending = (rows: number[]) => Int32Array.from(rows).sort();
  return { train: ascending(parts.train), validation: ascending(parts.validation), test: ascending(parts.test) };
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

function groupRows(usable: Int32Array, classes: Int32Array | null): Int32Array[] {
  if (!classes) return [usable.slice()];
  const groups = new Map<number, number[]>();
  for (let i = 0; i < usable.length; i++) {
    const group = groups.get(classes[i]);
    if (group) group.push(usable[i]);
    else groups.set(classes[i], [usable[i]]);
  }
  return [...groups].sort(([a], [b]) => a - b).map(([, rows]) => Int32Array.from(rows));
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
