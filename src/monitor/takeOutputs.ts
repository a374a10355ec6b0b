// Some rows of what a version said of a batch.

import type { BatchOutputs } from './outputs.ts';

/** @param all how many rows it said it of */
export function takeOutputs(outputs: BatchOutputs, all: number, rows: Int32Array): BatchOutputs {
  if (outputs.kind === 'value') {
    const take = (values: Float64Array) => Float64Array.from(rows, (row) => values[row]);
    return { kind: 'value', predictions: take(outputs.predictions), actual: outputs.actual && take(outputs.actual) };
  }
  const { probabilities, actual } = outputs;
  const classes = probabilities.length / all;
  const taken = new Float32Array(rows.length * classes);
  rows.forEach((row, i) => {
    for (let c = 0; c < classes; c++) taken[i * classes + c] = probabilities[row * classes + c];
  });
  return { kind: 'classes', probabilities: taken, actual: actual && Int32Array.from(rows, (row) => actual[row]) };
}
