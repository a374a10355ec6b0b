// The layers a person can add, in their words, with the fields of each and a sensible start. The layer editor is drawn
// from this table.

import type { Activation, LayerSpec, ModelKind, Padding } from '../../model/spec.ts';

export type LayerKind = LayerSpec['kind'];

/** One field of a layer: a number with its range, or a choice. `optional` says in a word what leaving it empty means. */
export type LayerField =
  | { key: string; name: string; kind: 'number'; min: number; max: number; step: number | 'any'; optional?: string }
  | { key: string; name: string; kind: 'choice'; options: readonly string[]; empty?: string };

export interface LayerWords {
  name: string;
  meaning: string;
  fields: LayerField[];
  start: LayerSpec;
  /** the models that may have it */
  models: ModelKind[];
}

const ACTIVATIONS: readonly Activation[] = [
  'relu',
  'gelu',
  'swish',
  'elu',
  'selu',
  'tanh',
  'sigmoid',
  'softplus',
  'linear',
];
const PADDINGS: readonly Padding[] = ['same', 'valid'];

const count = (key: string, name: string, max: number, optional?: string): LayerField => ({
  key,
  name,
  kind: 'number',
  min: 1,
  max,
  step: 1,
  optional,
});
const activation: LayerField = { key: 'activation', name: 'Activation', kind: 'choice', options: ACTIVATIONS };
const padding: LayerField = { key: 'padding', name: 'Padding', kind: 'choice', options: PADDINGS, empty: 'valid' };

export const LAYERS: Record<LayerKind, LayerWords> = {
  dense: {
    name: 'Dense',
    meaning: 'Every unit sees every input.',
    fields: [count('units', 'Units', 4096), activation],
    start: { kind: 'dense', units: 32, activation: 'relu' },
    models: ['mlp', 'cnn'],
  },
  conv2d: {
    name: 'Convolution',
    meaning: 'Small filters slide over the image.',
    fields: [
      count('filters', 'Filters', 1024),
      count('kernelSize', 'Kernel size', 31),
      count('strides', 'Strides', 31, '1'),
      padding,
      activation,
    ],
    start: { kind: 'conv2d', filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' },
    models: ['cnn'],
  },
  maxPool2d: {
    name: 'Max pooling',
    meaning: 'Keeps the largest value of each square.',
    fields: [count('poolSize', 'Pool size', 31), count('strides', 'Strides', 31, 'pool size'), padding],
    start: { kind: 'maxPool2d', poolSize: 2 },
    models: ['cnn'],
  },
  averagePool2d: {
    name: 'Average pooling',
    meaning: 'Keeps the mean of each square.',
    fields: [count('poolSize', 'Pool size', 31), count('strides', 'Strides', 31, 'pool size'), padding],
    start: { kind: 'averagePool2d', poolSize: 2 },
    models: ['cnn'],
  },
  globalAveragePool2d: {
    name: 'Global average pooling',
    meaning: 'One mean for each channel; also makes the image flat.',
    fields: [],
    start: { kind: 'globalAveragePool2d' },
    models: ['cnn'],
  },
  batchNorm: {
    name: 'Batch normalisation',
    meaning: 'Centres and scales each channel by its batch.',
    fields: [
      { key: 'momentum', name: 'Momentum', kind: 'number', min: 0, max: 1, step: 'any', optional: '0.9' },
      { key: 'epsilon', name: 'Epsilon', kind: 'number', min: 0, max: 1, step: 'any', optional: '0.001' },
    ],
    start: { kind: 'batchNorm' },
    models: ['mlp', 'cnn'],
  },
  dropout: {
    name: 'Dropout',
    meaning: 'Silences this share of values at random while it trains.',
    fields: [{ key: 'rate', name: 'Rate', kind: 'number', min: 0, max: 0.95, step: 'any' }],
    start: { kind: 'dropout', rate: 0.2 },
    models: ['mlp', 'cnn'],
  },
  flatten: {
    name: 'Flatten',
    meaning: 'Turns the image into one long row, as a dense layer needs it.',
    fields: [],
    start: { kind: 'flatten' },
    models: ['mlp', 'cnn'],
  },
};

export const MODEL_NAMES: Record<ModelKind, { name: string; meaning: string }> = {
  linear: { name: 'Linear', meaning: 'One weight for each input: quick, easy to read, a good first try.' },
  mlp: { name: 'Multi-layer perceptron', meaning: 'Dense layers that find what several inputs mean together.' },
  cnn: { name: 'Convolutional network', meaning: 'Filters that find shapes wherever in the image they are.' },
};

/** The models that suit images, or a table. */
export function modelKindsOf(images: boolean): ModelKind[] {
  return images ? ['cnn', 'mlp', 'linear'] : ['mlp', 'linear'];
}

/** What a model of this kind begins with when a person switches to it. */
export function startLayers(model: ModelKind, images: boolean): LayerSpec[] {
  const flat: LayerSpec[] = images ? [{ kind: 'flatten' }] : [];
  if (model === 'linear') return flat;
  if (model === 'mlp') {
    return [
      ...flat,
      { kind: 'dense', units: 32, activation: 'relu' },
      { kind: 'dense', units: 16, activation: 'relu' },
    ];
  }
  return [
    { kind: 'conv2d', filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' },
    { kind: 'maxPool2d', poolSize: 2, padding: 'same' },
    { kind: 'conv2d', filters: 32, kernelSize: 3, padding: 'same', activation: 'relu' },
    { kind: 'globalAveragePool2d' },
    { kind: 'dense', units: 64, activation: 'relu' },
  ];
}

/** The layers that a model of this kind may have, in the order they are offered. */
export function layerKindsOf(model: ModelKind, images: boolean): LayerKind[] {
  const kinds = Object.keys(LAYERS) as LayerKind[];
  return kinds.filter((kind) => LAYERS[kind].models.includes(model) && (images || kind !== 'flatten'));
}

/** The list with the layer at `from` moved to `to`. */
export function moved<T>(layers: readonly T[], from: number, to: number): T[] {
  const rest = layers.filter((_, i) => i !== from);
  return [...rest.slice(0, to), layers[from], ...rest.slice(to)];
}

/** The layer with one field set; an undefined value takes the field away. */
export function withField(layer: LayerSpec, key: string, value: number | string | undefined): LayerSpec {
  const next: Record<string, unknown> = { ...layer, [key]: value };
  if (value === undefined) delete next[key];
  return next as unknown as LayerSpec;
}

/** A size without the batch, as people write it: `8 × 8 × 16`. */
export function formatShape(shape: readonly number[]): string {
  return shape.join(' × ');
}
