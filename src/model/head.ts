// What a network ends in, by what it has to say, and how its raw output becomes probabilities.

import type { TargetEncoding } from '../data/prepare.ts';
import { UserError } from '../base/errors.ts';
import type { Head } from './spec.ts';

/** One sigmoid for two classes (P of the second label), a softmax for more, one linear unit for a value. */
export function headOf(target: TargetEncoding): Head {
  if (target.kind === 'value') return { kind: 'value' };
  const classes = target.labels.length;
  if (classes < 2) {
    throw new UserError(
      'invalid',
      `target: it has ${classes === 1 ? `one class ('${target.labels[0]}')` : 'no class'}, at least two are needed to learn to tell them apart`,
    );
  }
  return classes === 2 ? { kind: 'sigmoid' } : { kind: 'softmax', units: classes };
}

/** Number of classes that a head tells apart; 0 for a value. */
export function headClasses(head: Head): number {
  return head.kind === 'softmax' ? head.units : head.kind === 'sigmoid' ? 2 : 0;
}

/**
 * Probabilities [rows, classes] from what the head gives after its activation, all float32.
 * @param raw sigmoid: [rows, 1], P of the second label, gives [1 - p, p]; softmax: [rows, units], given back as it is
 */
export function toProbabilities(head: Head, raw: Float32Array, rows: number): Float32Array {
  if (head.kind === 'value') throw new Error('a value head has no probabilities');
  if (head.kind === 'softmax') return raw;
  const probabilities = new Float32Array(rows * 2); // [rows, 2]
  for (let row = 0; row < rows; row++) {
    probabilities[2 * row] = 1 - raw[row];
    probabilities[2 * row + 1] = raw[row];
  }
  return probabilities;
}

/** What a value head gives, in the target's own unit: float32, operation by operation, as an exported file computes it. */
export function toTargetUnit(target: TargetEncoding & { kind: 'value' }, scaled: Float32Array): Float32Array {
  const [scale, center] = [Math.fround(target.scale), Math.fround(target.center)];
  return scaled.map((value) => Math.fround(value * scale) + center);
}
