// An inference request of the open inference protocol (KServe v2) and what is expected of the answer. JSON has no NaN, so
// a request has no missing number: what the preparation would fill in stands for it, which gives the same answer.

import { expectedRows, smokeTolerance, type BundleInput } from '../bundle.ts';
import { onnxPorts } from '../ports.ts';
import { sampleFeeds } from '../samples.ts';

export interface Tensor {
  name: string;
  shape: number[];
  datatype: 'FP32' | 'BYTES';
  data: (string | number)[];
}

export interface Request {
  inputs: Tensor[];
  outputs: { name: string }[];
}

/** A request for the first `rows` of the samples. */
export function writeRequest({ preparation }: BundleInput, rows: number): Request {
  const { inputs, outputs } = onnxPorts(preparation);
  const feeds = sampleFeeds(preparation);
  return {
    inputs: inputs.map(({ name, type, dims: [, ...dims] }, place) => {
      const feature = preparation.kind === 'table' ? preparation.features[place] : null;
      const length = rows * dims.reduce((product, size) => product * size, 1);
      const filled = feature?.kind === 'number' ? feature.fill : 0;
      return {
        name,
        shape: [rows, ...dims],
        datatype: type === 'string' ? 'BYTES' : 'FP32',
        data: feeds[place].slice(0, length).map((value) => value ?? filled),
      };
    }),
    outputs: outputs.map(({ name }) => ({ name })),
  };
}

/** What a smoke test needs of this model, as JSON: whom to ask, what for, and what to expect. */
export function writeExpectation(model: BundleInput, name: string): string {
  const { outputs } = onnxPorts(model.preparation);
  const expected = expectedRows(model);
  const numbers = outputs.find(({ type }) => type === 'float32')!;
  const facts = {
    model: name,
    request: writeRequest(model, expected.length),
    expected: { name: numbers.name, rows: expected, tolerance: smokeTolerance(model) },
    label: outputs.find(({ type }) => type === 'string')?.name ?? null,
    labels: model.labels,
  };
  return `${JSON.stringify(facts)}\n`;
}
