// The weights of a network: their names, their shapes, their order, and what they begin as. Seeded and pure, so that
// every backend begins from the same bits.

import { createRandom, type Random } from '../base/random.ts';
import { inferShapes, layerName } from './shapes.ts';
import { headUnits, type Activation, type Network, type Weight } from './spec.ts';

export type WeightRole = 'kernel' | 'bias' | 'gamma' | 'beta' | 'movingMean' | 'movingVariance';

export interface WeightSlot {
  /** `<layer index>_<kind>/<role>`, the head's `head/<role>` */
  name: string;
  role: WeightRole;
  /** dense [in, out], conv2d [height, width, in, out], the others [channels] */
  shape: number[];
  /** of the layer that it belongs to; batch normalisation has none */
  activation: Activation;
}

/** Each weight of a network, in the order of the layers. @throws UserError as `inferShapes` does */
export function weightSlots(network: Network): WeightSlot[] {
  const shapes = inferShapes(network);
  const slots: WeightSlot[] = [];
  const add = (layer: string, role: WeightRole, shape: number[], activation: Activation = 'linear') =>
    slots.push({ name: `${layer}/${role}`, role, shape, activation });
  network.layers.forEach((layer, index) => {
    const name = layerName(index, layer);
    const input = index === 0 ? network.inputShape : shapes[index - 1].shape;
    const channels = input[input.length - 1];
    if (layer.kind === 'dense') {
      add(name, 'kernel', [channels, layer.units], layer.activation);
      add(name, 'bias', [layer.units], layer.activation);
    } else if (layer.kind === 'conv2d') {
      add(name, 'kernel', [layer.kernelSize, layer.kernelSize, channels, layer.filters], layer.activation);
      add(name, 'bias', [layer.filters], layer.activation);
    } else if (layer.kind === 'batchNorm') {
      for (const role of ['gamma', 'beta', 'movingMean', 'movingVariance'] as const) add(name, role, [channels]);
    }
  });
  const last = shapes.length > 1 ? shapes[shapes.length - 2].shape : network.inputShape;
  add('head', 'kernel', [last[0], headUnits(network.head)]);
  add('head', 'bias', [headUnits(network.head)]);
  return slots;
}

/**
 * Initial weights. Kernels before a rectifier: He et al. 2015, normal; before selu: LeCun, normal; else Glorot and
 * Bengio 2010, uniform. Both normals are cut at two standard deviations and rescaled, as Keras does. Biases and means 0,
 * gammas and variances 1. Each weight has a stream of its own, so that changing one layer leaves the others' draws.
 */
export function initialWeights(network: Network, seed: number): Weight[] {
  return weightSlots(network).map((slot, index) => {
    const { name, role, shape, activation } = slot;
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    if (role === 'gamma' || role === 'movingVariance') data.fill(1);
    if (role === 'kernel') fillKernel(data, shape, activation, createRandom(streamSeed(seed, 1, index)));
    return { name, shape, data };
  });
}

function fillKernel(data: Float32Array, shape: number[], activation: Activation, random: Random): void {
  const window = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  const fanIn = window * shape[shape.length - 2];
  const fanOut = window * shape[shape.length - 1];
  if (activation === 'linear' || activation === 'tanh' || activation === 'sigmoid') {
    const limit = Math.sqrt(6 / (fanIn + fanOut));
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
