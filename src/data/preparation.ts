// What a preparation is, as plain JSON: what to do, and what was learned from the training part. `prepare.ts` fits and applies it.

import type { CellStyle } from './cells.ts';

/** What to do, before anything was seen. */
export interface PreparationSpec {
  numbers: { impute: 'mean' | 'median' | 'zero'; scale: 'standard' | 'minmax' | 'none' };
  /** `category`: a missing value is a category of its own. Rarer categories than the commonest `maxCategories` are encoded as unknown: all zeros. */
  categories: { impute: 'mostFrequent' | 'category'; maxCategories: number };
  /** images only: the size and the channels that the network takes */
  image?: { height: number; width: number; channels: 1 | 3 };
}

/** One raw column as fitted. All arithmetic is float32, operation by operation, so that ONNX gives the same bits. */
export type FeatureEncoding =
  /** (x, or `fill` where missing; - `center`) / `scale`; one output */
  | { kind: 'number'; column: string; type: 'number' | 'integer' | 'date'; fill: number; center: number; scale: number }
  /**
   * one output for each of `outputs` (categories; '' stands for missing). A value that is none of `outputs` gives zeros;
   * a missing value is first replaced by `fill` ('' where missing is a category of its own).
   */
  | { kind: 'oneHot'; column: string; type: 'boolean' | 'category'; outputs: string[]; fill: string };

/** How a column was written in the data that was learned from. */
export type ColumnStyle = CellStyle & { column: string };

export type Preparation =
  /** `styles`: those that are known; not there in versions of an earlier Lathe */
  | { kind: 'table'; features: FeatureEncoding[]; width: number; target: TargetEncoding; styles?: ColumnStyle[] }
  /** pixels 0..255 resized to this size, divided by 255 */
  | { kind: 'images'; height: number; width: number; channels: 1 | 3; target: TargetEncoding };

/** `value`: the network learns (y - center) / scale and its output is put back by * scale + center. */
export type TargetEncoding = { kind: 'classes'; labels: string[] } | { kind: 'value'; center: number; scale: number };

/** One field of the form for a single example. */
export type PredictField =
  | { kind: 'number'; column: string; type: 'number' | 'integer' | 'date'; min: number; max: number; fill: number }
  | { kind: 'category'; column: string; type: 'boolean' | 'category'; options: string[]; fill: string };
