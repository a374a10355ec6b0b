// What a person chooses of how batches are watched: the rules that raise alerts, and how batches are looked at.

import { UserError } from '../base/errors.ts';
import { presetRules, rulePresets as presetsFor } from '../monitor/presets.ts';
import { type Condition, FIGURES, type Rule } from '../monitor/rules.ts';
import { DEFAULT_SETTINGS, faultOf, type MonitorSettings } from '../monitor/settings.ts';
import { changeModel, readModel } from '../store/models.ts';
import { listVersions, readTrained, type Version } from '../store/versions.ts';
import type { Lathe } from './api.ts';
import type { Context } from './context.ts';
import { judgingMetric } from './subject.ts';

type Answer<Verb extends keyof Lathe> = (context: Context, ...args: Parameters<Lathe[Verb]>) => ReturnType<Lathe[Verb]>;
type Kept = Pick<Context, 'workspace'>;

export const rules: Answer<'rules'> = async (context, model) => rulesOf(context, await newest(context, model));

export const rulePresets: Answer<'rulePresets'> = async (context, model) => {
  const version = await newest(context, model);
  return presetsFor(judgingMetric(version), takesImages(version));
};

export const setRules: Answer<'setRules'> = async ({ workspace }, model, given) => {
  checkRules(given);
  await changeModel(workspace, model, (record) => ({ ...record, rules: given }));
};

export const monitorSettings: Answer<'monitorSettings'> = (context, model) => settingsOf(context, model);

export const setMonitorSettings: Answer<'setMonitorSettings'> = async (context, model, settings) => {
  const { workspace } = context;
  const { preparation } = await readTrained(workspace, await newest(context, model));
  const watched = preparation.kind === 'table' ? preparation.features : [];
  const kinds = new Map(watched.map(({ column, kind }) => [column, kind === 'number' ? kind : 'category'] as const));
  if (preparation.kind === 'images') for (const { column } of settings.columns) kinds.set(column, 'number');
  const fault = faultOf(settings, kinds);
  if (fault) throw new UserError('invalid', `settings of model '${model}': ${fault}.`);
  await changeModel(workspace, model, (record) => ({ ...record, monitor: settings }));
};

export async function settingsOf({ workspace }: Kept, model: string): Promise<MonitorSettings> {
  return (await readModel(workspace, model)).monitor ?? DEFAULT_SETTINGS;
}

export async function rulesOf({ workspace }: Kept, version: Version): Promise<Rule[]> {
  return (await readModel(workspace, version.model)).rules ?? presetRules(judgingMetric(version), takesImages(version));
}

const takesImages = ({ recipe }: Version) => recipe.task === 'imageClassification';

async function newest({ workspace }: Kept, model: string): Promise<Version> {
  const version = (await listVersions(workspace)).findLast((each) => each.model === model);
  if (!version) throw new UserError('unknown', `model '${model}': it has no version.`);
  return version;
}

/** @throws UserError that names the rule and what is wrong with it */
function checkRules(given: readonly Rule[]): void {
  const ids = new Set<string>();
  for (const { id, name, figure, condition, forBatches } of given) {
    const fail = (what: string) => {
      throw new UserError('invalid', `rule '${name || id}': ${what}.`);
    };
    if (name.trim() === '') fail('give it a name');
    if (ids.has(id)) fail(`another rule has the id '${id}' too`);
    ids.add(id);
    if (!Object.hasOwn(FIGURES, figure)) fail(`there is no figure '${figure}'`);
    if (!isFinite(bound(condition))) fail('its bound is no number');
    if (condition.kind === 'deviations' && condition.number <= 0) fail('its number of deviations must be above 0');
    if (!Number.isInteger(forBatches) || forBatches < 1) fail(`it needs 1 batch in a row or more, not ${forBatches}`);
  }
}

const bound = (condition: Condition): number => (condition.kind === 'deviations' ? condition.number : condition.value);
