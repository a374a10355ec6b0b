// What of a network learns where some of its layers are frozen: which operations have weights to move, and whose gradient
// is needed for that. What comes before the first layer that learns needs no backward pass.

import { layerOf } from '../model/slots.ts';
import type { Graph, Operation, Tensor, WeightPlace } from './graph.ts';

export interface Learning {
  /** whether a weight is moved, or is an average that follows the batches */
  moves(weight: WeightPlace): boolean;
  /** whose gradient is needed */
  tensors: ReadonlySet<Tensor>;
}

/** @param frozen names of layers */
export function whatLearns({ operations }: Graph, frozen: ReadonlySet<string>): Learning {
  const moves = ({ name }: WeightPlace) => !frozen.has(layerOf(name));
  const tensors = new Set<Tensor>();
  for (const operation of operations) {
    const { input, output } = operation;
    const read = operation.kind === 'add' ? [input.tensor, operation.other.tensor] : [input.tensor];
    const own = weightOf(operation);
    if ((own && moves(own)) || read.some((tensor) => tensors.has(tensor))) tensors.add(output.tensor);
  }
  return { moves, tensors };
}

/** One weight of the layer that an operation is of; null where it has none. */
export function weightOf(operation: Operation): WeightPlace | null {
  switch (operation.kind) {
    case 'dense':
    case 'conv':
    case 'convTranspose':
    case 'depthwise':
      return operation.kernel;
    case 'batchNorm':
    case 'layerNorm':
      return operation.gamma;
    case 'embedding':
      return operation.table;
    default:
      return null;
  }
}
