// Whether two sets of counts come of one distribution, where some of them may be few. Pearson's test raises too many false
// alarms then (a quarter of all batches of 30 rows with 200 categories), so rare categories are taken together first.

import { chiSquaredTest, proportionTest } from './distances.ts';
import type { TestResult } from './kolmogorov.ts';
import { logGamma } from './special.ts';

/** Rows that a group is expected to have in the smaller set at least (Cochran 1954). */
const LEAST_EXPECTED = 5;

/**
 * Pearson's test where every category is expected often enough; else of groups of categories; of two groups by their
 * shares, exactly where one of them is rare.
 * @param first, second counts, category by category
 * @param inOrder of bins, of which neighbours are taken together; else the rarest are
 */
export function testCounts(first: ArrayLike<number>, second: ArrayLike<number>, inOrder = false): TestResult {
  const groups = groupRare(first, second, inOrder);
  if (groups.length < 2) return { statistic: 0, pValue: 1 };
  if (groups.length > 2) return chiSquaredTest(groups.map(([n]) => n), groups.map(([, m]) => m)); // prettier-ignore
  const [[a, b], [c, d]] = groups;
  const [n, m] = [a + c, b + d];
  const leastExpected = (Math.min(n, m) * Math.min(a + b, c + d)) / (n + m);
  return leastExpected < LEAST_EXPECTED ? fisherTest(a, n, b, m) : proportionTest(a, n, b, m);
}

/** Both counts of each group: from the first or rarest category on, as many as are needed; two groups where there are two categories. */
function groupRare(first: ArrayLike<number>, second: ArrayLike<number>, inOrder: boolean): [number, number][] {
  // in an order that knows both sets together alone, for one that knew which is which would be chosen by their difference
  const cells = Array.from(first, (n, i): [number, number] => [n, second[i]]).filter(([n, m]) => n + m > 0);
  if (!inOrder) cells.sort((a, b) => a[0] + a[1] - b[0] - b[1]);
  const sum = (some: readonly [number, number][]) =>
    some.reduce<[number, number]>(([n, m], [a, b]) => [n + a, m + b], [0, 0]);
  const [n, m] = sum(cells);
  const enough = ([a, b]: [number, number]) => ((a + b) * Math.min(n, m)) / (n + m) >= LEAST_EXPECTED;
  const groups: [number, number][] = [];
  let open: [number, number][] = [];
  for (const cell of cells) {
    open.push(cell);
    if (!enough(sum(open))) continue;
    groups.push(sum(open));
    open = [];
  }
  if (open.length > 0 && groups.length > 0) groups.push(sum([groups.pop()!, ...open]));
  return groups.length > 1 || cells.length < 2 ? groups : [sum(cells.slice(0, -1)), cells[cells.length - 1]];
}

/**
 * Fisher's exact test that two shares are one, two-sided: the tables with these margins that are no likelier.
 * @returns as statistic the first share less the second
 */
export function fisherTest(hits: number, of: number, otherHits: number, otherOf: number): TestResult {
  const all = hits + otherHits;
  const [low, high] = [Math.max(0, all - otherOf), Math.min(of, all)];
  const logChoose = (n: number, k: number) => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
  const total = logChoose(of + otherOf, all);
  const chance = (k: number) => Math.exp(logChoose(of, k) + logChoose(otherOf, all - k) - total);
  const most = chance(hits) * (1 + 1e-7); // what is equal but for rounding counts too
  let pValue = 0;
  for (let k = low; k <= high; k++) {
    const own = chance(k);
    if (own <= most) pValue += own;
  }
  return { statistic: hits / of - otherHits / otherOf, pValue: Math.min(1, pValue) };
}
