// How good a version is on a batch: by its labels where they are known, and as it is foreseen without them, both with 95 %
// intervals.

import { type Bounds, classIntervals, type Intervals, labelIntervals, around, rootBounds, valueIntervals } from '../evaluate/intervals.ts'; // prettier-ignore
import { mostProbable, rowLoss } from '../evaluate/metrics.ts';
import { evaluateClasses, evaluateValues, type Evaluation } from '../evaluate/report.ts';
import { calibrateRows, estimateClasses, estimateValues } from './estimate.ts';
import type { BatchOutputs } from './outputs.ts';
import type { ReferenceOutputs } from './reference.ts';
import { takeOutputs } from './takeOutputs.ts';

/** Of the rows whose truth is known. `dummy` says nothing here. */
export interface Quality extends Evaluation {
  intervals: Intervals;
}

export interface Estimate {
  /** that it was made of */
  rows: number;
  metrics: Record<string, number>;
  /** where the figures by labels would lie in 95 % of such batches, if what the inputs say of the target has not changed */
  intervals: Record<string, Bounds>;
  /** of the accuracy by the batch's own chance alone; null for values */
  standardError: number | null;
}

/** Rows that an estimate is made of at most. */
export const ESTIMATE_ROWS = 100_000;

/** Null where no row has a label. */
export function qualityOf(labels: readonly string[], outputs: BatchOutputs): Quality | null {
  if (!outputs.actual) return null;
  const known = knownRows(outputs);
  if (known.length === 0) return null;
  const all = outputs.actual.length;
  const taken = known.length === all ? outputs : takeOutputs(outputs, all, known);
  if (taken.kind === 'value') {
    const [actual, predicted] = [taken.actual!, taken.predictions];
    return { ...evaluateValues({ actual, predicted, dummyMean: 0 }), intervals: valueIntervals(actual, predicted) };
  }
  const { actual, probabilities } = taken;
  const dummyShares = labels.map(() => 1 / labels.length); // a dummy has no place here; it is left unread
  return {
    ...evaluateClasses({ labels: [...labels], actual: actual!, probabilities, dummyShares }),
    intervals: classIntervals(actual!, probabilities, labels.length),
  };
}

/** The rows whose truth is known. */
export function knownRows(outputs: BatchOutputs): Int32Array {
  if (!outputs.actual) return new Int32Array(0);
  const rows = new Int32Array(outputs.actual.length);
  let count = 0;
  for (let i = 0; i < rows.length; i++) {
    if (outputs.kind === 'value' ? !Number.isNaN(outputs.actual[i]) : outputs.actual[i] >= 0) rows[count++] = i;
  }
  return rows.subarray(0, count);
}

/**
 * CBPE or DLE. The variance of a figure is what one row adds to it, divided by the rows of the batch, and once more by the
 * held-out rows that the estimate was learned from: v · (1/n + 1/m).
 * @param matrix the reference's columns as `matrixOf` gives them, for values
 * @param overlap the share of the held-out rows that counts, as `DomainDrift` has it
 * @returns null where the held-out part was too small to learn it from
 */
export function estimateQuality(
  known: ReferenceOutputs,
  outputs: BatchOutputs,
  matrix: () => Float64Array[],
  overlap: number,
): Estimate | null {
  if (outputs.kind === 'value') {
    if (known.kind !== 'value' || !known.loss) return null;
    const { rows, metrics, variances } = estimateValues(known.loss, matrix(), outputs.predictions);
    const share = 1 / rows + 1 / Math.max(1, overlap * known.predictions.length);
    const intervals = {
      mae: around(metrics.mae, Math.sqrt(variances.absolute * share), 0, Infinity),
      rmse: rootBounds(metrics.rmse, Math.sqrt(variances.squared * share)),
    };
    return { rows, metrics, intervals, standardError: null };
  }
  if (known.kind !== 'classes' || !known.calibrators) return null;
  const { probabilities } = outputs;
  const classes = known.labels.length;
  const calibrated = calibrateRows(known.calibrators, probabilities);
  const { rows, metrics, confusion, standardError } = estimateClasses(
    calibrated,
    mostProbable(probabilities, classes),
    classes,
  );
  const heldOut = Math.max(1, overlap * known.confidence.length);
  const trust = heldOut / (rows + heldOut);
  const intervals = labelIntervals(Float64Array.from(confusion.flat()), classes, { trust, steps: true }).metrics;
  const loss = expectedLoss(calibrated, probabilities, classes);
  return {
    rows,
    standardError,
    metrics: { ...metrics, logLoss: loss.mean },
    intervals: {
      ...Object.fromEntries(Object.entries(intervals).filter(([name]) => Object.hasOwn(metrics, name))),
      logLoss: around(loss.mean, Math.sqrt(loss.variance / (rows * trust)), 0, Infinity),
    },
  };
}

/** Of one row: the loss of each class by how likely it is to be the row's. */
function expectedLoss(
  calibrated: Float64Array,
  probabilities: Float32Array,
  classes: number,
): { mean: number; variance: number } {
  const rows = probabilities.length / classes;
  let [sum, squares] = [0, 0];
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < classes; c++) {
      const chance = calibrated[row * classes + c];
      if (chance === 0) continue;
      const loss = rowLoss(c, probabilities, classes, row);
      sum += chance * loss;
      squares += chance * loss * loss;
    }
  }
  return { mean: sum / rows, variance: Math.max(0, squares / rows - (sum / rows) ** 2) };
}
