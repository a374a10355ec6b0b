// The layers that a person can add, in their words: the fields of each, what it takes and gives, and a sensible start.
// The layer editor is drawn from this table. Some 30 kinds side by side, and so one long file of words.

import type { Activation, LayerKind, LayerSpec } from '../../model/spec.ts';
import {
  activation,
  count,
  dilation,
  filters,
  gates,
  kernelSize,
  type LayerField,
  multiplier,
  padding,
  pool,
  recurrent,
  share,
  strides,
} from './layerFields.ts';

export type { LayerKind } from '../../model/spec.ts';

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
