// Made-up rows or images that a bundle brings for its examples and its smoke test. They come from the preparation alone:
// no row of the data set goes into other people's hands.

import { formatDate } from '../data/dates.ts';
import type { FeatureEncoding, Preparation } from '../data/prepare.ts';
import { tableFromRows } from '../data/rows.ts';
import { isNumeric, type Row, type Table } from '../data/table.ts';

/** Examples with what the page predicts of them. */
export interface Samples {
  /** tables: what is usual, something else, and nothing at all; images: [] */
  rows: Row[];
  /** probabilities [samples, classes], or values [samples, 1] in the target's unit */
  outputs: Float32Array;
}

export type ImageSize = Preparation & { kind: 'images' };

/** Images of a bundle's smoke test. */
const SAMPLE_IMAGES = 2;

/** A usual row, another one, and one in which everything is missing; dates as text. */
export function sampleRows(preparation: Preparation & { kind: 'table' }): Row[] {
  const { features } = preparation;
  return [usual, another, () => null].map((value) =>
    Object.fromEntries(features.map((feature) => [feature.column, value(feature)])),
  );
}

function usual(feature: FeatureEncoding): string | number {
  if (feature.kind === 'oneHot') return feature.fill || (feature.outputs.find(Boolean) ?? '');
  return shown(feature, feature.fill);
}

function another(feature: FeatureEncoding): string | number {
  if (feature.kind === 'oneHot') return feature.outputs.findLast((output) => output !== '') ?? '';
  return shown(feature, feature.center + feature.scale);
}

/** Short enough to be read, and the same as a float32 and as text. */
function shown({ type }: FeatureEncoding, value: number): string | number {
  if (type === 'date') return formatDate(Math.round(value));
  return type === 'integer' ? Math.round(value) : Number(value.toPrecision(4));
}

/** Pixels that any language computes alike: [height, width, channels], 0 to 255. */
export function sampleImage({ height, width, channels }: ImageSize, image: number): Uint8Array {
  return Uint8Array.from({ length: height * width * channels }, (_, i) => (31 * i + 97 * image) % 256);
}

/** The samples as the page's own readers give them. */
export function sampleInput(preparation: Preparation): Table | Uint8Array[] {
  if (preparation.kind === 'table') return tableFromRows(sampleRows(preparation), preparation);
  return Array.from({ length: SAMPLE_IMAGES }, (_, image) => sampleImage(preparation, image));
}

/** For each input of the ONNX file what the samples give it; null is a number that is missing. Images: flat pixels. */
export function sampleFeeds(preparation: Preparation): (string | number | null)[][] {
  const input = sampleInput(preparation);
  if (Array.isArray(input)) return [input.flatMap((pixels) => [...pixels])];
  return input.columns.map((column) =>
    isNumeric(column)
      ? Array.from(column.values, (value) => (Number.isNaN(value) ? null : value))
      : Array.from(column.codes, (code) => (code < 0 ? '' : column.categories[code])),
  );
}
