// A trained model on rows as they come: its preparation, its network in plain numbers, and its outputs in the words of
// the target. One caller gives it a part of the rows at a time, so that a page can show how far it is.

import { UserError } from '../base/errors.ts';
import { encodeFeatures, type Preparation } from '../data/prepare.ts';
import type { Table } from '../data/table.ts';
import { headClasses, toProbabilities, toTargetUnit } from '../model/head.ts';
import type { Network, Weight } from '../model/spec.ts';
import { createForward } from './forward.ts';

export interface Scorer {
  /** numbers of one row of outputs: classes, or 1 for a value */
  width: number;
  /** Rows [from, to) of a table that has the feature columns: probabilities [rows, classes], or values [rows] in the target's unit. */
  scoreTable(table: Table, from: number, to: number): Float32Array;
  /** One image, resized, [height * width * channels], 0..255: probabilities [classes], or a value [1]. */
  scoreImage(pixels: Uint8Array): Float32Array;
}

/** @throws UserError as `createForward` does */
export function createScorer(model: { network: Network; weights: Weight[]; preparation: Preparation }): Scorer {
  const { network, preparation } = model;
  const { target } = preparation;
  const run = createForward(network, model.weights);
  const width = Math.max(1, headClasses(network.head));
  const finish = (raw: Float32Array): Float32Array =>
    target.kind === 'value' ? toTargetUnit(target, raw) : toProbabilities(network.head, raw, 1);
  return {
    width,
    scoreTable(table, from, to) {
      const rows = Int32Array.from({ length: to - from }, (_, i) => from + i);
      const x = encodeFeatures(table, preparation, rows);
      const inputs = x.length / rows.length;
      const outputs = new Float32Array(rows.length * width); // [rows, width]
      for (let i = 0; i < rows.length; i++) {
        outputs.set(finish(run(x.subarray(i * inputs, (i + 1) * inputs))), i * width);
      }
      return outputs;
    },
    scoreImage: (pixels) => finish(run(Float32Array.from(pixels, (pixel) => pixel / 255))),
  };
}

/**
 * @param who learned from them, for the error
 * @throws UserError that names the feature columns that a table lacks
 */
export function checkColumns(table: Table, { features }: Preparation & { kind: 'table' }, who: string): void {
  const there = new Set(table.columns.map(({ name }) => name));
  const absent = features.filter(({ column }) => !there.has(column)).map(({ column }) => `'${column}'`);
  if (absent.length === 0) return;
  const them = absent.length > 1 ? 'them' : 'it';
  throw new UserError(
    'missing',
    `column${absent.length > 1 ? 's' : ''} ${absent.join(', ')}: ${who} learned from ${them}, and the file has no such column. Add ${them}; cells may be empty.`,
  );
}
