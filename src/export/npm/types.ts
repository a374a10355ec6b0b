// index.d.ts of an npm package: the row with the model's own columns, the labels as a union. Names stand in string
// literals alone, never in comments, which a name could end.

import type { FeatureEncoding } from '../../data/prepare.ts';
import type { BundleInput } from '../bundle.ts';
import { spellings } from './source.ts';

const literal = (text: string) => JSON.stringify(text);
/** On one line where that is short. */
const union = (members: string[]) =>
  members.join(' | ').length < 90 ? members.join(' | ') : members.map((member) => `\n  | ${member}`).join('');

/** The text of index.d.ts. */
export function writeTypes(model: BundleInput): string {
  const { preparation, labels } = model;
  const input = preparation.kind === 'table' ? 'Row' : 'Picture';
  return [
    ...(preparation.kind === 'images' ? ['/// <reference lib="dom" />'] : []),
    ...(labels.length > 0 ? [LABELS(labels)] : []),
    preparation.kind === 'table' ? row(preparation.features) : PICTURE,
    labels.length > 0 ? PREDICTED_LABEL : PREDICTED_VALUE,
    `export interface Model {
  /** One prediction for each ${preparation.kind === 'table' ? 'row' : 'picture'}. */
  predict(inputs: readonly ${input}[]): Promise<Prediction[]>;
  /** Frees its memory. */
  release(): Promise<void>;
}

/** Opens the model: the package's own, or another copy of it by its address or its bytes. */
export function load(options?: { model?: string | URL | ArrayBuffer | Uint8Array }): Promise<Model>;

/** Predicts with the package's own model, which is loaded at the first call. */
export function predict(inputs: readonly ${input}[]): Promise<Prediction[]>;`,
  ]
    .join('\n\n')
    .concat('\n');
}

const LABELS = (labels: string[]) => `export type Label = ${union(labels.map(literal))};

/** The class labels, in the order of the probabilities. */
export const labels: readonly Label[];`;

const PREDICTED_LABEL = `export interface Prediction {
  /** the most probable one */
  label: Label;
  probabilities: Record<Label, number>;
}`;

const PREDICTED_VALUE = `export interface Prediction {
  /** in the target's own unit */
  value: number;
}`;

const PICTURE = `/** RGBA pixels of any size, or in a browser what a canvas can draw: an image, a file, a canvas. */
export type Picture = { width: number; height: number; data: Uint8ClampedArray | Uint8Array } | ImageBitmapSource;`;

function row(features: FeatureEncoding[]): string {
  const fields = features.map((feature) => `${comment(feature)}  ${literal(feature.column)}: ${valueType(feature)};\n`);
  return `/** A row of raw values; null is missing. */\nexport interface Row {\n${fields.join('')}}`;
}

function comment(feature: FeatureEncoding): string {
  if (feature.type === 'date') return '  /** ISO 8601, or days since 1970-01-01 UTC */\n';
  return feature.type === 'category' ? '  /** another text counts as none of these */\n' : '';
}

function valueType(feature: FeatureEncoding): string {
  if (feature.kind === 'number') return feature.type === 'date' ? 'Date | string | number | null' : 'number | null';
  const known = (spellings(feature) ?? feature.outputs.filter((output) => output !== '')).map(literal);
  if (feature.type === 'boolean') return [...known, 'boolean', 'null'].join(' | ');
  return [...known, '(string & {})', 'null'].join(' | ');
}
