// What a version said of a batch, against what it said of its own held-out rows: shares of the classes, confidence, entropy,
// scores; of numbers their distribution.

import { type BeforeAfter, beforeAfter } from './beforeAfter.ts';
import { type ColumnDrift, type ColumnSample, compareColumns } from './drift.ts';
import { decide, entropies, type ReferenceOutputs } from './reference.ts';

/** What the model said of the batch, and what turned out to be true where it is known. */
export type BatchOutputs =
  | {
      kind: 'classes';
      /** [rows, classes] */
      probabilities: Float32Array;
      /** [rows] class index, -1 where it is not known; null where none is */
      actual: Int32Array | null;
    }
  | { kind: 'value'; predictions: Float64Array; /** NaN where it is not known */ actual: Float64Array | null };

export interface OutputReport {
  outputDrift: ColumnDrift;
  /** of the probability of the predicted class; null for values */
  confidenceDrift: ColumnDrift | null;
  /** null for values; `before` is the mean of the held-out rows, null where the reference lacks it */
  said: { labels: string[]; shares: number[]; confidence: Mean; entropy: Mean } | null;
  /** before and after: the prediction; of classes also confidence, entropy, and the score of each of the commonest */
  predictions: BeforeAfter[];
}

export interface Mean {
  before: number | null;
  /** null where a profile does not count it */
  now: number | null;
}

/** Classes whose scores are drawn. */
const MOST_SCORES = 12;

/**
 * @param drawn the rows whose confidence, entropy, scores and values are put in order; shares and means are of all rows
 * @throws RangeError where the version is of another kind
 */
export function examineOutputs(known: ReferenceOutputs, outputs: BatchOutputs, drawn: Int32Array): OutputReport {
  if (outputs.kind === 'value') {
    if (known.kind !== 'value')
      throw new RangeError('examineBatch: the version predicts classes, the batch has numbers');
    const pair = [known.predictions, sortedAt(outputs.predictions, drawn)].map((values) =>
      numbers('prediction', values),
    );
    const [outputDrift] = compareColumns([{ reference: pair[0], current: pair[1] }]).columns;
    return { outputDrift, confidenceDrift: null, said: null, predictions: compact([beforeAfter(pair[0], pair[1])]) };
  }
  if (known.kind !== 'classes') throw new RangeError('examineBatch: the version predicts a number, the batch has classes'); // prettier-ignore
  const { labels } = known;
  const { predicted, confidence } = decide(outputs.probabilities, labels.length);
  const rows = predicted.length;
  const counts = new Array<number>(labels.length).fill(0);
  for (const c of predicted) counts[c]++;
  const entropy = entropies(outputs.probabilities, labels.length);
  const said = {
    labels,
    shares: counts.map((count) => count / rows),
    confidence: { before: meanOf(known.confidence), now: meanOf(confidence) },
    entropy: { before: known.entropy ? meanOf(known.entropy) : null, now: meanOf(entropy) },
  };
  const shares = { reference: shareSample(labels, known.counts), current: shareSample(labels, counts) };
  const sure = { reference: numbers('confidence', known.confidence), current: numbers('confidence', sortedAt(confidence, drawn)) }; // prettier-ignore
  const commonest = labels.map((_, c) => c).sort((a, b) => known.counts[b] - known.counts[a]).slice(0, MOST_SCORES); // prettier-ignore
  const scores = commonest.map((c) => {
    const score = Float64Array.from(drawn, (row) => outputs.probabilities[row * labels.length + c]);
    const before = known.scores?.[c];
    return before && beforeAfter(numbers(labels[c], before), numbers(labels[c], score.sort()));
  });
  return {
    outputDrift: compareColumns([shares]).columns[0],
    confidenceDrift: compareColumns([sure]).columns[0],
    said,
    predictions: compact([
      beforeAfter(shares.reference, shares.current),
      beforeAfter(sure.reference, sure.current),
      known.entropy && beforeAfter(numbers('entropy', known.entropy), numbers('entropy', sortedAt(entropy, drawn))),
      ...scores,
    ]),
  };
}

/** @param values ascending */
export function numbers(name: string, values: Float64Array): ColumnSample & { kind: 'number' } {
  return { kind: 'number', name, values, missing: 0 };
}

function sortedAt(values: Float64Array, rows: Int32Array): Float64Array {
  return Float64Array.from(rows, (row) => values[row]).sort();
}

export function shareSample(labels: readonly string[], counts: readonly number[]): ColumnSample {
  return { kind: 'category', name: 'prediction', counts: new Map(labels.map((label, c) => [label, counts[c]])), missing: 0 }; // prettier-ignore
}

export function compact(all: readonly (BeforeAfter | null | undefined)[]): BeforeAfter[] {
  return all.filter((one) => one !== null && one !== undefined);
}

export function meanOf(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}
