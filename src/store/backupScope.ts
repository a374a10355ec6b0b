// Which records belong together: a model with its lineage, and what cannot stand without something else that is not
// there. Pure: maps of records in, maps of records out.

import { UserError } from '../base/errors.ts';
import { KINDS, refsOf, type Kind, type Records } from './kinds.ts';

export type RecordMaps = { [K in Kind]: Map<string, Records[K]> };

/** Something that is wrong with what should be restored. */
export interface Damage {
  /** such as `version 'iris@3'` */
  what: string;
  why: string;
}

export function emptyMaps(): RecordMaps {
  return Object.fromEntries(KINDS.map((kind) => [kind, new Map()])) as unknown as RecordMaps;
}

/** These models, their versions, and the runs, recipes and data sets that those came of. @throws UserError where there is no such model */
export function lineageOf(all: RecordMaps, models: string[]): RecordMaps {
  const versions = [...all.version].filter(([, { model }]) => models.includes(model));
  for (const name of models) {
    if (!all.model.has(name) && !versions.some(([, { model }]) => model === name)) {
      const known = [...new Set([...all.model.keys(), ...[...all.version.values()].map(({ model }) => model)])];
      throw new UserError(
        'unknown',
        `model '${name}': there is none of this name. There ${known.length ? `are ${known.map((other) => `'${other}'`).join(', ')}` : 'is none at all'}.`,
      );
    }
  }
  const runs = new Set(versions.map(([, { runId }]) => String(runId)));
  const recipes = new Set([
    ...versions.map(([, { recipeId }]) => recipeId),
    ...[...runs].map((key) => all.run.get(key)?.recipeId),
  ]);
  const datasets = new Set([
    ...versions.map(([, { datasetId }]) => datasetId),
    ...[...recipes].map((key) => all.recipe.get(key ?? '')?.dataset),
  ]);
  return {
    model: pick(all.model, (key) => models.includes(key)),
    version: new Map(versions),
    run: pick(all.run, (key) => runs.has(key)),
    log: pick(all.log, (key) => runs.has(key)),
    recipe: pick(all.recipe, (key) => recipes.has(key)),
    dataset: pick(all.dataset, (key) => datasets.has(key)),
    checkpoint: pick(all.checkpoint, (key) => runs.has(key)),
    artifact: pick(all.artifact, (_key, { runId }) => runs.has(String(runId))),
    batch: pick(all.batch, (_key, { runId }) => runs.has(String(runId))),
  };
}

/**
 * What can stand by itself: its blobs are whole, and what it cannot be read without is there. A data set that is not
 * there is no fault, for one may be removed while its versions stay.
 */
export function soundPart(
  all: RecordMaps,
  isWhole: (sha256: string) => boolean,
): { sound: RecordMaps; damaged: Damage[] } {
  const damaged: Damage[] = [];
  const sift = <K extends Kind>(kind: K, faultOf: (value: Records[K]) => string | false): Map<string, Records[K]> =>
    pick(all[kind], (_key, value) => {
      const why = faultOf(value);
      if (why) damaged.push({ what: nameRecord(kind, value), why: `${why} is damaged or not there` });
      return !why;
    });
  const dataset = sift('dataset', (value) => !refsOf('dataset', value).every(isWhole) && 'its content');
  const recipe = sift('recipe', (value) => !refsOf('recipe', value).every(isWhole) && 'what it starts from');
  const run = sift('run', ({ recipeId }) => !recipe.has(recipeId) && 'its recipe');
  const log = pick(all.log, (key) => run.has(key)); // of a run that is not there, that is told
  const version = sift('version', ({ runId, recipeId, trained }) => {
    if (!run.has(String(runId))) return `its run ${runId}`;
    if (!recipe.has(recipeId)) return 'its recipe';
    return trained !== null && !isWhole(trained) && 'its network with all weights';
  });
  // a version can be used without its reference, which is left out then
  for (const [key, value] of version) {
    if (value.reference && !isWhole(value.reference)) version.set(key, { ...value, reference: null });
  }
  const batch = sift('batch', (value) => {
    if (!version.has(String(value.runId))) return 'its version';
    return !refsOf('batch', value).every(isWhole) && 'its rows';
  });
  const wholeStates = ({ states }: Records['checkpoint']) => states.filter(({ sha256 }) => isWhole(sha256));
  const checkpoint = sift('checkpoint', (value) => {
    if (!run.has(String(value.runId))) return 'its run';
    return wholeStates(value).length === 0 && 'each of its states';
  });
  for (const [key, value] of checkpoint) checkpoint.set(key, { ...value, states: wholeStates(value) });
  return {
    sound: {
      dataset,
      recipe,
      run,
      log,
      model: all.model,
      version,
      checkpoint,
      artifact: all.artifact,
      batch,
    },
    damaged,
  };
}

/** SHA-256 of every blob that these records refer to. */
export function blobsOf(records: RecordMaps): Set<string> {
  const refs = KINDS.flatMap((kind) => [...records[kind].values()].flatMap((value) => refsOf(kind, value as never)));
  return new Set(refs.filter((ref) => !records.recipe.has(ref)));
}

/** A record as a person knows it. */
export function nameRecord<K extends Kind>(kind: K, value: Records[K]): string {
  const names: { [P in Kind]: (value: Records[P]) => string } = {
    dataset: ({ name }) => `data set '${name}'`,
    recipe: () => 'a recipe',
    run: ({ id }) => `run ${id}`,
    log: ({ runId }) => `the log of run ${runId}`,
    model: ({ name }) => `model '${name}'`,
    version: ({ id }) => `version '${id}'`,
    checkpoint: ({ runId }) => `the checkpoint of run ${runId}`,
    artifact: ({ fileName }) => `the record of the file '${fileName}'`,
    batch: ({ name }) => `batch '${name}'`,
  };
  return names[kind](value);
}

/** As `nameRecord`, of a record that cannot be read. */
export function nameKey(kind: string, key: string): string {
  const names: Record<string, string> = {
    dataset: `data set ${key.slice(0, 12)}…`,
    run: `run ${key}`,
    log: `the log of run ${key}`,
    version: `the version of run ${key}`,
    checkpoint: `the checkpoint of run ${key}`,
    batch: `batch ${key.slice(0, 12)}…`,
  };
  return names[kind] ?? `${kind} '${key}'`;
}

function pick<T>(from: Map<string, T>, has: (key: string, value: T) => boolean): Map<string, T> {
  return new Map([...from].filter(([key, value]) => has(key, value)));
}
