// What restoring a backup comes to, beside what is already here. What is the same stays as it is here. What has the same
// id and is something else is kept beside it: a run under a new number, versions under a new model's name. Pure: it reads
// two sets of records and drafts a third.

import { stringify } from '../base/json.ts';
import { moveAlias } from './aliasHistory.ts';
import { emptyMaps, nameRecord, type RecordMaps } from './backupScope.ts';
import type { Kind, Records } from './kinds.ts';
import type { LogFacts } from './logs.ts';
import type { ModelRecord } from './models.ts';
import type { RunFacts } from './runs.ts';
import { versionId } from './versionId.ts';
import type { VersionFacts } from './versions.ts';

export interface RestorePlan {
  /** what is to be written, by its key here */
  puts: RecordMaps;
  /** ids here, of what is new, in the order of the backup; recipes and logs are not told */
  added: RestoredItem[];
  /** ids here, of what was here already and stays as it is */
  same: RestoredItem[];
  renamed: Renaming[];
}

export interface RestoredItem {
  kind: Kind;
  id: string;
  /** for people */
  name: string;
}

/** Here is something else under the id that it had. */
export interface Renaming {
  kind: 'run' | 'model';
  from: string;
  to: string;
}

/** @param now milliseconds since 1970, for the histories of aliases that come to a model that is here */
export function planRestore(incoming: RecordMaps, here: RecordMaps, lastRun: number, now = 0): RestorePlan {
  const plan: RestorePlan = { puts: emptyMaps(), added: [], same: [], renamed: [] };
  const { puts, added, same } = plan;
  const add = <K extends Kind>(kind: K, key: string, value: Records[K]) => {
    puts[kind].set(key, value);
    added.push({ kind, id: idOf(kind, key, value), name: nameRecord(kind, value) });
  };
  const keep = <K extends Kind>(kind: K, key: string, value: Records[K]) =>
    same.push({ kind, id: idOf(kind, key, value), name: nameRecord(kind, value) });

  for (const [key, dataset] of incoming.dataset) {
    const own = here.dataset.get(key);
    if (!own) add('dataset', key, dataset);
    else if (!own.content && dataset.content) add('dataset', key, { ...own, content: dataset.content });
    else keep('dataset', key, own);
  }

  const runs = placeRuns(incoming, here, lastRun);
  for (const [key, run] of incoming.run) {
    const place = runs.get(key)!;
    const own = here.run.get(place);
    if (!own || (own.state !== 'finished' && run.state === 'finished'))
      add('run', place, { ...ended(run), id: Number(place) });
    else keep('run', place, own);
    if (place !== key) plan.renamed.push({ kind: 'run', from: key, to: place });
  }
  for (const [key, log] of incoming.log) {
    const place = runs.get(key)!;
    const isNew = puts.run.has(place) || isLost(here, place, log);
    if (isNew) puts.log.set(place, { ...log, runId: Number(place) });
  }
  plan.renamed = plan.renamed.filter(({ to }) => puts.run.has(to)); // else it came and was renamed at an earlier time

  const coming: VersionFacts[] = [];
  for (const version of incoming.version.values()) {
    const place = runs.get(String(version.runId))!;
    const own = here.version.get(place);
    if (own) keep('version', place, own);
    else coming.push({ ...version, runId: Number(place) });
  }
  const names = placeModels(coming, incoming, here);
  for (const [from, to] of names) if (from !== to) plan.renamed.push({ kind: 'model', from, to });
  for (const version of coming) {
    const model = names.get(version.model)!;
    add('version', String(version.runId), { ...version, model, id: versionId(model, version.number) });
  }
  const hasVersions = new Set([...incoming.version.values()].map(({ model }) => model));
  for (const name of new Set([...names.keys(), ...incoming.model.keys()])) {
    const own = here.model.get(names.get(name) ?? name);
    const numbers = coming.filter(({ model }) => model === name).map(({ number }) => number);
    if (numbers.length === 0 && (own || hasVersions.has(name))) {
      if (own) keep('model', own.name, own); // else all its versions are here, under the name that it got meanwhile
    } else {
      const model = joinModels(names.get(name) ?? name, own, incoming.model.get(name), numbers, now);
      if (own) puts.model.set(model.name, model);
      else add('model', model.name, model);
    }
  }

  for (const [key, checkpoint] of incoming.checkpoint) {
    const place = runs.get(key)!;
    const isNew = !here.run.has(place) && !puts.version.has(place);
    if (isNew) add('checkpoint', place, { ...checkpoint, runId: Number(place) });
    else if (here.checkpoint.has(place)) keep('checkpoint', place, here.checkpoint.get(place)!);
  }

  for (const [key, artifact] of incoming.artifact) {
    const own = here.artifact.get(key);
    const run = String(artifact.runId);
    // one whose run was removed stays without; it must not come to stand with another of that number
    const place = runs.get(run) ?? (here.run.has(run) ? null : run);
    if (own) keep('artifact', key, own);
    else if (place) add('artifact', key, { ...artifact, runId: Number(place) });
  }

  for (const [key, batch] of incoming.batch) {
    const place = Number(runs.get(String(batch.runId)) ?? batch.runId);
    const own = here.batch.get(key);
    if (own) keep('batch', key, own);
    else add('batch', key, { ...batch, runId: place });
  }

  for (const { recipeId } of [...puts.run.values(), ...puts.version.values()]) {
    if (!here.recipe.has(recipeId)) puts.recipe.set(recipeId, incoming.recipe.get(recipeId)!);
  }
  return plan;
}

/** The number under which each run is, or is to be, here. */
function placeRuns(incoming: RecordMaps, here: RecordMaps, lastRun: number): Map<string, string> {
  const contentOf = (run: RunFacts) => stringify({ ...ended(run), id: null });
  const known = new Map<string, string[]>();
  for (const [key, run] of here.run) {
    const content = contentOf(run);
    known.set(content, [...(known.get(content) ?? []), key]);
  }
  const places = new Map<string, string>();
  const taken = new Set<string>();
  const place = (key: string, at: string) => {
    places.set(key, at);
    taken.add(at);
  };
  for (const [key, run] of incoming.run) {
    const own = here.run.get(key);
    const isFree = !own && isSameVersion(here.version.get(key), incoming.version.get(key));
    if (isFree || (own && isSameRun(own, run, here.log.get(key), incoming.log.get(key)))) place(key, key);
  }
  let last = [...incoming.run.keys(), ...here.version.keys()].reduce((max, key) => Math.max(max, Number(key)), lastRun);
  for (const [key, run] of incoming.run) {
    if (places.has(key)) continue;
    const twin = known.get(contentOf(run))?.find((at) => !taken.has(at));
    place(key, twin ?? String(++last));
  }
  return places;
}

/** Whether a version whose run is lost here may be that of a run that comes. */
function isSameVersion(own: VersionFacts | undefined, coming: VersionFacts | undefined): boolean {
  return !own || (own.trained === coming?.trained && own.recipeId === coming.recipeId);
}

/** Whether two records of one number tell of one run, perhaps at two times. A log that is lost contradicts nothing. */
function isSameRun(a: RunFacts, b: RunFacts, logA: LogFacts | undefined, logB: LogFacts | undefined): boolean {
  if (a.recipeId !== b.recipeId || a.startedAt !== b.startedAt) return false;
  const [shorter, longer] = [logA?.epochs ?? [], logB?.epochs ?? []].sort((x, y) => x.length - y.length);
  return stringify(shorter) === stringify(longer.slice(0, shorter.length));
}

/** Whether the run of this number stays as it is here, has lost its log, and this is it. */
function isLost(here: RecordMaps, key: string, { epochs }: LogFacts): boolean {
  const run = here.run.get(key);
  return run !== undefined && !here.log.has(key) && stringify(run.last) === stringify(epochs.at(-1) ?? null);
}

/** What ran where the backup was made runs no more. */
function ended(run: RunFacts): RunFacts {
  return run.state === 'running' ? { ...run, state: 'interrupted' } : run;
}

/** The name here of each model that has versions coming: its own, or a new one where a number of theirs is taken. */
function placeModels(coming: VersionFacts[], incoming: RecordMaps, here: RecordMaps): Map<string, string> {
  const taken = new Set([...here.version.values()].map(({ id }) => id));
  const names = new Set([...here.model.keys(), ...incoming.model.keys(), ...coming.map(({ model }) => model)]);
  const places = new Map<string, string>();
  for (const { model } of coming) {
    if (places.has(model)) continue;
    if (!coming.some(({ model: other, id }) => other === model && taken.has(id))) {
      places.set(model, model);
      continue;
    }
    let count = 2;
    while (names.has(`${model} (${count})`)) count++;
    places.set(model, `${model} (${count})`);
    names.add(`${model} (${count})`);
  }
  return places;
}

/**
 * A model's record with what comes to it; aliases come along with the versions that they stand on, and move none here. The
 * history of a model that is here goes on; one that is not brings its own.
 */
function joinModels(
  name: string,
  own: ModelRecord | undefined,
  incoming: ModelRecord | undefined,
  numbers: number[],
  now: number,
): ModelRecord {
  const base = own ?? { ...incoming, name, lastNumber: 0, aliases: [] };
  const used = new Set(base.aliases.map((alias) => alias.name));
  const come = (incoming?.aliases ?? []).filter((alias) => numbers.includes(alias.number) && !used.has(alias.name));
  const joined = { ...base, lastNumber: Math.max(base.lastNumber, incoming?.lastNumber ?? 0, ...numbers) };
  if (!own) return { ...joined, aliases: come };
  return come.reduce(
    (record, { name: alias, number }) => moveAlias(record, { alias, to: number, at: now, why: 'restored' }),
    joined,
  );
}

function idOf<K extends Kind>(kind: K, key: string, value: Records[K]): string {
  return kind === 'version' ? (value as VersionFacts).id : key;
}
