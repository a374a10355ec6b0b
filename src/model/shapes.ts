// What goes through a network, layer by layer: the shape of each output and the number of weights. Every size is
// bounded here, so that nothing is built that no machine could hold. It builds nothing. One rule a kind of layer, some 30
// of them side by side, and so one file.

import { UserError } from '../base/errors.ts';
import { headSlots, layerSlots, type WeightSlot } from './slots.ts';
import {
  headUnits,
  insideOf,
  isRecurrent,
  LAYER_DEFAULTS,
  throughLayers,
  type LayerSpec,
  type Network,
  type RecurrentLayer,
} from './spec.ts';

export interface LayerShape {
  /** as `throughLayers` has it, of nested layers too; the last one `head` */
  name: string;
  /** without the batch: [features], [length, channels] or [height, width, channels] */
  input: number[];
  shape: number[];
  /** trainable and moving weights of its own, not of the layers inside it */
  parameters: number;
}

/** A layer with its place in the network. */
export interface PlacedLayer extends LayerShape {
  /** null: the head */
  layer: LayerSpec | null;
  weights: WeightSlot[];
}

export const LIMITS = {
  layers: 100,
  /** layers inside layers */
  depth: 8,
  units: 65_536,
  /** of a recurrent layer: its first weights are an orthogonal matrix, which costs the cube of this */
  recurrentUnits: 1024,
  /** that a recurrent layer reads one after the other */
  steps: 4096,
  kernelSize: 64,
  /** weights of the whole network: 200 MB of float32 */
  parameters: 50_000_000,
  /** numbers that one layer gives for one example */
  outputs: 16_777_216,
} as const;

/**
 * The shape and the number of weights of each layer and of the head; a layer that holds others comes before them.
 * @throws UserError naming the layer whose sizes are out of range or do not fit its input
 */
export function inferShapes(network: Network): LayerShape[] {
  return placeLayers(network).map(({ name, input, shape, parameters }) => ({ name, input, shape, parameters }));
}

/** Of the whole network. @throws UserError as `inferShapes` does */
export function countParameters(network: Network): number {
  return placeLayers(network).reduce((sum, { parameters }) => sum + parameters, 0);
}

/** Every layer and the head, in order, with the weights of each. @throws UserError as `inferShapes` does */
export function placeLayers({ inputShape, layers, head }: Network): PlacedLayer[] {
  for (const size of inputShape) checkSize('input', 'size', size, LIMITS.outputs);
  if (inputShape.length < 1 || inputShape.length > 3) {
    throw new UserError(
      'invalid',
      `input shape [${inputShape}]: give [features], [length, channels] or [height, width, channels]`,
    );
  }
  checkOutputs('input', inputShape);
  const count = countLayers(layers);
  if (count > LIMITS.layers) {
    throw new UserError('invalid', `model.layers: ${count} layers, at most ${LIMITS.layers} are taken`);
  }

  const placed: PlacedLayer[] = [];
  let total = 0;
  const place = (layer: LayerSpec | null, name: string, input: number[], weights: WeightSlot[]): PlacedLayer => {
    const parameters = weights.reduce((sum, { shape }) => sum + product(shape), 0);
    total += parameters;
    if (!(total <= LIMITS.parameters)) {
      throw new UserError(
        'invalid',
        `layer ${name}: the model comes to ${total} weights here, at most ${LIMITS.parameters} are taken; make layers smaller or put a pool before this one`,
      );
    }
    const here = { layer, name, input, shape: input, parameters, weights };
    placed.push(here);
    return here;
  };
  const through = (inner: LayerSpec[], input: number[], within: string): number[] =>
    throughLayers(
      inner,
      input,
      (layer, name, from) => {
        checkLayer(layer, name, from);
        const here = place(layer, name, from, layerSlots(layer, name, from));
        here.shape = outputShape(layer, name, from, through);
        checkOutputs(name, here.shape);
        return here.shape;
      },
      within,
    );
  const last = through(layers, inputShape, '');
  checkRank('head', last, 1);
  const units = headUnits(head);
  checkSize('head', 'units', units, LIMITS.units);
  place(null, 'head', last, headSlots(head, last[0])).shape = [units];
  return placed;
}

const product = (sizes: number[]): number => sizes.reduce((all, size) => all * size, 1);

/** Of nested lists too. */
function countLayers(layers: LayerSpec[]): number {
  return layers.reduce((count, layer) => {
    const inside = layer.kind === 'residual' ? [layer.layers] : layer.kind === 'concatenate' ? layer.branches : [];
    return count + 1 + inside.reduce((sum, list) => sum + countLayers(list), 0);
  }, 0);
}

/** The number of axes that each kind of layer takes; null: any. */
const RANKS: Record<LayerSpec['kind'], 1 | 2 | 3 | null> = {
  dense: 1,
  activation: null,
  conv1d: 2,
  conv2d: 3,
  depthwiseConv2d: 3,
  separableConv2d: 3,
  conv2dTranspose: 3,
  maxPool1d: 2,
  averagePool1d: 2,
  maxPool2d: 3,
  averagePool2d: 3,
  globalMaxPool1d: 2,
  globalAveragePool1d: 2,
  globalMaxPool2d: 3,
  globalAveragePool2d: 3,
  batchNorm: null,
  layerNorm: null,
  dropout: null,
  flatten: null,
  reshape: null,
  residual: null,
  concatenate: null,
  embedding: 1,
  simpleRnn: 2,
  lstm: 2,
  gru: 2,
};

/** Whether the layer's own sizes are in range and go with the rank of its input. */
function checkLayer(layer: LayerSpec, name: string, input: number[]): void {
  if (!Object.hasOwn(RANKS, layer.kind)) {
    throw new UserError('unknown', `layer kind '${layer.kind}' of layer ${name}`);
  }
  const rank = RANKS[layer.kind];
  if (rank !== null) checkRank(name, input, rank);
  if (isRecurrent(layer)) checkRecurrent(layer, name, input);
  else if ('units' in layer) checkSize(name, 'units', layer.units, LIMITS.units);
  if ('filters' in layer) checkSize(name, 'filters', layer.filters, LIMITS.units);
  for (const field of ['kernelSize', 'poolSize', 'strides', 'dilation', 'multiplier'] as const) {
    const value = (layer as Partial<Record<typeof field, number>>)[field];
    if (value !== undefined) checkSize(name, field, value, LIMITS.kernelSize);
  }
  if ('dilation' in layer && (layer.dilation ?? 1) > 1 && (layer.strides ?? 1) > 1) {
    throw new UserError(
      'invalid',
      `layer ${name}: dilation is ${layer.dilation} and strides is ${layer.strides}; a window does one or the other, set one of them to 1`,
    );
  }
  if (layer.kind === 'dropout' && !(layer.rate >= 0 && layer.rate < 1)) {
    throw new UserError('invalid', `layer ${name}: rate is ${layer.rate}, it must be at least 0 and below 1`);
  }
  if (layer.kind === 'embedding') {
    checkSize(name, 'vocabulary', layer.vocabulary, LIMITS.units);
    checkSize(name, 'dimension', layer.dimension, LIMITS.units);
    if (name !== '0_embedding') {
      throw new UserError(
        'invalid',
        `layer ${name}: an embedding looks up whole numbers, and only the input has any; make it the first layer`,
      );
    }
  }
}

function checkRecurrent({ units }: RecurrentLayer, name: string, [steps]: number[]): void {
  checkSize(name, 'units', units, LIMITS.recurrentUnits);
  if (steps > LIMITS.steps) {
    throw new UserError(
      'invalid',
      `layer ${name}: it reads ${steps} steps one after the other, at most ${LIMITS.steps} are taken; put a pool or a convolution with strides before it`,
    );
  }
}

/** @param through the shape after a list of layers */
function outputShape(
  layer: LayerSpec,
  name: string,
  input: number[],
  through: (layers: LayerSpec[], input: number[], within: string) => number[],
): number[] {
  const channels = input[input.length - 1];
  /** The input's places, then so many channels. */
  const slide = (outputs: number, size: number, strides: number) => [
    ...input.slice(0, -1).map((length) => windows(name, length, size, strides, layer)),
    outputs,
  ];
  switch (layer.kind) {
    case 'dense':
      return [layer.units];
    case 'conv1d':
    case 'conv2d':
    case 'separableConv2d':
      return slide(layer.filters, reach(layer), layer.strides ?? LAYER_DEFAULTS.strides);
    case 'depthwiseConv2d': {
      const { multiplier = LAYER_DEFAULTS.multiplier, strides = LAYER_DEFAULTS.strides } = layer;
      return slide(channels * multiplier, reach(layer), strides);
    }
    case 'conv2dTranspose': {
      const { kernelSize, strides = LAYER_DEFAULTS.strides, padding = LAYER_DEFAULTS.padding } = layer;
      const more = padding === 'valid' ? Math.max(kernelSize - strides, 0) : 0;
      return [...input.slice(0, -1).map((length) => length * strides + more), layer.filters];
    }
    case 'maxPool1d':
    case 'averagePool1d':
    case 'maxPool2d':
    case 'averagePool2d':
      return slide(channels, layer.poolSize, layer.strides ?? layer.poolSize);
    case 'globalMaxPool1d':
    case 'globalAveragePool1d':
    case 'globalMaxPool2d':
    case 'globalAveragePool2d':
      return [channels];
    case 'activation':
    case 'batchNorm':
    case 'layerNorm':
    case 'dropout':
      return input;
    case 'flatten':
      return [product(input)];
    case 'reshape':
      return reshaped(name, input, layer.shape);
    case 'residual': {
      const inner = through(layer.layers, input, insideOf(name));
      if (inner.join() !== input.join()) {
        throw new UserError(
          'invalid',
          `layer ${name}: its layers make [${inner.join(', ')}] of [${input.join(', ')}], and only equal shapes add up; give the last of them as many channels, with padding 'same' and strides 1`,
        );
      }
      return input;
    }
    case 'concatenate':
      return concatenated(
        name,
        layer.branches.map((branch, index) => through(branch, input, insideOf(name, index))),
      );
    case 'embedding':
      return [...input, layer.dimension];
    case 'simpleRnn':
    case 'lstm':
    case 'gru':
      return layer.returnSequences ? [input[0], layer.units] : [layer.units];
    default:
      layer satisfies never;
      throw new Error(`no layer ${name}`);
  }
}

function reshaped(name: string, input: number[], shape: number[]): number[] {
  if (shape.length < 1 || shape.length > 3) {
    throw new UserError(
      'invalid',
      `layer ${name}: shape is [${shape.join(', ')}], it must be [features], [length, channels] or [height, width, channels]`,
    );
  }
  for (const size of shape) checkSize(name, 'a size of its shape', size, LIMITS.outputs);
  if (product(shape) !== product(input)) {
    throw new UserError(
      'invalid',
      `layer ${name}: [${shape.join(', ')}] holds ${product(shape)} numbers and is given ${product(input)} as [${input.join(', ')}]; choose sizes whose product is ${product(input)}`,
    );
  }
  return shape;
}

function concatenated(name: string, shapes: number[][]): number[] {
  if (shapes.length < 2) {
    throw new UserError('invalid', `layer ${name}: it has ${shapes.length} branches, at least two go side by side`);
  }
  const places = (shape: number[]) => shape.slice(0, -1).join();
  const odd = shapes.findIndex((shape) => places(shape) !== places(shapes[0]));
  if (odd >= 0) {
    throw new UserError(
      'invalid',
      `layer ${name}: branch ${odd} gives [${shapes[odd].join(', ')}], which does not go beside the [${shapes[0].join(', ')}] of branch 0; only the last size may differ`,
    );
  }
  const last = (shape: number[]) => shape[shape.length - 1];
  return [...shapes[0].slice(0, -1), shapes.reduce((sum, shape) => sum + last(shape), 0)];
}

/** From the first cell of a kernel to its last. */
function reach({ kernelSize, dilation = LAYER_DEFAULTS.dilation }: { kernelSize: number; dilation?: number }): number {
  return (kernelSize - 1) * dilation + 1;
}

/** How many places a window of `size` takes along an axis. */
function windows(name: string, length: number, size: number, stride: number, layer: LayerSpec): number {
  if ('padding' in layer && layer.padding === 'same') return Math.ceil(length / stride);
  if (size > length) {
    throw new UserError(
      'invalid',
      `layer ${name}: a window of ${size} is larger than its input of ${length}; use padding 'same', a smaller window, or fewer pools before it`,
    );
  }
  return Math.floor((length - size) / stride) + 1;
}

function checkSize(name: string, field: string, value: number, limit: number): void {
  if (!Number.isInteger(value) || value < 1 || value > limit) {
    const where = name === 'input' ? 'input' : `layer ${name}`;
    throw new UserError('invalid', `${where}: ${field} is ${value}, it must be a whole number from 1 to ${limit}`);
  }
}

/** What a layer of so many axes takes, and what to do where it is given something else. */
const TAKEN = {
  1: ['a flat input', 'put a flatten or a global pool before it'],
  2: ['[length, channels]', 'put a reshape to [length, channels] before it'],
  3: ['[height, width, channels]', 'it is for images, before a flatten'],
} as const;

function checkRank(name: string, shape: number[], rank: 1 | 2 | 3): void {
  if (shape.length === rank) return;
  const [wanted, remedy] = TAKEN[rank];
  throw new UserError('invalid', `layer ${name}: it takes ${wanted} and is given [${shape.join(', ')}]; ${remedy}`);
}

function checkOutputs(name: string, shape: number[]): void {
  const outputs = product(shape);
  if (!(outputs <= LIMITS.outputs)) {
    throw new UserError(
      'invalid',
      `${name === 'input' ? 'input' : `layer ${name}`}: it gives ${outputs} numbers for one example, at most ${LIMITS.outputs} are taken; make it smaller`,
    );
  }
}
