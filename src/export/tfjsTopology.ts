// The network as Keras's layers, each with the layers that it reads from (a functional model), and its weights under
// the names and in the shapes that those layers look for.

import { placeLayers } from '../model/shapes.ts';
import type { WeightSlot } from '../model/slots.ts';
import {
  headUnits,
  insideOf,
  LAYER_DEFAULTS,
  throughLayers,
  type LayerKind,
  type LayerOf,
  type LayerSpec,
  type Network,
  type Padding,
  type RecurrentLayer,
  type Weight,
} from '../model/spec.ts';

/** What a layer is called in Keras, and its own settings. */
type KerasLayer = [className: string, config: Record<string, unknown>];

/** Kinds that are more than one layer of Keras, or none. */
type Composed = 'residual' | 'concatenate' | 'flatten' | 'embedding';

/** The `modelTopology` of a layers model. */
export function kerasTopology(network: Network, version: string): object {
  const { inputShape, layers, head } = network;
  const shapes = new Map(placeLayers(network).map(({ name, input }) => [name, input]));
  const written: object[] = [];
  /** Adds a layer that reads from others and gives its name. */
  const add = (name: string, [className, config]: KerasLayer, ...from: string[]): string => {
    written.push({
      name,
      class_name: className,
      config: { name, trainable: true, dtype: 'float32', ...config },
      inbound_nodes: [from.map((layer) => [layer, 0, 0, {}])],
    });
    return name;
  };
  const apply = (layer: LayerSpec, name: string, from: string): string => {
    switch (layer.kind) {
      case 'residual':
        return add(name, ['Add', {}], from, throughLayers(layer.layers, from, apply, insideOf(name)));
      case 'concatenate': {
        const ends = layer.branches.map((branch, index) => throughLayers(branch, from, apply, insideOf(name, index)));
        return add(name, ['Concatenate', { axis: -1 }], ...ends);
      }
      case 'flatten': // of what is flat already Keras refuses it
        return shapes.get(name)!.length === 1 ? from : add(name, ['Flatten', { data_format: 'channels_last' }], from);
      case 'embedding': {
        // a number that is none of the vocabulary counts as the nearest that is; Keras' own layer refuses it
        const within = add(`${name}/within`, ['ReLU', { max_value: layer.vocabulary - 1 }], from);
        return add(name, ['Embedding', { input_dim: layer.vocabulary, output_dim: layer.dimension }], within);
      }
      default: {
        const build = KERAS[layer.kind] as (layer: LayerSpec) => KerasLayer;
        return add(name, build(layer), from);
      }
    }
  };

  written.push({
    name: 'input',
    class_name: 'InputLayer',
    config: { batch_input_shape: [null, ...inputShape], dtype: 'float32', sparse: false, name: 'input' },
    inbound_nodes: [],
  });
  const last = throughLayers(layers, 'input', apply);
  const activation = head.kind === 'value' ? 'linear' : head.kind;
  add('head', ['Dense', { units: headUnits(head), activation, use_bias: true }], last);
  return {
    class_name: 'Model',
    config: { name: 'lathe', layers: written, input_layers: [['input', 0, 0]], output_layers: [['head', 0, 0]] },
    keras_version: `tfjs-layers ${version}`,
    backend: 'tensor_flow.js',
  };
}

const KERAS: { [K in Exclude<LayerKind, Composed>]: (layer: LayerOf<K>) => KerasLayer } = {
  dense: ({ units, activation }) => ['Dense', { units, activation, use_bias: true }],
  activation: ({ activation }) => ['Activation', { activation }],
  conv1d: (layer) => ['Conv1D', { filters: layer.filters, ...kernelConfig(layer, 1) }],
  conv2d: (layer) => ['Conv2D', { filters: layer.filters, ...kernelConfig(layer, 2) }],
  depthwiseConv2d(layer) {
    const { multiplier = LAYER_DEFAULTS.multiplier } = layer;
    // TensorFlow.js reads over this layer's dilation: its kernel is written with zeros between the cells
    const spread = { ...layer, kernelSize: reach(layer), dilation: 1 };
    return ['DepthwiseConv2D', { depth_multiplier: multiplier, ...kernelConfig(spread, 2) }];
  },
  separableConv2d(layer) {
    const { multiplier = LAYER_DEFAULTS.multiplier, filters } = layer;
    return ['SeparableConv2D', { filters, depth_multiplier: multiplier, ...kernelConfig(layer, 2) }];
  },
  conv2dTranspose: (layer) => ['Conv2DTranspose', { filters: layer.filters, ...kernelConfig(layer, 2) }],
  maxPool1d: (layer) => ['MaxPooling1D', poolConfig(layer, 1)],
  averagePool1d: (layer) => ['AveragePooling1D', poolConfig(layer, 1)],
  maxPool2d: (layer) => ['MaxPooling2D', poolConfig(layer, 2)],
  averagePool2d: (layer) => ['AveragePooling2D', poolConfig(layer, 2)],
  globalMaxPool1d: () => ['GlobalMaxPooling1D', {}],
  globalAveragePool1d: () => ['GlobalAveragePooling1D', {}],
  globalMaxPool2d: () => ['GlobalMaxPooling2D', { data_format: 'channels_last' }],
  globalAveragePool2d: () => ['GlobalAveragePooling2D', { data_format: 'channels_last' }],
  batchNorm: ({ kind: _, ...layer }) => [
    'BatchNormalization',
    { axis: -1, ...LAYER_DEFAULTS.batchNorm, ...layer, center: true, scale: true },
  ],
  layerNorm: ({ kind: _, ...layer }) => [
    'LayerNormalization',
    { axis: -1, ...LAYER_DEFAULTS.layerNorm, ...layer, center: true, scale: true },
  ],
  dropout: ({ rate }) => ['Dropout', { rate }],
  reshape: ({ shape }) => ['Reshape', { target_shape: shape }],
  simpleRnn: (layer) => ['SimpleRNN', recurrentConfig(layer)],
  lstm: (layer) => ['LSTM', { ...recurrentConfig(layer), ...gateConfig(layer), unit_forget_bias: true }],
  gru: (layer) => ['GRU', { ...recurrentConfig(layer), ...gateConfig(layer), reset_after: false }],
};

function recurrentConfig(layer: RecurrentLayer): Record<string, unknown> {
  const { recurrent } = LAYER_DEFAULTS;
  return {
    units: layer.units,
    activation: layer.activation ?? recurrent.activation,
    use_bias: true,
    return_sequences: layer.returnSequences ?? recurrent.returnSequences,
    go_backwards: layer.goBackwards ?? recurrent.goBackwards,
  };
}

function gateConfig({ recurrentActivation }: LayerOf<'lstm' | 'gru'>): Record<string, unknown> {
  return {
    recurrent_activation: recurrentActivation ?? LAYER_DEFAULTS.recurrent.recurrentActivation,
    implementation: 2, // of two ways to compute the same the one with fewer products
  };
}

interface Kernel {
  kernelSize: number;
  strides?: number;
  padding?: Padding;
  dilation?: number;
  activation: string;
}

/** @param axes that the window slides over */
function kernelConfig(layer: Kernel, axes: 1 | 2): Record<string, unknown> {
  const { kernelSize, activation, dilation = LAYER_DEFAULTS.dilation } = layer;
  const { strides = LAYER_DEFAULTS.strides, padding = LAYER_DEFAULTS.padding } = layer;
  const each = (value: number) => Array<number>(axes).fill(value);
  return {
    kernel_size: each(kernelSize),
    strides: each(strides),
    padding,
    data_format: 'channels_last',
    dilation_rate: each(dilation),
    activation,
    use_bias: true,
  };
}

function poolConfig(
  layer: LayerOf<'maxPool1d' | 'averagePool1d' | 'maxPool2d' | 'averagePool2d'>,
  axes: 1 | 2,
): Record<string, unknown> {
  const { poolSize, strides = poolSize, padding = LAYER_DEFAULTS.padding } = layer;
  const each = (value: number) => Array<number>(axes).fill(value);
  return { pool_size: each(poolSize), strides: each(strides), padding, data_format: 'channels_last' };
}

/** From the first cell of a kernel to its last. */
const reach = ({ kernelSize, dilation = LAYER_DEFAULTS.dilation }: Kernel): number => (kernelSize - 1) * dilation + 1;

/** The weights in the order of the layers, as Keras's layers look for them. */
export function kerasWeights(network: Network, weights: Weight[]): Weight[] {
  const byName = new Map(weights.map((weight) => [weight.name, weight]));
  return placeLayers(network).flatMap(({ layer, name, weights: slots }) =>
    slots.map((slot) => {
      const weight = byName.get(slot.name);
      if (!weight) throw new Error(`no weight ${slot.name} among ${[...byName.keys()].join(', ')}`);
      const isDepthwise = layer?.kind === 'depthwiseConv2d' && slot.role === 'kernel';
      const kept = isDepthwise ? spread(weight, layer.dilation ?? LAYER_DEFAULTS.dilation) : weight;
      return { ...kept, name: `${name}/${isDepthwise ? 'depthwise_kernel' : kerasName(slot)}` };
    }),
  );
}

/** `movingMean` is `moving_mean`. */
function kerasName({ role }: WeightSlot): string {
  return role.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** A kernel [height, width, …] with zeros between its cells. */
function spread({ name, shape, data }: Weight, dilation: number): Weight {
  if (dilation === 1) return { name, shape, data };
  const [height, width, ...rest] = shape;
  const size = rest.reduce((product, length) => product * length, 1);
  const wide = [(height - 1) * dilation + 1, (width - 1) * dilation + 1];
  const between = new Float32Array(wide[0] * wide[1] * size);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const cell = (y * width + x) * size;
      between.set(data.subarray(cell, cell + size), (y * wide[1] + x) * dilation * size);
    }
  }
  return { name, shape: [...wide, ...rest], data: between };
}
