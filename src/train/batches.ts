// Rows to batches: which rows a step takes, what each weighs, and the arrays that go to the device. No tensors here.

import { UserError } from '../base/errors.ts';
import { createRandom, shuffle } from '../base/random.ts';
import { headClasses } from '../model/head.ts';
import type { TrainingSpec } from '../model/recipe.ts';
import { headUnits, type Head } from '../model/spec.ts';
import { streamSeed } from '../model/weights.ts';

/** One part of the data, ready for a network. */
export interface TrainRows {
  /** [rows, ...inputShape]; images already 0..1 */
  x: Float32Array;
  /** [rows]; class index, or scaled value */
  y: Float32Array;
  /** [rows]; what each row counts for in the loss, not negative; null: 1 each */
  weights: Float32Array | null;
  rows: number;
}

export interface Batch {
  /** [rows, ...inputShape] */
  x: Float32Array;
  /** [rows, units]; one-hot for a softmax */
  y: Float32Array;
  /** [rows] */
  weights: Float32Array;
  /** of `weights` */
  weight: number;
  rows: number;
}

/** The order of the rows in one epoch (from 1): a permutation that depends on the seed and the epoch alone. */
export function epochOrder(rows: number, seed: number, epoch: number): Int32Array {
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  return shuffle(order, createRandom(streamSeed(seed, 2, epoch)));
}

/** The rows `order[from..to)` as arrays for the device. */
export function gatherBatch(part: TrainRows, head: Head, order: Int32Array | null, from: number, to: number): Batch {
  const rows = to - from;
  const width = part.x.length / part.rows;
  const units = headUnits(head);
  const batch = {
    x: new Float32Array(rows * width),
    y: new Float32Array(rows * units),
    weights: new Float32Array(rows),
    weight: 0,
    rows,
  };
  for (let i = 0; i < rows; i++) {
    const row = order ? order[from + i] : from + i;
    batch.x.set(part.x.subarray(row * width, (row + 1) * width), i * width);
    if (head.kind === 'softmax') batch.y[i * units + part.y[row]] = 1;
    else batch.y[i] = part.y[row];
    batch.weights[i] = part.weights ? part.weights[row] : 1;
    batch.weight += batch.weights[i];
  }
  return batch;
}

/**
 * The weight of each class. `balanced` is rows / (classes * rows of the class) of the part that is learned from, as
 * scikit-learn has it, 0 for a class without a row; named weights leave a class that is not named at 1.
 * @throws UserError where a named class is unknown
 */
export function classWeights(
  spec: TrainingSpec['classWeights'],
  classes: number,
  labels: string[] | null,
  y: Float32Array,
): Float32Array | null {
  if (spec === 'none' || classes === 0) return null;
  if (spec === 'balanced') {
    const counts = new Float64Array(classes);
    for (const label of y) counts[label]++;
    return Float32Array.from(counts, (count) => (count === 0 ? 0 : y.length / (classes * count)));
  }
  if (!labels) throw new Error('class weights by label need the labels');
  const weights = new Float32Array(classes).fill(1);
  for (const [label, weight] of Object.entries(spec)) {
    const index = labels.indexOf(label);
    if (index < 0) {
      throw new UserError(
        'unknown',
        `class '${label}' in training.classWeights: the classes are ${labels.map((name) => `'${name}'`).join(', ')}`,
      );
    }
    weights[index] = weight;
  }
  return weights;
}

/** What each row counts for: its own weight times its class's; null where all count 1. */
export function rowWeights(part: TrainRows, byClass: Float32Array | null): Float32Array | null {
  if (!byClass) return part.weights;
  return Float32Array.from(part.y, (label, row) => (part.weights ? part.weights[row] : 1) * byClass[label]);
}

/** @throws UserError where a part has no rows, weights that cannot weigh, or values that are no numbers */
export function checkRows(name: string, part: TrainRows, width: number, head: Head): void {
  if (part.rows === 0)
    throw new UserError('missing', `rows in the ${name} part: give it a larger fraction of the data`);
  if (part.x.length !== part.rows * width || part.y.length !== part.rows) {
    throw new Error(`the ${name} part has ${part.x.length} numbers for ${part.rows} rows of ${width}`);
  }
  for (const value of part.x) {
    if (!Number.isFinite(value)) {
      throw new UserError(
        'invalid',
        `features of the ${name} part: one is ${value}; impute or scale it in the preparation`,
      );
    }
  }
  const classes = headClasses(head);
  for (const value of part.y) {
    const fits = classes > 0 ? Number.isInteger(value) && value >= 0 && value < classes : Number.isFinite(value);
    if (!fits) throw new UserError('invalid', `target in the ${name} part: one is ${value}`);
  }
  if (!part.weights) return;
  let sum = 0;
  for (const weight of part.weights) {
    if (!(weight >= 0 && weight < Infinity)) {
      throw new UserError('invalid', `row weight ${weight} in the ${name} part: a weight is 0 or more`);
    }
    sum += weight;
  }
  if (sum === 0) throw new UserError('invalid', `row weights of the ${name} part: all are 0, nothing would be learned`);
}

/** @throws UserError where it is to stop by validation rows and there are none */
export function checkStopping({ earlyStopping }: TrainingSpec, validationRows: number): void {
  if (!earlyStopping || validationRows > 0) return;
  throw new UserError(
    'invalid',
    'training.earlyStopping: there are no validation rows to go by. Switch it off, give the validation part a fraction, or add rows',
  );
}
