// What records there are: light facts, as plain JSON. What each means is said in the file of its name; here is what they
// have in common: a key, some a name to be found by, and what they refer to by its hash.

import type { Recipe } from '../model/recipe.ts';
import type { Artifact } from './artifacts.ts';
import type { BatchFacts } from './batches.ts';
import type { CheckpointFacts } from './checkpoints.ts';
import type { DatasetFacts } from './datasets.ts';
import type { LogFacts } from './logs.ts';
import type { ModelRecord } from './models.ts';
import type { RunFacts } from './runs.ts';
import type { VersionFacts } from './versions.ts';

export interface Records {
  /** by the SHA-256 of its content */
  dataset: DatasetFacts;
  /** by the SHA-256 of its JSON; there while a run or a version refers to it */
  recipe: Recipe;
  /** by number; its name is its state */
  run: RunFacts;
  /** by run; it is the heavy part of one, and lists do without it */
  log: LogFacts;
  /** by name; there when its versions are gone, so that no number is given twice */
  model: ModelRecord;
  /** by run; its name is its id, for that follows the model's name */
  version: VersionFacts;
  /** by run */
  checkpoint: CheckpointFacts;
  /** by the SHA-256 of the file */
  artifact: Artifact;
  /** by its id, the SHA-256 of what came and of the version that scored it */
  batch: BatchFacts;
}

export type Kind = keyof Records;

type Rules = {
  [K in Kind]: {
    /** SHA-256 of the blobs and recipes that it refers to */
    refs(value: Records[K]): (string | null)[];
    /** what it is found by beside its key; several may have one name */
    name?(value: Records[K]): string;
  };
};

const RULES: Rules = {
  dataset: { refs: ({ content }) => (content ? Object.values(content) : []) },
  recipe: { refs: ({ start }) => [start?.trained ?? null] },
  run: { refs: ({ recipeId }) => [recipeId], name: ({ state }) => state },
  log: { refs: () => [] },
  model: { refs: () => [] },
  version: { refs: ({ recipeId, trained, reference = null }) => [recipeId, trained, reference], name: ({ id }) => id },
  checkpoint: { refs: ({ states }) => states.map(({ sha256 }) => sha256) },
  artifact: { refs: () => [] },
  batch: { refs: ({ content, outputs, report }) => [...Object.values(content), outputs, report] },
};

export const KINDS = Object.keys(RULES) as Kind[];

/** SHA-256 of what a record refers to, each once. */
export function refsOf<K extends Kind>(kind: K, value: Records[K]): string[] {
  return [...new Set(RULES[kind].refs(value).filter((sha256) => sha256 !== null))];
}

/** What else a record is found by. */
export function nameOf<K extends Kind>(kind: K, value: Records[K]): string | undefined {
  return RULES[kind].name?.(value);
}

/** The key of a record in the clear; `stored` is the one under which it lies, which is sealed where it is a name. */
export function keyIn<K extends Kind>(kind: K, stored: string, value: Records[K]): string {
  return kind === 'model' ? (value as Records['model']).name : stored;
}

/** Keys of this kind are names that people gave. */
export function hasNameAsKey(kind: Kind): boolean {
  return kind === 'model';
}
