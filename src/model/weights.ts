// What the weights of a network begin as. Seeded and pure, so that every backend begins from the same bits.

import { createRandom, type Random } from '../base/random.ts';
import { fillOrthogonal } from './orthogonal.ts';
import { placeLayers } from './shapes.ts';
import { isKernel, type WeightSlot } from './slots.ts';
import type { Network, Weight } from './spec.ts';

/** Each weight of a network, in the order of the layers. @throws UserError as `inferShapes` does */
export function weightSlots(network: Network): WeightSlot[] {
  return placeLayers(network).flatMap(({ weights }) => weights);
}

/**
 * Initial weights. Kernels before a rectifier: He et al. 2015, normal; before selu: LeCun, normal; else Glorot and
 * Bengio 2010, uniform. Both normals are cut at two standard deviations and rescaled, as Keras does, and so are its
 * embeddings, uniform to 0.05. What a state is multiplied by: orthogonal (Saxe et al. 2014). Biases and means 0, gammas
 * and variances 1, and so are the biases of forget gates (Jozefowicz et al. 2015). Each weight has a stream of its own,
 * so that changing one layer leaves the others' draws.
 */
export function initialWeights(network: Network, seed: number): Weight[] {
  return weightSlots(network).map((slot, index) => {
    const { name, role, shape, ones } = slot;
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    if (role === 'gamma' || role === 'movingVariance') data.fill(1);
    if (ones) data.fill(1, ones.from, ones.to);
    if (isKernel(slot)) fillKernel(data, slot, createRandom(streamSeed(seed, 1, index)));
    return { name, shape, data };
  });
}

/** Half the width of the uniform distribution that embeddings begin with. */
const EMBEDDING_LIMIT = 0.05;

function fillKernel(data: Float32Array, slot: WeightSlot, random: Random): void {
  const { role, shape, activation, fanIn, fanOut } = slot;
  if (role === 'recurrentKernel') return fillOrthogonal(data, shape[0], shape[1], random);
  if (role === 'embeddings' || activation === 'linear' || activation === 'tanh' || activation === 'sigmoid') {
    const limit = role === 'embeddings' ? EMBEDDING_LIMIT : Math.sqrt(6 / (fanIn + fanOut));
    for (let i = 0; i < data.length; i++) data[i] = (2 * random.next() - 1) * limit;
    return;
  }
  const variance = (activation === 'selu' ? 1 : 2) / fanIn;
  const deviation = Math.sqrt(variance) / 0.87962566103423978; // the deviation of a standard normal cut at 2
  for (let i = 0; i < data.length; i++) {
    let draw = random.normal();
    while (Math.abs(draw) > 2) draw = random.normal();
    data[i] = draw * deviation;
  }
}

/** A seed for one purpose of one run: mixes its parts so that neighbours share nothing (FNV-1a over 32-bit words, then murmur3's finaliser). */
export function streamSeed(...parts: number[]): number {
  let hash = 0x811c9dc5;
  for (const part of parts) {
    hash = Math.imul(hash ^ (part >>> 0), 0x01000193);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
