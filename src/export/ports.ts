// What an ONNX file of Lathe takes and gives, name by name: the one list that the servers' and packages' files are
// written from. The order is that of the file.

import type { Preparation } from '../data/prepare.ts';
import { onnxInterface } from './onnxInterface.ts';

export interface Port {
  name: string;
  type: 'float32' | 'string';
  /** with the batch, which is any number of rows, first */
  dims: ['batch', ...number[]];
}

export interface Ports {
  /** one for each feature in order; images: one */
  inputs: Port[];
  outputs: Port[];
}

export function onnxPorts(preparation: Preparation): Ports {
  const names = onnxInterface(preparation);
  const inputs: Port[] =
    preparation.kind === 'images'
      ? [
          {
            name: names.inputs[0],
            type: 'float32',
            dims: ['batch', preparation.height, preparation.width, preparation.channels],
          },
        ]
      : preparation.features.map(({ kind }, place) => ({
          name: names.inputs[place],
          type: kind === 'number' ? 'float32' : 'string',
          dims: ['batch', 1],
        }));
  const { outputs } = names;
  if ('value' in outputs) return { inputs, outputs: [{ name: outputs.value, type: 'float32', dims: ['batch', 1] }] };
  const classes = preparation.target.kind === 'classes' ? preparation.target.labels.length : 0;
  return {
    inputs,
    outputs: [
      { name: outputs.label, type: 'string', dims: ['batch'] },
      { name: outputs.probabilities, type: 'float32', dims: ['batch', classes] },
    ],
  };
}
