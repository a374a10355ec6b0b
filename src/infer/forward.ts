// A trained network as plain arithmetic, one example at a time: what a file that carries no runtime computes with. It is
// written for being right and short; it trains nothing. Sums are in double precision and rounded once to float32.

import { UserError } from '../base/errors.ts';
import { placeLayers } from '../model/shapes.ts';
import { insideOf, LAYER_DEFAULTS, throughLayers, type LayerOf, type LayerSpec, type Network, type Weight } from '../model/spec.ts'; // prettier-ignore
import { weightSlots } from '../model/weights.ts';
import { activate, activateHead } from './activations.ts';
import { recur } from './recurrent.ts';
import { convolve, convolveDepthwise, convolveTransposed, pool, poolAll, slideOver } from './windows.ts';

/** One example [...inputShape] to what the head gives after its activation, [units]. */
export type Forward = (x: Float32Array) => Float32Array;

/** @throws UserError where a weight is absent or of another shape */
export function createForward(network: Network, weights: readonly Weight[]): Forward {
  const { head } = network;
  const { through, take } = createLayers(network, weights);
  return (x) => activateHead(head, multiply(through(x), take('head/kernel'), take('head/bias')));
}

/** One example to what the last layer before the head gives, [features]: an embedding of it. @throws UserError as `createForward` */
export function createEmbedding(network: Network, weights: readonly Weight[]): Forward {
  return createLayers(network, weights).through;
}

function createLayers(
  network: Network,
  weights: readonly Weight[],
): { through: Forward; take: (name: string) => Float32Array } {
  // prettier-ignore
  const byName = new Map(weights.map((weight) => [weight.name, weight]));
  for (const { name, shape } of weightSlots(network)) {
    const weight = byName.get(name);
    if (weight?.shape.join() !== shape.join() || weight.data.length !== shape.reduce((all, size) => all * size, 1)) {
      throw new UserError(
        'invalid',
        `weight ${name}: it is ${weight ? `[${weight.shape}]` : 'absent'} and the network needs [${shape}]. Export the model again`,
      );
    }
  }
  const places = new Map(placeLayers(network).map(({ name, input, shape }) => [name, { input, shape }]));
  const take = (name: string) => byName.get(name)!.data;

  const apply = (layer: LayerSpec, name: string, x: Float32Array): Float32Array => {
    const { input, shape } = places.get(name)!;
    const channels = input[input.length - 1];
    const weight = (role: string) => take(`${name}/${role}`);
    switch (layer.kind) {
      case 'dense':
        return activate(layer.activation, multiply(x, weight('kernel'), weight('bias')));
      case 'activation':
        return activate(layer.activation, x.slice());
      case 'conv1d':
      case 'conv2d': {
        const slide = slideOver(input, shape, layer.kernelSize, withStrides(layer));
        return activate(layer.activation, convolve(slide, x, weight('kernel'), weight('bias')));
      }
      case 'depthwiseConv2d': {
        const slide = slideOver(input, shape, layer.kernelSize, withStrides(layer));
        return activate(layer.activation, convolveDepthwise(slide, x, weight('kernel'), channels, weight('bias')));
      }
      case 'separableConv2d': {
        const slide = slideOver(input, shape, layer.kernelSize, withStrides(layer));
        const between = convolveDepthwise(slide, x, weight('depthwiseKernel'), channels);
        return activate(layer.activation, multiply(between, weight('pointwiseKernel'), weight('bias')));
      }
      case 'conv2dTranspose': {
        const slide = slideOver(shape, input, layer.kernelSize, withStrides(layer));
        return activate(layer.activation, convolveTransposed(slide, x, weight('kernel'), weight('bias')));
      }
      case 'maxPool1d':
      case 'averagePool1d':
      case 'maxPool2d':
      case 'averagePool2d': {
        const slide = slideOver(input, shape, layer.poolSize, { ...layer, strides: layer.strides ?? layer.poolSize });
        return pool(slide, x, channels, layer.kind.startsWith('max') ? 'max' : 'average');
      }
      case 'globalMaxPool1d':
      case 'globalAveragePool1d':
      case 'globalMaxPool2d':
      case 'globalAveragePool2d':
        return poolAll(x, channels, layer.kind.startsWith('globalMax') ? 'max' : 'average');
      case 'batchNorm':
        return normaliseBatch(layer, x, ...(['gamma', 'beta', 'movingMean', 'movingVariance'].map(weight) as Four));
      case 'layerNorm':
        return normalisePlaces(layer, x, weight('gamma'), weight('beta'));
      case 'dropout':
      case 'flatten':
      case 'reshape':
        return x; // the same numbers, row by row
      case 'residual': {
        const inner = throughLayers(layer.layers, x, apply, insideOf(name));
        return x.map((value, i) => value + inner[i]);
      }
      case 'concatenate':
        return sideBySide(
          layer.branches.map((branch, index) => throughLayers(branch, x, apply, insideOf(name, index))),
          shape,
        );
      case 'embedding':
        return lookUp(layer, x, weight('embeddings'));
      case 'simpleRnn':
      case 'lstm':
      case 'gru':
        return recur(layer, multiply(x, weight('kernel'), weight('bias')), weight('recurrentKernel'));
      default:
        layer satisfies never;
        throw new Error(`no layer ${name}`);
    }
  };

  return { through: (x) => throughLayers(network.layers, x, apply), take };
}

function withStrides<T extends { strides?: number }>(layer: T): T & { strides: number } {
  return { ...layer, strides: layer.strides ?? LAYER_DEFAULTS.strides };
}

/** x [places, in] by kernel [in, out] with its bias: [places, out]. */
function multiply(x: Float32Array, kernel: Float32Array, bias: Float32Array): Float32Array {
  const outputs = bias.length;
  const inputs = kernel.length / outputs;
  const places = x.length / inputs;
  const result = new Float32Array(places * outputs);
  const sums = new Float64Array(outputs);
  for (let place = 0; place < places; place++) {
    sums.set(bias);
    for (let i = 0; i < inputs; i++) {
      const value = x[place * inputs + i];
      if (value === 0) continue; // one of many zeros of a one-hot encoding or a rectifier
      const at = i * outputs;
      for (let o = 0; o < outputs; o++) sums[o] += value * kernel[at + o];
    }
    result.set(sums, place * outputs);
  }
  return result;
}

type Four = [Float32Array, Float32Array, Float32Array, Float32Array];

/** By the moving mean and variance of each channel (Ioffe and Szegedy 2015). */
function normaliseBatch(
  { epsilon = LAYER_DEFAULTS.batchNorm.epsilon }: LayerOf<'batchNorm'>,
  x: Float32Array,
  ...[gamma, beta, mean, variance]: Four
): Float32Array {
  const channels = gamma.length;
  return x.map((value, i) => {
    const c = i % channels;
    return ((value - mean[c]) / Math.sqrt(variance[c] + epsilon)) * gamma[c] + beta[c];
  });
}

/** Each place by the mean and variance of its own channels (Ba, Kiros and Hinton 2016). */
function normalisePlaces(
  { epsilon = LAYER_DEFAULTS.layerNorm.epsilon }: LayerOf<'layerNorm'>,
  x: Float32Array,
  gamma: Float32Array,
  beta: Float32Array,
): Float32Array {
  const channels = gamma.length;
  const result = new Float32Array(x.length);
  for (let from = 0; from < x.length; from += channels) {
    let mean = 0;
    for (let c = 0; c < channels; c++) mean += x[from + c] / channels;
    let variance = 0;
    for (let c = 0; c < channels; c++) variance += (x[from + c] - mean) ** 2 / channels;
    const deviation = Math.sqrt(variance + epsilon);
    for (let c = 0; c < channels; c++) result[from + c] = ((x[from + c] - mean) / deviation) * gamma[c] + beta[c];
  }
  return result;
}

/** The channels of the parts one after the other at each place. @param shape of all of them together */
function sideBySide(parts: Float32Array[], shape: number[]): Float32Array {
  const places = shape.slice(0, -1).reduce((all, size) => all * size, 1);
  const result = new Float32Array(places * shape[shape.length - 1]);
  let at = 0;
  for (let place = 0; place < places; place++) {
    for (const part of parts) {
      const width = part.length / places;
      result.set(part.subarray(place * width, (place + 1) * width), at);
      at += width;
    }
  }
  return result;
}

/** Rows of a table by whole numbers; what lies outside counts as the nearest. */
function lookUp({ vocabulary, dimension }: LayerOf<'embedding'>, x: Float32Array, table: Float32Array): Float32Array {
  const result = new Float32Array(x.length * dimension);
  x.forEach((value, i) => {
    const row = Math.trunc(Math.min(Math.max(value, 0), vocabulary - 1));
    result.set(table.subarray(row * dimension, (row + 1) * dimension), i * dimension);
  });
  return result;
}
