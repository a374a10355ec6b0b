// The weights that a layer has: their roles, their shapes, their order. Names and shapes are the same on every backend
// and in every file. What they begin as is weights.ts.

import { headUnits, LAYER_DEFAULTS, type Activation, type Head, type LayerSpec, type RecurrentKind } from './spec.ts';

export type WeightRole =
  | 'kernel'
  | 'depthwiseKernel'
  | 'pointwiseKernel'
  | 'recurrentKernel'
  | 'embeddings'
  | 'bias'
  | 'gamma'
  | 'beta'
  | 'movingMean'
  | 'movingVariance';

export interface WeightSlot {
  /** `<layer>/<role>`, the head's `head/<role>` */
  name: string;
  role: WeightRole;
  /** dense [in, out], convolutions [(height,) width, in, out], transposed [height, width, out, in], depthwise [height, width, in, multiplier], recurrent [in, gates * units] and [units, gates * units] */
  shape: number[];
  /** what follows it at once; `linear` where nothing does */
  activation: Activation;
  /** of a kernel: how many numbers one output adds up, and how many outputs one input goes to; 0 of any other weight */
  fanIn: number;
  fanOut: number;
  /** the numbers of a bias that begin as 1 */
  ones?: { from: number; to: number };
}

/**
 * How many products of a step and of the state each recurrent layer has, side by side in its weights: lstm input, forget,
 * cell, output; gru update, reset, candidate.
 */
export const GATES = { simpleRnn: 1, lstm: 4, gru: 3 } as const satisfies Record<RecurrentKind, number>;

/** Whether the optimiser moves it. */
export const isTrained = ({ role }: { role: WeightRole }): boolean =>
  role !== 'movingMean' && role !== 'movingVariance';

/** The layer of a weight, by the weight's name. */
export const layerOf = (weight: string): string => weight.slice(0, weight.lastIndexOf('/'));

/** Whether L1, L2 and decoupled decay apply to it. */
export const isKernel = ({ role }: { role: WeightRole }): boolean => /kernel|embeddings/i.test(role);

/**
 * The weights of one layer itself, not of the layers inside it.
 * @param input shape of its input, without the batch; it fits the layer
 */
export function layerSlots(layer: LayerSpec, name: string, input: number[]): WeightSlot[] {
  const channels = input[input.length - 1];
  const vectors = (...roles: WeightRole[]) => roles.map((role) => slot(name, role, [channels]));
  switch (layer.kind) {
    case 'dense':
      return sum(name, [channels, layer.units], layer.activation);
    case 'conv1d':
      return sum(name, [layer.kernelSize, channels, layer.filters], layer.activation);
    case 'conv2d':
      return sum(name, [layer.kernelSize, layer.kernelSize, channels, layer.filters], layer.activation);
    case 'conv2dTranspose': {
      const { kernelSize, filters, strides = LAYER_DEFAULTS.strides, activation } = layer;
      const cells = kernelSize ** 2;
      const seen = Math.max(1, cells / strides ** 2); // of the cells, by one output
      const fans = { fanIn: seen * channels, fanOut: cells * filters };
      return [
        { ...slot(name, 'kernel', [kernelSize, kernelSize, filters, channels], activation), ...fans },
        slot(name, 'bias', [filters], activation),
      ];
    }
    case 'depthwiseConv2d': {
      const { kernelSize, multiplier = LAYER_DEFAULTS.multiplier, activation } = layer;
      return [
        depthwise(name, 'kernel', [kernelSize, kernelSize, channels, multiplier], activation),
        slot(name, 'bias', [channels * multiplier], activation),
      ];
    }
    case 'separableConv2d': {
      const { kernelSize, multiplier = LAYER_DEFAULTS.multiplier, filters, activation } = layer;
      return [
        depthwise(name, 'depthwiseKernel', [kernelSize, kernelSize, channels, multiplier], 'linear'),
        ...sum(name, [1, 1, channels * multiplier, filters], activation, 'pointwiseKernel'),
      ];
    }
    case 'batchNorm':
      return vectors('gamma', 'beta', 'movingMean', 'movingVariance');
    case 'layerNorm':
      return vectors('gamma', 'beta');
    case 'embedding':
      return [slot(name, 'embeddings', [layer.vocabulary, layer.dimension])];
    case 'simpleRnn':
    case 'lstm':
    case 'gru': {
      const { kind, units } = layer;
      const outputs = GATES[kind] * units;
      const [kernel, bias] = sum(name, [channels, outputs], 'linear');
      const state = { ...slot(name, 'recurrentKernel', [units, outputs]), fanIn: units, fanOut: outputs };
      return [kernel, state, kind === 'lstm' ? { ...bias, ones: { from: units, to: 2 * units } } : bias];
    }
    case 'activation':
    case 'maxPool1d':
    case 'averagePool1d':
    case 'maxPool2d':
    case 'averagePool2d':
    case 'globalMaxPool1d':
    case 'globalAveragePool1d':
    case 'globalMaxPool2d':
    case 'globalAveragePool2d':
    case 'dropout':
    case 'flatten':
    case 'reshape':
    case 'residual':
    case 'concatenate':
      return [];
    default:
      layer satisfies never;
      throw new Error(`no layer ${name}`);
  }
}

/** @param input length of what the head takes */
export function headSlots(head: Head, input: number): WeightSlot[] {
  return sum('head', [input, headUnits(head)], 'linear');
}

function slot(layer: string, role: WeightRole, shape: number[], activation: Activation = 'linear'): WeightSlot {
  return { name: `${layer}/${role}`, role, shape, activation, fanIn: 0, fanOut: 0 };
}

/** A kernel [..., in, out] and its bias. */
function sum(layer: string, shape: number[], activation: Activation, role: WeightRole = 'kernel'): WeightSlot[] {
  const [inputs, outputs] = shape.slice(-2);
  const cells = shape.slice(0, -2).reduce((product, size) => product * size, 1);
  return [
    { ...slot(layer, role, shape, activation), fanIn: cells * inputs, fanOut: cells * outputs },
    slot(layer, 'bias', [outputs], activation),
  ];
}

/** A kernel [height, width, in, multiplier], each of whose channels sees one channel. */
function depthwise(layer: string, role: WeightRole, shape: number[], activation: Activation): WeightSlot {
  const [height, width, , multiplier] = shape;
  return { ...slot(layer, role, shape, activation), fanIn: height * width, fanOut: height * width * multiplier };
}
