// Models: names under which versions are numbered, and aliases, which are movable names for one version each. An alias
// follows nothing: it stays where it was set, and goes with its version.

import { UserError } from '../base/errors.ts';
import type { Rule } from '../monitor/rules.ts';
import type { Draft } from './records.ts';
import { modelOf } from './runs.ts';
import { versionId } from './versionId.ts';
import type { Workspace } from './workspace.ts';

export interface Alias {
  /** such as `champion`; `[\w-]{1,255}`, not `latest`, not `v<digits>` */
  name: string;
  /** of the version */
  number: number;
}

export interface ModelRecord {
  name: string;
  /** the last number that was given */
  lastNumber: number;
  /** by name */
  aliases: Alias[];
  /** what raises alerts for batches that its versions score; left out: the presets */
  rules?: Rule[];
}

export interface Model extends ModelRecord {
  /** the numbers of its versions, ascending */
  numbers: number[];
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
    return own ? [{ ...model, numbers: own.sort((a, b) => a - b) }] : [];
  });
}

/**
 * Moves an alias to a version of its model, or removes it (null).
 * @throws UserError where the name is none that an alias may have, or the model or version is unknown
 */
export async function setAlias(ws: Workspace, model: string, alias: string, number: number | null): Promise<void> {
  checkAlias(alias);
  return ws.commit(`the alias '${alias}'`, async (draft) => {
    const record = await readModel(draft, model);
    if (number !== null && !(await draft.find('version', versionId(model, number)))) {
      throw new UserError('unknown', `version '${versionId(model, number)}': it is not kept in this browser.`);
    }
    const others = record.aliases.filter(({ name }) => name !== alias);
    if (number === null && others.length === record.aliases.length) {
      throw new UserError('unknown', `alias '${alias}': model '${model}' has none of this name.`);
    }
    const aliases = number === null ? others : [...others, { name: alias, number }].sort(byName);
    draft.put('model', model, { ...record, aliases });
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

function checkAlias(alias: string): void {
  if (!/^[\w-]{1,255}$/.test(alias)) {
    throw new UserError('invalid', `alias '${alias}': use 1 to 255 letters (a to z), digits, '_' and '-'.`);
  }
  if (alias === 'latest' || /^v?\d+$/i.test(alias)) {
    throw new UserError('invalid', `alias '${alias}': it already means a version by itself. Pick another name.`);
  }
}

function byName(a: Alias, b: Alias): number {
  return a.name < b.name ? -1 : 1;
}
