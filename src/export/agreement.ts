// How far the outputs of a runtime are from the page's own predictions of the same rows, and whether that will do.
//
// What is compared. Classes: every probability, as it is. A value: in units of the target's scale (with the default
// preparation the standard deviation of the training part), less the one rounding to float32 that a value of its size
// cannot avoid: 1e-4 in the target's own unit would be more than float32 can say of a price of 200,000, and nothing at
// all of a length in metres of 1e-6.

import { UserError } from '../base/errors.ts';
import type { TargetEncoding } from '../data/prepare.ts';

/** The largest difference that a file may show. */
export const TOLERANCE = 1e-4;

export interface Agreement {
  runtime: string;
  rows: number;
  /** of probabilities as they are, of values in units of the target's scale */
  maxAbsDiff: number;
}

export interface OutputComparison {
  rows: number;
  /** The outputs of rows [from, to): probabilities [rows, classes], or values [rows, 1] in the target's unit. */
  take(from: number, to: number, actual: Float32Array): void;
  /** The label of each row must be the most probable one; where others come within the tolerance, any of them will do. */
  takeLabels(from: number, to: number, labels: string[]): void;
  verdict(): Agreement;
}

/**
 * Takes a runtime's outputs batch by batch and says at the end how far they are from the page's.
 * @param expected what the page predicts: probabilities [rows, classes], or values [rows, 1] in the target's unit
 * @throws UserError, here and from each of its verbs, where rows or numbers are missing, not finite or too far off
 */
export function compareOutputs(
  runtime: string,
  target: TargetEncoding,
  rows: number,
  expected: Float32Array,
): OutputComparison {
  const width = target.kind === 'classes' ? target.labels.length : 1;
  if (rows === 0) {
    throw new UserError('missing', 'rows to check the file with: none are held out. Give the test part some rows');
  }
  if (expected.length !== rows * width) {
    throw new UserError(
      'invalid',
      `check of the file: ${rows} rows of ${width} outputs were run and the page predicts ${expected.length} numbers`,
    );
  }
  let worst = 0;
  let worstRow = 0;
  let mislabelled: string | null = null;
  const refuse = (why: string): never => {
    throw new UserError(
      'invalid',
      `model file: ${runtime} ${why}, so it is not offered. Train again on another backend; if that does not help, it is a fault of Lathe`,
    );
  };
  return {
    rows,
    take(from, to, actual) {
      const count = (to - from) * width;
      if (actual.length !== count) {
        refuse(`gives ${actual.length} numbers for rows ${from} to ${to - 1} where the page gives ${count}`);
      }
      for (let i = 0; i < count; i++) {
        const [here, there] = [expected[from * width + i], actual[i]];
        const row = from + Math.floor(i / width);
        if (!Number.isFinite(here) || !Number.isFinite(there)) {
          refuse(`gives ${there} in row ${row} where the page gives ${here}`);
        }
        const difference = differenceOf(target, here, there);
        if (difference > worst) [worst, worstRow] = [difference, row];
      }
    },
    takeLabels(from, to, labels) {
      if (target.kind !== 'classes') return;
      if (labels.length !== to - from) refuse(`gives ${labels.length} labels for ${to - from} rows`);
      labels.forEach((label, i) => {
        const row = from + i;
        const probabilities = expected.subarray(row * width, (row + 1) * width);
        const best = Math.max(...probabilities);
        const place = target.labels.indexOf(label);
        if (place < 0 || probabilities[place] < best - 2 * TOLERANCE) {
          mislabelled ??= `gives the label '${label}' in row ${row} where the page gives '${target.labels[probabilities.indexOf(best)]}'`;
        }
      });
    },
    verdict() {
      if (worst > TOLERANCE) {
        refuse(
          `differs from the page by ${worst.toPrecision(3)} in row ${worstRow}, and ${TOLERANCE} is the most that is taken`,
        );
      }
      if (mislabelled !== null) refuse(mislabelled);
      return { runtime, rows, maxAbsDiff: worst };
    },
  };
}

function differenceOf(target: TargetEncoding, here: number, there: number): number {
  const difference = Math.abs(here - there);
  if (target.kind === 'classes') return difference;
  const rounding = Math.max(Math.abs(here), Math.abs(there)) * 2 ** -23;
  return Math.max(0, difference - rounding) / Math.abs(target.scale);
}
