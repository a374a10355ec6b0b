// The layers that a person can add, in their words: the fields of each, what it takes and gives, and a sensible start.
// The layer editor is drawn from this table. Some 30 kinds side by side, and so one long file of words.

import type { Activation, LayerKind, LayerSpec, ModelKind, Padding, RecurrentActivation } from '../../model/spec.ts';

export type { LayerKind } from '../../model/spec.ts';

/** One field of a layer: a number with its range, a choice, a yes or no, or sizes. `optional` says in a word what leaving it empty means. */
export type LayerField =
  | { key: string; name: string; kind: 'number'; min: number; max: number; step: number | 'any'; optional?: string }
  | { key: string; name: string; kind: 'choice'; options: readonly string[]; empty?: string }
  | { key: string; name: string; kind: 'flag' }
  | { key: string; name: string; kind: 'sizes'; hint: string };

export type LayerGroup =
  'Units' | 'Convolution' | 'Pooling' | 'Recurrent' | 'Against overfitting' | 'Shape' | 'Layers in layers';

/** Axes: 1 [features], 2 [length, channels], 3 [height, width, channels]. */
export type Rank = 1 | 2 | 3;

export interface LayerWords {
  name: string;
  meaning: string;
  group: LayerGroup;
  fields: LayerField[];
  /** the axes that it takes; null: any */
  takes: Rank | null;
  /** the axes that it gives; null: those that it takes */
  gives: Rank | null;
  /** what is added for an input of this shape */
  start: (input: number[]) => LayerSpec;
  /** whether a multi-layer perceptron may have it; the other models may have all */
  mlp?: true;
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
const RECURRENT: readonly RecurrentActivation[] = ['tanh', 'sigmoid', 'relu', 'elu', 'softplus', 'linear'];
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
const share = (key: string, name: string, optional?: string): LayerField => ({
  key,
  name,
  kind: 'number',
  min: 0,
  max: 1,
  step: 'any',
  optional,
});
const activation: LayerField = { key: 'activation', name: 'Activation', kind: 'choice', options: ACTIVATIONS };
const padding: LayerField = { key: 'padding', name: 'Padding', kind: 'choice', options: PADDINGS, empty: 'valid' };
const filters = count('filters', 'Filters', 1024);
const kernelSize = count('kernelSize', 'Kernel size', 31);
const strides = count('strides', 'Strides', 31, '1');
const dilation = count('dilation', 'Dilation', 31, '1');
const multiplier = count('multiplier', 'Channels for each', 16, '1');
const pool = [count('poolSize', 'Pool size', 31), count('strides', 'Strides', 31, 'pool size'), padding];

const recurrent = (...gates: LayerField[]): LayerField[] => [
  count('units', 'Units', 512),
  { key: 'activation', name: 'Activation', kind: 'choice', options: RECURRENT, empty: 'tanh' },
  ...gates,
  { key: 'returnSequences', name: 'Give every step', kind: 'flag' },
  { key: 'goBackwards', name: 'Read backwards', kind: 'flag' },
];
const gates: LayerField = {
  key: 'recurrentActivation',
  name: 'Gates',
  kind: 'choice',
  options: RECURRENT,
  empty: 'sigmoid',
};

const channelsOf = (input: number[]): number => input[input.length - 1] ?? 1;
const product = (sizes: number[]): number => sizes.reduce((all, size) => all * size, 1);

/** A layer that keeps the number of axes and can give as many channels as it is told. */
function mixing(input: number[], channels: number, activation: Activation): LayerSpec {
  if (input.length === 3) {
    return { kind: 'conv2d', filters: channels, kernelSize: 3, padding: 'same', activation };
  }
  if (input.length === 2) {
    return { kind: 'conv1d', filters: channels, kernelSize: 3, padding: 'same', activation };
  }
  return { kind: 'dense', units: channels, activation };
}

export const LAYERS: Record<LayerKind, LayerWords> = {
  dense: {
    name: 'Dense',
    meaning: 'Every unit sees every input.',
    group: 'Units',
    fields: [count('units', 'Units', 4096), activation],
    takes: 1,
    gives: 1,
    start: () => ({ kind: 'dense', units: 32, activation: 'relu' }),
    mlp: true,
  },
  activation: {
    name: 'Activation',
    meaning: 'Bends each value, such as after a normalisation.',
    group: 'Units',
    fields: [activation],
    takes: null,
    gives: null,
    start: () => ({ kind: 'activation', activation: 'relu' }),
    mlp: true,
  },
  embedding: {
    name: 'Embedding',
    meaning:
      'Looks up a vector for each whole number; always first. It needs columns of whole numbers from 0, not scaled.',
    group: 'Units',
    fields: [count('vocabulary', 'Vocabulary', 65_536), count('dimension', 'Dimension', 1024)],
    takes: 1,
    gives: 2,
    start: () => ({ kind: 'embedding', vocabulary: 100, dimension: 8 }),
    mlp: true,
  },
  conv2d: {
    name: 'Convolution',
    meaning: 'Small filters slide over the image.',
    group: 'Convolution',
    fields: [filters, kernelSize, activation, padding, strides, dilation],
    takes: 3,
    gives: 3,
    start: () => ({ kind: 'conv2d', filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' }),
  },
  conv1d: {
    name: 'Convolution, 1D',
    meaning: 'Small filters slide along the sequence.',
    group: 'Convolution',
    fields: [filters, kernelSize, activation, padding, strides, dilation],
    takes: 2,
    gives: 2,
    start: () => ({ kind: 'conv1d', filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' }),
  },
  depthwiseConv2d: {
    name: 'Depthwise convolution',
    meaning: 'A filter for each channel, which sees no other: few weights.',
    group: 'Convolution',
    fields: [kernelSize, activation, padding, strides, dilation, multiplier],
    takes: 3,
    gives: 3,
    start: () => ({ kind: 'depthwiseConv2d', kernelSize: 3, padding: 'same', activation: 'relu' }),
  },
  separableConv2d: {
    name: 'Separable convolution',
    meaning: 'A depthwise convolution, then its channels are mixed: nearly a convolution, with far fewer weights.',
    group: 'Convolution',
    fields: [filters, kernelSize, activation, padding, strides, dilation, multiplier],
    takes: 3,
    gives: 3,
    start: () => ({ kind: 'separableConv2d', filters: 16, kernelSize: 3, padding: 'same', activation: 'relu' }),
  },
  conv2dTranspose: {
    name: 'Transposed convolution',
    meaning: 'Makes the image larger by its strides.',
    group: 'Convolution',
    fields: [filters, kernelSize, activation, padding, strides],
    takes: 3,
    gives: 3,
    start: () => ({
      kind: 'conv2dTranspose',
      filters: 16,
      kernelSize: 3,
      strides: 2,
      padding: 'same',
      activation: 'relu',
    }),
  },
  lstm: {
    name: 'LSTM',
    meaning: 'Reads the sequence step by step; its gates keep what matters for a long time.',
    group: 'Recurrent',
    fields: recurrent(gates),
    takes: 2,
    gives: 1, // or every step: see `rankAfter`
    start: () => ({ kind: 'lstm', units: 32 }),
  },
  gru: {
    name: 'GRU',
    meaning: 'As an LSTM with one gate less: fewer weights, often as good.',
    group: 'Recurrent',
    fields: recurrent(gates),
    takes: 2,
    gives: 1,
    start: () => ({ kind: 'gru', units: 32 }),
  },
  simpleRnn: {
    name: 'Simple recurrent',
    meaning: 'Reads the sequence step by step without gates: for short sequences.',
    group: 'Recurrent',
    fields: recurrent(),
    takes: 2,
    gives: 1,
    start: () => ({ kind: 'simpleRnn', units: 32 }),
  },
  maxPool2d: {
    name: 'Max pooling',
    meaning: 'Keeps the largest value of each square.',
    group: 'Pooling',
    fields: pool,
    takes: 3,
    gives: 3,
    start: () => ({ kind: 'maxPool2d', poolSize: 2 }),
  },
  averagePool2d: {
    name: 'Average pooling',
    meaning: 'Keeps the mean of each square.',
    group: 'Pooling',
    fields: pool,
    takes: 3,
    gives: 3,
    start: () => ({ kind: 'averagePool2d', poolSize: 2 }),
  },
  maxPool1d: {
    name: 'Max pooling, 1D',
    meaning: 'Keeps the largest of each few steps.',
    group: 'Pooling',
    fields: pool,
    takes: 2,
    gives: 2,
    start: () => ({ kind: 'maxPool1d', poolSize: 2 }),
  },
  averagePool1d: {
    name: 'Average pooling, 1D',
    meaning: 'Keeps the mean of each few steps.',
    group: 'Pooling',
    fields: pool,
    takes: 2,
    gives: 2,
    start: () => ({ kind: 'averagePool1d', poolSize: 2 }),
  },
  globalAveragePool2d: {
    name: 'Global average pooling',
    meaning: 'One mean for each channel; also makes the image flat.',
    group: 'Pooling',
    fields: [],
    takes: 3,
    gives: 1,
    start: () => ({ kind: 'globalAveragePool2d' }),
  },
  globalMaxPool2d: {
    name: 'Global max pooling',
    meaning: 'The largest value of each channel; also makes the image flat.',
    group: 'Pooling',
    fields: [],
    takes: 3,
    gives: 1,
    start: () => ({ kind: 'globalMaxPool2d' }),
  },
  globalAveragePool1d: {
    name: 'Global average pooling, 1D',
    meaning: 'One mean for each channel; also makes the sequence flat.',
    group: 'Pooling',
    fields: [],
    takes: 2,
    gives: 1,
    start: () => ({ kind: 'globalAveragePool1d' }),
  },
  globalMaxPool1d: {
    name: 'Global max pooling, 1D',
    meaning: 'The largest value of each channel; also makes the sequence flat.',
    group: 'Pooling',
    fields: [],
    takes: 2,
    gives: 1,
    start: () => ({ kind: 'globalMaxPool1d' }),
  },
  batchNorm: {
    name: 'Batch normalisation',
    meaning: 'Centres and scales each channel by its batch.',
    group: 'Against overfitting',
    fields: [share('momentum', 'Momentum', '0.9'), share('epsilon', 'Epsilon', '0.001')],
    takes: null,
    gives: null,
    start: () => ({ kind: 'batchNorm' }),
    mlp: true,
  },
  layerNorm: {
    name: 'Layer normalisation',
    meaning: 'Centres and scales the channels of each place by themselves.',
    group: 'Against overfitting',
    fields: [share('epsilon', 'Epsilon', '0.001')],
    takes: null,
    gives: null,
    start: () => ({ kind: 'layerNorm' }),
    mlp: true,
  },
  dropout: {
    name: 'Dropout',
    meaning: 'Silences this share of values at random while it trains.',
    group: 'Against overfitting',
    fields: [{ key: 'rate', name: 'Rate', kind: 'number', min: 0, max: 0.95, step: 'any' }],
    takes: null,
    gives: null,
    start: () => ({ kind: 'dropout', rate: 0.2 }),
    mlp: true,
  },
  flatten: {
    name: 'Flatten',
    meaning: 'Turns everything into one long row, as a dense layer needs it.',
    group: 'Shape',
    fields: [],
    takes: null,
    gives: 1,
    start: () => ({ kind: 'flatten' }),
    mlp: true,
  },
  reshape: {
    name: 'Reshape',
    meaning: 'The same numbers as a sequence (length × channels) or an image (height × width × channels).',
    group: 'Shape',
    fields: [{ key: 'shape', name: 'Sizes', kind: 'sizes', hint: 'Such as 12 × 1; their product stays.' }],
    takes: null,
    gives: null, // by its sizes: see `rankAfter`
    start(input) {
      if (input.length === 3) return { kind: 'reshape', shape: [input[0], input[1] * input[2]] }; // row by row
      return { kind: 'reshape', shape: input.length === 2 ? [...input, 1] : [product(input), 1] };
    },
  },
  residual: {
    name: 'Residual block',
    meaning: 'What its layers make is added to what they were given; both have one shape.',
    group: 'Layers in layers',
    fields: [],
    takes: null,
    gives: null,
    start: (input) => ({
      kind: 'residual',
      layers: [mixing(input, channelsOf(input), 'relu'), mixing(input, channelsOf(input), 'linear')],
    }),
    mlp: true,
  },
  concatenate: {
    name: 'Branches side by side',
    meaning:
      'Each branch sees the same input; their channels are put beside each other. An empty branch hands on its input.',
    group: 'Layers in layers',
    fields: [],
    takes: null,
    gives: null,
    start: (input) => ({ kind: 'concatenate', branches: [[mixing(input, 16, 'relu')], []] }),
    mlp: true,
  },
};

export const MODEL_NAMES: Record<ModelKind, { name: string; meaning: string }> = {
  linear: { name: 'Linear', meaning: 'One weight for each input: quick, easy to read, a good first try.' },
  mlp: { name: 'Multi-layer perceptron', meaning: 'Dense layers that find what several inputs mean together.' },
  cnn: { name: 'Convolutional network', meaning: 'Filters that find shapes wherever in the image they are.' },
  sequence: {
    name: 'Sequence network',
    meaning: 'Reads the columns in their order, as steps of a sequence: a signal, a series, a text.',
  },
};

/** The models that suit images, or a table; a sequence only where each column is a number. */
export function modelKindsOf(images: boolean, sequence: boolean): ModelKind[] {
  if (images) return ['cnn', 'mlp', 'linear'];
  return sequence ? ['mlp', 'sequence', 'linear'] : ['mlp', 'linear'];
}

/** The axes after a layer; `rank` are those before it. */
export function rankAfter(layer: LayerSpec, rank: Rank): Rank {
  if (layer.kind === 'reshape') return Math.max(1, Math.min(3, layer.shape.length)) as Rank;
  if (layer.kind === 'concatenate') return layer.branches.length > 0 ? rankAfterAll(layer.branches[0], rank) : rank;
  if ('returnSequences' in layer && layer.returnSequences) return 2;
  return LAYERS[layer.kind].gives ?? rank;
}

export function rankAfterAll(layers: readonly LayerSpec[], rank: Rank): Rank {
  return layers.reduce((now, layer) => rankAfter(layer, now), rank);
}

/**
 * The layers that fit after those of a list, in the order they are offered.
 * @param rank the axes that the list ends with
 * @param first whether the list is the model's own and begins with a row of numbers, where an embedding can be put
 */
export function layerKindsOf(model: ModelKind, rank: Rank, first: boolean): LayerKind[] {
  return (Object.keys(LAYERS) as LayerKind[]).filter((kind) => {
    const { takes, mlp } = LAYERS[kind];
    if (model === 'mlp' && !mlp) return false;
    if (kind === 'embedding') return first;
    if (kind === 'flatten') return rank > 1;
    return takes === null || takes === rank;
  });
}

/** The list with the layer at `from` moved to `to`. */
export function moved<T>(layers: readonly T[], from: number, to: number): T[] {
  const rest = layers.filter((_, i) => i !== from);
  return [...rest.slice(0, to), layers[from], ...rest.slice(to)];
}

/** The list with a new layer at its end; an embedding comes first. */
export function withLayer(layers: readonly LayerSpec[], layer: LayerSpec): LayerSpec[] {
  return layer.kind === 'embedding' ? [layer, ...layers] : [...layers, layer];
}

/** The layer with one field set; an undefined value takes the field away. */
export function withField(layer: LayerSpec, key: string, value: unknown): LayerSpec {
  const next: Record<string, unknown> = { ...layer, [key]: value };
  if (value === undefined) delete next[key];
  return next as unknown as LayerSpec;
}

/** How many layers are around one of this name, such as 1 around `2_residual/0_conv2d`. */
export function depthOf(name: string): number {
  return (name.match(/[a-z]\//g) ?? []).length;
}

/** The name without those of the layers around it: `0_conv2d` of `2_residual/0_conv2d`, `1/0_conv2d` in a second branch. */
export function shortName(name: string): string {
  return name.replace(/^.*[a-z]\//, '');
}

/** A size without the batch, as people write it: `8 × 8 × 16`. */
export function formatShape(shape: readonly number[]): string {
  return shape.join(' × ');
}

/** `8 × 8 × 16`, `8,8,16` or `8 8 16` as sizes; what is no number is NaN, so that the recipe's check names it. */
export function parseShape(text: string): number[] {
  return text
    .split(/[×x*,;\s]+/i)
    .filter((part) => part !== '')
    .map(Number);
}
