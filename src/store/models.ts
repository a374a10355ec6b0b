// Models: names under which versions are numbered, and what is kept for all of them. How aliases move is aliases.ts.

import { UserError } from '../base/errors.ts';
import type { GateRule } from '../evaluate/gate.ts';
import type { Rule } from '../monitor/rules.ts';
import type { MonitorSettings } from '../monitor/settings.ts';
import type { Automatic } from './automaticRule.ts';
import { findRollBack, type Alias, type AliasMove } from './aliasHistory.ts';
import type { Draft } from './records.ts';
import { modelOf } from './runs.ts';
import { versionId } from './versionId.ts';
import type { Workspace } from './workspace.ts';

export interface ModelRecord {
  name: string;
  /** the last number that was given */
  lastNumber: number;
  /** by name */
  aliases: Alias[];
  /** every move of an alias, the oldest first; not there in models that an earlier Lathe has kept */
  history?: AliasMove[];
  /** what a version must be to become the champion; left out: the presets */
  gate?: GateRule[];
  /** updates that begin by themselves; left out: none do */
  automatic?: Automatic;
  /** what raises alerts for batches that its versions score; left out: the presets */
  rules?: Rule[];
  /** how its batches are looked at; left out: by default */
  monitor?: MonitorSettings;
}

export interface Model extends ModelRecord {
  /** the numbers of its versions, ascending */
  numbers: number[];
  /** number of the version that a roll back would make the champion; null where there is no earlier one */
  rollsBackTo: number | null;
}

/** Every model that has a version, the oldest first. */
export async function readModels(ws: Workspace): Promise<Model[]> {
  const { model: models, version: versions } = await ws.maps('model', 'version');
  const numbers = new Map<string, number[]>();
  for (const { model, number } of versions.values()) {
    const own = numbers.get(model);
    if (own) own.push(number);
    else numbers.set(model, [number]);
  }
  return [...models.values()].flatMap((model) => {
    const own = numbers.get(model.name);
    if (!own) return [];
    const back = findRollBack(model, (number) => own.includes(number));
    return [{ ...model, numbers: own.sort((a, b) => a - b), rollsBackTo: back?.champion ?? null }];
  });
}

/** @throws UserError where there is none */
export async function readModel(draft: Pick<Draft, 'read'>, name: string): Promise<ModelRecord> {
  const record = await draft.read('model', name);
  if (!record) throw new UserError('unknown', `model '${name}': there is none of this name.`);
  return record;
}

/** Changes what is said of a model. @throws UserError where it is unknown */
export function changeModel(ws: Workspace, name: string, change: (record: ModelRecord) => ModelRecord): Promise<void> {
  return ws.commit(`the settings of model '${name}'`, async (draft) => {
    draft.put('model', name, change(await readModel(draft, name)));
  });
}

/**
 * Gives a model another name: its versions keep their numbers, and a run of it that is under way or cut off goes with it.
 * @throws UserError where it is unknown or the name taken
 */
export function renameModel(ws: Workspace, model: string, name: string): Promise<void> {
  return ws.commit(`the name of model '${model}'`, async (draft) => {
    const record = await readModel(draft, model);
    if (model === name) return;
    if (await draft.read('model', name)) {
      throw new UserError('invalid', `model name '${name}': another model has or had it. Pick another.`);
    }
    draft.put('model', name, { ...record, name });
    draft.remove('model', model);
    for (const version of await draft.list('version')) {
      if (version.model !== model) continue;
      const id = versionId(name, version.number);
      draft.put('version', String(version.runId), { ...version, model: name, id });
    }
    for (const run of await draft.list('run')) {
      // what is finished stays as it is
      if (run.state !== 'finished' && modelOf(run) === model) draft.put('run', String(run.id), { ...run, model: name });
    }
  });
}
