// What a model's files are written from. Types only.

import type { Preparation } from '../data/prepare.ts';
import type { Recipe, Task } from '../model/recipe.ts';
import type { Network, Weight } from '../model/spec.ts';

/** Everything that a file of a model is written from. */
export interface ExportInput {
  name: string;
  network: Network;
  weights: Weight[];
  preparation: Preparation;
  /** class labels in the order of the outputs; regression: [] */
  labels: string[];
  card: ModelCardFacts;
}

/** What a version knows of itself, as plain JSON. */
export interface ModelCardFacts {
  /** of the version, from 1 */
  number: number;
  /** ISO 8601, UTC */
  createdAt: string;
  note: string;
  task: Task;
  /** the column to predict; images: `label` */
  target: string;
  data: {
    name: string;
    /** SHA-256 of the content, hex */
    id: string;
    rows: { train: number; validation: number; test: number };
    /** rows left out because the target is missing */
    droppedRows: number;
  };
  recipe: Recipe;
  /** numbers in the network */
  parameters: number;
  training: {
    backend: string;
    adapter: string;
    durationMs: number;
    epochs: number;
    /** from 1; the epoch the weights are from */
    bestEpoch: number;
    ended: 'epochs' | 'earlyStopping' | 'stopped';
  };
  /** of the test part */
  metrics: Record<string, number>;
  /** the same of a dummy that always says the commonest class or the mean */
  dummy: Record<string, number>;
}
