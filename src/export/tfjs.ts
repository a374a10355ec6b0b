// A trained model as a TensorFlow.js layers model (the format of `tf.loadLayersModel`, Keras's topology in JSON) with
// what is needed to use it: labels, preparation, a model card and a README whose snippet runs. The network alone is
// inside the model, so that it takes prepared numbers; zipping is left to the caller.

import { inferShapes, layerName } from '../model/shapes.ts';
import { headUnits, LAYER_DEFAULTS, type LayerSpec, type Network, type Weight } from '../model/spec.ts';
import { weightSlots, type WeightRole } from '../model/weights.ts';
import { writeModelCard } from './modelCard.ts';
import type { ExportInput } from './exportInput.ts';
import { writeReadme } from './tfjsReadme.ts';
import { TFJS_VERSION } from './tfjsVersion.ts';

/** A layer as Keras writes it. */
interface KerasLayer {
  class_name: string;
  config: Record<string, unknown>;
}

/** @returns the files in the order in which they are read; the same model gives the same bytes */
export function writeTfjs(model: ExportInput): { name: string; bytes: Uint8Array | string }[] {
  const { network, weights, preparation, labels } = model;
  const ordered = kerasWeights(network, weights);
  const modelJson = {
    format: 'layers-model',
    generatedBy: 'Lathe',
    convertedBy: null,
    modelTopology: {
      class_name: 'Sequential',
      config: { name: 'lathe', layers: kerasLayers(network) },
      keras_version: `tfjs-layers ${TFJS_VERSION}`,
      backend: 'tensor_flow.js',
    },
    weightsManifest: [
      {
        paths: ['weights.bin'],
        weights: ordered.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })),
      },
    ],
    userDefinedMetadata: { name: model.name, task: model.card.task, target: model.card.target, labels, preparation },
  };
  return [
    { name: 'README.md', bytes: writeReadme(model) },
    { name: 'model.json', bytes: JSON.stringify(modelJson) },
    { name: 'weights.bin', bytes: concatenate(ordered) },
    { name: 'labels.txt', bytes: writeLabels(labels) },
    { name: 'preparation.json', bytes: `${JSON.stringify(preparation, null, 2)}\n` },
    { name: 'MODEL_CARD.md', bytes: writeModelCard(model) },
  ];
}

/** One label a line, nothing escaped. A line break inside a label becomes a space: the exact labels are in model.json. */
function writeLabels(labels: string[]): string {
  return labels.map((label) => `${label.replace(/\r\n|[\n\v\f\r\u0085\u2028\u2029]/g, ' ')}\n`).join('');
}

const KERAS: { [K in LayerSpec['kind']]: (layer: Extract<LayerSpec, { kind: K }>) => KerasLayer } = {
  dense: ({ units, activation }) => ({ class_name: 'Dense', config: { units, activation, use_bias: true } }),
  conv2d: ({
    filters,
    kernelSize,
    strides = LAYER_DEFAULTS.strides,
    padding = LAYER_DEFAULTS.padding,
    activation,
  }) => ({
    class_name: 'Conv2D',
    config: {
      filters,
      kernel_size: [kernelSize, kernelSize],
      strides: [strides, strides],
      padding,
      data_format: 'channels_last',
      dilation_rate: [1, 1],
      activation,
      use_bias: true,
    },
  }),
  maxPool2d: (layer) => ({ class_name: 'MaxPooling2D', config: poolConfig(layer) }),
  averagePool2d: (layer) => ({ class_name: 'AveragePooling2D', config: poolConfig(layer) }),
  globalAveragePool2d: () => ({ class_name: 'GlobalAveragePooling2D', config: { data_format: 'channels_last' } }),
  batchNorm: ({ kind: _, ...layer }) => ({
    class_name: 'BatchNormalization',
    config: { axis: -1, ...LAYER_DEFAULTS.batchNorm, ...layer, center: true, scale: true },
  }),
  dropout: ({ rate }) => ({ class_name: 'Dropout', config: { rate } }),
  flatten: () => ({ class_name: 'Flatten', config: { data_format: 'channels_last' } }),
};

function poolConfig({
  poolSize,
  strides = poolSize,
  padding = LAYER_DEFAULTS.padding,
}: Extract<LayerSpec, { kind: 'maxPool2d' | 'averagePool2d' }>) {
  return { pool_size: [poolSize, poolSize], strides: [strides, strides], padding, data_format: 'channels_last' };
}

function kerasLayers(network: Network): KerasLayer[] {
  const { inputShape, layers, head } = network;
  const shapes = [inputShape, ...inferShapes(network).map(({ shape }) => shape)];
  const named = layers.flatMap((layer, index) => {
    if (layer.kind === 'flatten' && shapes[index].length === 1) return []; // nothing to do, and Keras refuses it
    const build = KERAS[layer.kind] as (layer: LayerSpec) => KerasLayer;
    const { class_name, config } = build(layer);
    return [{ class_name, config: { name: layerName(index, layer), trainable: true, dtype: 'float32', ...config } }];
  });
  const activation = head.kind === 'value' ? 'linear' : head.kind;
  const input = { batch_input_shape: [null, ...inputShape], dtype: 'float32', sparse: false, name: 'input' };
  const output = {
    name: 'head',
    trainable: true,
    dtype: 'float32',
    units: headUnits(head),
    activation,
    use_bias: true,
  };
  return [{ class_name: 'InputLayer', config: input }, ...named, { class_name: 'Dense', config: output }];
}

const KERAS_NAMES: Partial<Record<WeightRole, string>> = {
  movingMean: 'moving_mean',
  movingVariance: 'moving_variance',
};

/** The weights in the order of the layers, under the names that Keras's layers look for. */
function kerasWeights(network: Network, weights: Weight[]): Weight[] {
  const byName = new Map(weights.map((weight) => [weight.name, weight]));
  return weightSlots(network).map(({ name, role }) => {
    const weight = byName.get(name);
    if (!weight) throw new Error(`no weight ${name} among ${[...byName.keys()].join(', ')}`);
    return { ...weight, name: name.slice(0, -role.length) + (KERAS_NAMES[role] ?? role) };
  });
}

/** Little-endian float32, one weight after the other. */
function concatenate(weights: Weight[]): Uint8Array {
  const values = new Float32Array(weights.reduce((size, { data }) => size + data.length, 0));
  let offset = 0;
  for (const { data } of weights) {
    values.set(data, offset);
    offset += data.length;
  }
  return new Uint8Array(values.buffer);
}
