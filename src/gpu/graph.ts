// A network as a list of operations on tensors, with its weights laid out in one flat vector. Layers of the spec that
// are only a view (flatten, reshape) or that another operation can take along (activation, dropout) leave no
// operation of their own. No kernels here: passes.ts chooses them. One list of layers, and so one file.

import { UserError } from '../base/errors.ts';
import type { WeightRole } from '../model/slots.ts';
import {
  headUnits,
  insideOf,
  LAYER_DEFAULTS,
  throughLayers,
  type Activation,
  type LayerSpec,
  type Network,
  type Padding,
} from '../model/spec.ts';
import { dropoutKey } from './kernels/dropout.ts';
import { convolved, transposed, type Window } from './window.ts';

/** What is held for each row of a batch. */
export interface Tensor {
  /** the buffer's name; its gradient's is `<name>.gradient` */
  name: string;
  /** numbers of one row */
  size: number;
  /** done by whatever writes the tensor, in this order: first the activation, then the dropout */
  activation: Activation;
  dropout: { rate: number; key: number } | null;
  /** how many operations read it */
  readers: number;
  /** a part of the data set, read through the permutation */
  source: boolean;
}

/** A tensor under a shape (without the batch). */
export interface View {
  tensor: Tensor;
  shape: number[];
}

/** One weight and its place in the flat vector. */
export interface WeightPlace {
  name: string;
  role: WeightRole;
  shape: number[];
  size: number;
  /** in numbers */
  offset: number;
}

export type Operation = { name: string; input: View; output: View } & (
  | { kind: 'dense'; kernel: WeightPlace; bias: WeightPlace }
  | { kind: 'conv' | 'convTranspose'; window: Window; kernel: WeightPlace; bias: WeightPlace }
  | { kind: 'depthwise'; window: Window; multiplier: number; kernel: WeightPlace; bias: WeightPlace | null }
  | { kind: 'maxPool' | 'averagePool'; window: Window }
  | {
      kind: 'batchNorm';
      momentum: number;
      epsilon: number;
      gamma: WeightPlace;
      beta: WeightPlace;
      mean: WeightPlace;
      variance: WeightPlace;
    }
  | { kind: 'layerNorm'; epsilon: number; gamma: WeightPlace; beta: WeightPlace }
  | { kind: 'copy'; offset: number /* of the first channel in the output */ }
  | { kind: 'add'; other: View }
  | { kind: 'embedding'; vocabulary: number; table: WeightPlace }
);

export interface Graph {
  operations: Operation[];
  /** every tensor with a buffer of its own, the input first */
  tensors: Tensor[];
  weights: WeightPlace[];
  /** numbers of the flat vector */
  parameters: number;
  /** of the head, before its activation: [rows, units] */
  logits: View;
}

const product = (sizes: number[]): number => sizes.reduce((all, size) => all * size, 1);

/**
 * The operations of a network, in the order of the forward pass.
 * @param source name of the buffer that the rows come from
 * @throws UserError naming the layer that does not fit its input, or that this trainer does not have
 */
export function buildGraph(network: Network, source: string): Graph {
  const operations: Operation[] = [];
  const tensors: Tensor[] = [];
  const weights: WeightPlace[] = [];
  let parameters = 0;

  const tensor = (name: string, shape: number[], source = false): View => {
    const made: Tensor = { name, size: product(shape), activation: 'linear', dropout: null, readers: 0, source };
    tensors.push(made);
    return { tensor: made, shape };
  };
  /** Kernel and bias of a layer lie side by side; a layer begins at a multiple of 4 numbers, for vec4 loads. */
  const weight = (layer: string, role: WeightRole, shape: number[]): WeightPlace => {
    if (role !== 'bias') parameters = Math.ceil(parameters / 4) * 4;
    const place = { name: `${layer}/${role}`, role, shape, size: product(shape), offset: parameters };
    parameters += place.size;
    weights.push(place);
    return place;
  };
  const add = (operation: Operation): View => {
    operations.push(operation);
    operation.input.tensor.readers++;
    if (operation.kind === 'add') operation.other.tensor.readers++;
    return operation.output;
  };
  /** What a later layer would do elementwise is done where the tensor is written, if nothing has read it before. */
  const writer = (name: string, input: View): Tensor => {
    const { tensor: made } = input;
    if (!made.source && made.readers === 0 && !made.dropout && !shared.has(made)) return made;
    return add({ kind: 'copy', name, input, output: tensor(name, input.shape), offset: 0 }).tensor;
  };
  /** tensors that something else will read later: the input of a branch */
  const shared = new Set<Tensor>();

  function apply(layer: LayerSpec, name: string, input: View): View {
    const { shape } = input;
    const channels = shape[shape.length - 1];
    switch (layer.kind) {
      case 'dense': {
        expectRank(name, shape, 1);
        return dense(name, input, layer.units, layer.activation);
      }
      case 'conv1d':
      case 'conv2d': {
        const flat = layer.kind === 'conv1d';
        expectRank(name, shape, flat ? 2 : 3);
        const window = windowOf(layer, layer.kernelSize, shape, layer.filters);
        const { kernelSize, filters } = layer;
        return convolution('conv', name, input, window, layer.activation, {
          shape: flat ? [kernelSize, channels, filters] : [kernelSize, kernelSize, channels, filters],
          output: flat ? [window.outWidth, filters] : [window.outHeight, window.outWidth, filters],
        });
      }
      case 'conv2dTranspose': {
        expectRank(name, shape, 3);
        const { kernelSize, filters, strides = LAYER_DEFAULTS.strides, padding = LAYER_DEFAULTS.padding } = layer;
        const window = transposed(shape, filters, kernelSize, strides, padding);
        return convolution('convTranspose', name, input, window, layer.activation, {
          shape: [kernelSize, kernelSize, filters, channels],
          output: [window.height, window.width, filters],
        });
      }
      case 'depthwiseConv2d': {
        expectRank(name, shape, 3);
        return depthwise(name, input, layer, 'kernel', layer.activation);
      }
      case 'separableConv2d': {
        expectRank(name, shape, 3);
        const between = depthwise(name, input, layer, 'depthwiseKernel', null);
        const window = convolved(between.shape, layer.filters, [1, 1], 1, 1, 'valid');
        return convolution('conv', name, between, window, layer.activation, {
          shape: [1, 1, between.shape[2], layer.filters],
          output: [...between.shape.slice(0, 2), layer.filters],
          role: 'pointwiseKernel',
        });
      }
      case 'maxPool1d':
      case 'averagePool1d':
      case 'maxPool2d':
      case 'averagePool2d': {
        const flat = layer.kind.endsWith('1d');
        expectRank(name, shape, flat ? 2 : 3);
        const { poolSize, strides = poolSize } = layer;
        const window = windowOf({ ...layer, strides }, poolSize, shape, channels);
        return pool(layer.kind, name, input, window, flat);
      }
      case 'globalAveragePool1d':
      case 'globalMaxPool1d':
      case 'globalAveragePool2d':
      case 'globalMaxPool2d': {
        const flat = layer.kind.endsWith('1d');
        expectRank(name, shape, flat ? 2 : 3);
        const [height, width] = flat ? [1, shape[0]] : shape;
        const window = convolved([height, width, channels], channels, [height, width], 1, 1, 'valid');
        const pooled = pool(layer.kind, name, input, window, flat);
        return { tensor: pooled.tensor, shape: [channels] };
      }
      case 'batchNorm': {
        const { momentum, epsilon } = { ...LAYER_DEFAULTS.batchNorm, ...defined(layer) };
        const gamma = weight(name, 'gamma', [channels]);
        const beta = weight(name, 'beta', [channels]);
        const mean = weight(name, 'movingMean', [channels]);
        const variance = weight(name, 'movingVariance', [channels]);
        const output = tensor(name, shape);
        return add({ kind: 'batchNorm', name, input, output, momentum, epsilon, gamma, beta, mean, variance });
      }
      case 'layerNorm': {
        const { epsilon } = { ...LAYER_DEFAULTS.layerNorm, ...defined(layer) };
        const gamma = weight(name, 'gamma', [channels]);
        const beta = weight(name, 'beta', [channels]);
        return add({ kind: 'layerNorm', name, input, output: tensor(name, shape), epsilon, gamma, beta });
      }
      case 'activation': {
        if (layer.activation === 'linear') return input;
        const made = writer(name, input);
        if (made.activation !== 'linear') return copied(name, input, (copy) => (copy.activation = layer.activation));
        made.activation = layer.activation;
        return { tensor: made, shape };
      }
      case 'dropout': {
        if (layer.rate === 0) return input;
        const made = writer(name, input);
        made.dropout = { rate: layer.rate, key: dropoutKey(name) };
        return { tensor: made, shape };
      }
      case 'flatten':
        return { tensor: input.tensor, shape: [product(shape)] };
      case 'reshape':
        if (product(layer.shape) !== product(shape)) {
          throw new UserError('invalid', `layer ${name}: [${shape}] does not reshape to [${layer.shape}]`);
        }
        return { tensor: input.tensor, shape: layer.shape };
      case 'residual': {
        shared.add(input.tensor);
        const inner = throughLayers(layer.layers, input, apply, insideOf(name));
        if (inner.shape.join() !== shape.join()) {
          throw new UserError(
            'invalid',
            `layer ${name}: its layers make [${inner.shape}] of [${shape}], keep the shape`,
          );
        }
        return add({ kind: 'add', name, input, other: inner, output: tensor(name, shape) });
      }
      case 'concatenate': {
        shared.add(input.tensor);
        const views = layer.branches.map((branch, index) => throughLayers(branch, input, apply, insideOf(name, index)));
        const lead = (view: View) => view.shape.slice(0, -1).join();
        const odd = views.find((view) => lead(view) !== lead(views[0]));
        if (odd) {
          throw new UserError('invalid', `layer ${name}: [${odd.shape}] does not go beside [${views[0].shape}]`);
        }
        const last = (view: View) => view.shape[view.shape.length - 1];
        const sum = views.reduce((total, view) => total + last(view), 0);
        const output = tensor(name, [...views[0].shape.slice(0, -1), sum]);
        let offset = 0;
        for (const view of views) {
          add({ kind: 'copy', name, input: view, output, offset });
          offset += last(view);
        }
        return output;
      }
      case 'embedding': {
        expectRank(name, shape, 1);
        if (!input.tensor.source) {
          throw new UserError('invalid', `layer ${name}: an embedding takes whole numbers, make it the first layer`);
        }
        const { vocabulary, dimension } = layer;
        const table = weight(name, 'embeddings', [vocabulary, dimension]);
        const output = tensor(name, [...shape, dimension]);
        return add({ kind: 'embedding', name, input, output, vocabulary, table });
      }
      case 'simpleRnn':
      case 'lstm':
      case 'gru':
        throw new UserError(
          'unsupported',
          `compiled training: layer ${name} is recurrent, and each step of it waits for the one before`,
        );
      default:
        layer satisfies never;
        throw new UserError('unknown', `layer kind '${(layer as { kind: string }).kind}' of layer ${name}`);
    }
  }

  function dense(name: string, input: View, units: number, activation: Activation): View {
    const kernel = weight(name, 'kernel', [input.shape[0], units]);
    const bias = weight(name, 'bias', [units]);
    const output = tensor(name, [units]);
    output.tensor.activation = activation;
    return add({ kind: 'dense', name, input, output, kernel, bias });
  }

  function convolution(
    kind: 'conv' | 'convTranspose',
    name: string,
    input: View,
    window: Window,
    activation: Activation,
    shapes: { shape: number[]; output: number[]; role?: WeightRole },
  ): View {
    const kernel = weight(name, shapes.role ?? 'kernel', shapes.shape);
    const bias = weight(name, 'bias', [shapes.output[shapes.output.length - 1]]);
    const output = tensor(name, shapes.output);
    output.tensor.activation = activation;
    return add({ kind, name, input, output, window, kernel, bias });
  }

  function depthwise(
    name: string,
    input: View,
    layer: { kernelSize: number; multiplier?: number; strides?: number; padding?: Padding; dilation?: number },
    role: WeightRole,
    activation: Activation | null,
  ): View {
    const { multiplier = LAYER_DEFAULTS.multiplier, kernelSize } = layer;
    const channels = input.shape[2];
    const window = windowOf(layer, kernelSize, input.shape, channels * multiplier);
    const kernel = weight(name, role, [kernelSize, kernelSize, channels, multiplier]);
    const bias = activation ? weight(name, 'bias', [channels * multiplier]) : null;
    const output = tensor(activation ? name : `${name} depthwise`, [
      window.outHeight,
      window.outWidth,
      channels * multiplier,
    ]);
    output.tensor.activation = activation ?? 'linear';
    return add({ kind: 'depthwise', name, input, output, window, multiplier, kernel, bias });
  }

  function pool(layerKind: string, name: string, input: View, window: Window, flat: boolean): View {
    const kind = /max/i.test(layerKind) ? 'maxPool' : 'averagePool';
    const output = tensor(name, [...(flat ? [] : [window.outHeight]), window.outWidth, window.channels]);
    return add({ kind, name, input, output, window });
  }

  function copied(name: string, input: View, change: (copy: Tensor) => void): View {
    const output = add({ kind: 'copy', name, input, output: tensor(name, input.shape), offset: 0 });
    change(output.tensor);
    return output;
  }

  const input = tensor(source, network.inputShape, true);
  const last = throughLayers(network.layers, input, apply);
  expectRank('head', last.shape, 1);
  const logits = dense('head', last, headUnits(network.head), 'linear');
  parameters = Math.ceil(parameters / 4) * 4;
  return { operations, tensors, weights, parameters, logits };
}

function windowOf(
  layer: { strides?: number; padding?: Padding; dilation?: number },
  size: number,
  input: number[],
  filters: number,
): Window {
  const { strides, padding, dilation } = { ...LAYER_DEFAULTS, ...defined(layer) };
  const flat = input.length === 2; // [length, channels]
  return convolved(flat ? [1, ...input] : input, filters, [flat ? 1 : size, size], strides, dilation, padding);
}

/** The fields that are given. */
function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

function expectRank(name: string, shape: number[], rank: number): void {
  if (shape.length === rank) return;
  const wanted = ['', '[features]', '[length, channels]', '[height, width, channels]'][rank];
  throw new UserError('invalid', `layer ${name}: it takes ${wanted} and is given [${shape.join(', ')}]`);
}
