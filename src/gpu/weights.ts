// Named weights to the flat vector that the kernels know, and back.

import type { Weight } from '../model/spec.ts';
import type { Graph } from './graph.ts';

/** @throws Error where a weight is absent or of another size */
export function flattenWeights({ weights, parameters }: Graph, given: Weight[]): Float32Array {
  const byName = new Map(given.map((weight) => [weight.name, weight]));
  const flat = new Float32Array(parameters);
  for (const { name, size, offset } of weights) {
    const weight = byName.get(name);
    if (weight?.data.length !== size) {
      throw new Error(`weight ${name} has ${weight?.data.length ?? 'no'} numbers, the network needs ${size}`);
    }
    flat.set(weight.data, offset);
  }
  return flat;
}

export function nameWeights({ weights }: Graph, flat: Float32Array): Weight[] {
  return weights.map(({ name, shape, offset, size }) => ({ name, shape, data: flat.slice(offset, offset + size) }));
}
