// The fields that layers have in common, in a person's words: what a layer is edited by.

import type { Activation, Padding, RecurrentActivation } from '../../model/spec.ts';

/** One field of a layer: a number with its range, a choice, a yes or no, or sizes. `optional` says in a word what leaving it empty means. */
export type LayerField =
  | { key: string; name: string; kind: 'number'; min: number; max: number; step: number | 'any'; optional?: string }
  | { key: string; name: string; kind: 'choice'; options: readonly string[]; empty?: string }
  | { key: string; name: string; kind: 'flag' }
  | { key: string; name: string; kind: 'sizes'; hint: string };

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

/** A whole number from 1. @param optional says in a word what leaving it empty means */
export const count = (key: string, name: string, max: number, optional?: string): LayerField => ({
  key,
  name,
  kind: 'number',
  min: 1,
  max,
  step: 1,
  optional,
});
/** A share of 1. */
export const share = (key: string, name: string, optional?: string): LayerField => ({
  key,
  name,
  kind: 'number',
  min: 0,
  max: 1,
  step: 'any',
  optional,
});
export const activation: LayerField = { key: 'activation', name: 'Activation', kind: 'choice', options: ACTIVATIONS };
export const padding: LayerField = {
  key: 'padding',
  name: 'Padding',
  kind: 'choice',
  options: PADDINGS,
  empty: 'valid',
};
export const filters = count('filters', 'Filters', 1024);
export const kernelSize = count('kernelSize', 'Kernel size', 31);
export const strides = count('strides', 'Strides', 31, '1');
export const dilation = count('dilation', 'Dilation', 31, '1');
export const multiplier = count('multiplier', 'Channels for each', 16, '1');
export const pool = [count('poolSize', 'Pool size', 31), count('strides', 'Strides', 31, 'pool size'), padding];

export const recurrent = (...gates: LayerField[]): LayerField[] => [
  count('units', 'Units', 512),
  { key: 'activation', name: 'Activation', kind: 'choice', options: RECURRENT, empty: 'tanh' },
  ...gates,
  { key: 'returnSequences', name: 'Give every step', kind: 'flag' },
  { key: 'goBackwards', name: 'Read backwards', kind: 'flag' },
];
export const gates: LayerField = {
  key: 'recurrentActivation',
  name: 'Gates',
  kind: 'choice',
  options: RECURRENT,
  empty: 'sigmoid',
};
