// Two models on the same rows: whether one has more rows right than chance explains, and which rows changed their
// prediction. Figures with intervals are paired.ts; what is good enough to replace a model is gate.ts.

export interface PairedTest {
  /** rows that only the first, and only the second, had right */
  onlyFirst: number;
  onlySecond: number;
  /** two-sided, exact */
  pValue: number;
}

/**
 * McNemar's exact test: of the rows that one model has right and the other wrong, either is as likely where they are
 * equally good.
 * @param first, second [rows] 1 where the model is right
 */
export function mcNemar(first: ArrayLike<number>, second: ArrayLike<number>): PairedTest {
  let [onlyFirst, onlySecond] = [0, 0];
  for (let i = 0; i < first.length; i++) {
    if (first[i] && !second[i]) onlyFirst++;
    if (!first[i] && second[i]) onlySecond++;
  }
  return { onlyFirst, onlySecond, pValue: signTest(onlyFirst, onlyFirst + onlySecond) };
}

/** Twice the smaller tail of a binomial of one half, at most 1. */
function signTest(hits: number, trials: number): number {
  if (trials === 0) return 1;
  const least = Math.min(hits, trials - hits);
  // terms C(n, k) / 2^n upwards from k = 0, in logarithms as 2^-n is soon no number any more
  let log = -trials * Math.LN2;
  let tail = Math.exp(log);
  for (let k = 1; k <= least; k++) {
    log += Math.log(trials - k + 1) - Math.log(k);
    tail += Math.exp(log);
  }
  return Math.min(1, 2 * tail);
}

/** What became of a row when its prediction changed. `moved`: its class is not known, or it is a value. */
export type FlipKind = 'broken' | 'fixed' | 'bothWrong' | 'moved';

/** A row whose prediction differs between two models. */
export interface Flip {
  /** place in the compared rows */
  row: number;
  kind: FlipKind;
}

const RANK: Record<FlipKind, number> = { broken: 0, fixed: 1, bothWrong: 2, moved: 3 };

/**
 * Rows that are predicted as another class, those that became wrong first, then those that became right, then the rest.
 * @param first, second predicted classes [rows] @param actual [rows], -1 where it is not known
 */
export function findFlips(first: ArrayLike<number>, second: ArrayLike<number>, actual: ArrayLike<number>): Flip[] {
  const flips: Flip[] = [];
  for (let row = 0; row < first.length; row++) {
    if (first[row] === second[row]) continue;
    const known = actual[row] >= 0;
    const kind = !known
      ? 'moved'
      : first[row] === actual[row]
        ? 'broken'
        : second[row] === actual[row]
          ? 'fixed'
          : 'bothWrong';
    flips.push({ row, kind });
  }
  return flips.sort((a, b) => RANK[a.kind] - RANK[b.kind] || a.row - b.row);
}

/** Rows by how far their predicted value moved, the furthest first. @param first, second [rows] */
export function findMoves(first: ArrayLike<number>, second: ArrayLike<number>): Flip[] {
  const far = (row: number) => Math.abs(second[row] - first[row]);
  const rows = Array.from({ length: first.length }, (_, row) => row).filter((row) => far(row) > 0);
  return rows.sort((a, b) => far(b) - far(a) || a - b).map((row) => ({ row, kind: 'moved' }));
}
