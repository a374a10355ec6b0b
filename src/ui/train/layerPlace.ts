// Where a list of layers stands in the editor. Types only.

import type { LayerSpec } from '../../model/spec.ts';
import type { Rank } from './layers.ts';

/** What the check says of each layer, by its name. */
export type ShapesByName = ReadonlyMap<string, { input: number[]; shape: number[]; parameters: number }>;

/** What the check found wrong with a layer. */
export interface LayerFault {
  /** its places, from the list at hand on */
  places: number[];
  message: string;
}

/** A list of layers in the editor. */
export interface ListPlace {
  layers: LayerSpec[];
  onchange: (layers: LayerSpec[]) => void;
  /** the shape of what the list is given; null while it is not known */
  input: number[] | null;
  rank: Rank;
  /** the prefix of its layers' names */
  within: string;
  /** the prefix of its layers' numbers, such as `2.` */
  number: string;
  label: string;
  fault: LayerFault | null;
}
