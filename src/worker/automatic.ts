// Updates that begin by themselves: carried out one after the other, while nothing else trains; what waits is taken up when
// that has ended, by whichever tab is there.

import { UserError } from '../base/errors.ts';
import { setAlias } from '../store/aliases.ts';
import { CHALLENGER, CHAMPION } from '../store/aliasHistory.ts';
import { changeUpdate, findUpdate, readAutomatic, setAutomaticRule } from '../store/automatic.ts';
import { noteAlerts, type AutomaticRule, type AutomaticUpdate } from '../store/automaticRule.ts';
import { listBatches, type BatchFacts } from '../store/batches.ts';
import { findDataset } from '../store/datasets.ts';
import { listVersions, readVersion, type Version, type VersionDetail } from '../store/versions.ts';
import type { Lathe } from './api.ts';
import { learnedBatches } from './combine.ts';
import type { Context } from './context.ts';
import { judge, promote } from './engineCompare.ts';
import { train, TrainingBusy } from './engineTrain.ts';
import { suggestUpdate } from './engineUpdate.ts';
import { isTraining } from './trainingLock.ts';

export const automatic = ({ workspace }: Context, model: string): ReturnType<Lathe['automatic']> =>
  readAutomatic(workspace, model);

export async function setAutomatic(context: Context, model: string, rule: AutomaticRule): Promise<void> {
  const { enabled, severity, how, promote: promotes } = rule;
  if (!['info', 'warning', 'critical'].includes(severity) || !['retrain', 'fineTune'].includes(how)) {
    throw new UserError(
      'invalid',
      `rule for updates: severity '${severity}', by '${how}'; there are 'info', 'warning' and 'critical', 'retrain' and 'fineTune'.`,
    );
  }
  const labelled = (await batchesOf(context, model)).filter((batch) => batch.labelled > 0);
  const plain = { enabled: enabled === true, severity, how, promote: promotes === true };
  await setAutomaticRule(context.workspace, model, plain, labelled.map(({ id }) => id)); // prettier-ignore
}

/** Looks at batches that have come or have got labels, and begins what their model's rule asks for. */
export async function heedBatches(context: Context): Promise<void> {
  const { workspace } = context;
  const watched = (await workspace.list('model')).filter((model) => model.automatic?.rule.enabled);
  for (const { name } of watched) {
    const batches = await batchesOf(context, name);
    await workspace.commit('the update', async (draft) => {
      const record = await draft.read('model', name);
      const noted = record?.automatic && noteAlerts(record.automatic, batches, workspace.now());
      if (record && noted) draft.put('model', name, { ...record, automatic: noted });
    });
  }
  if (watched.length > 0) await carryOutWaiting(context);
}

/** Takes up what another visit has left. */
export async function takeUpUpdates(context: Context): Promise<void> {
  const cutOff = await findUpdate(context.workspace, 'training');
  if (cutOff && !(await isTraining(context.setup.database))) {
    const note = 'It was cut off with its page. Its run can be taken up in Train.';
    await changeUpdate(context.workspace, cutOff.update.id, 'training', { state: 'failed', note });
  }
  await carryOutWaiting(context);
}

/** Carries out what waits, unless another tab trains: then that is told of when it has ended. */
export async function carryOutWaiting(context: Context): Promise<void> {
  const { workspace } = context;
  for (;;) {
    if (context.training) await context.training.ended;
    if (context.elsewhere() !== null) return;
    const next = await findUpdate(workspace, 'waiting');
    if (!next) return;
    const { id } = next.update;
    if (!(await changeUpdate(workspace, id, 'waiting', { state: 'training', note: '' }))) continue; // another tab was first
    try {
      const { version, note } = await carryOut(context, next.model.name, next.update);
      await changeUpdate(workspace, id, 'training', { state: 'done', version, note });
    } catch (error) {
      const isBusy = error instanceof TrainingBusy;
      const note = error instanceof Error ? error.message : String(error);
      await changeUpdate(workspace, id, 'training', isBusy ? { state: 'waiting' } : { state: 'failed', note });
      if (isBusy && !context.training) return;
    }
  }
}

async function carryOut(
  context: Context,
  model: string,
  { id }: AutomaticUpdate,
): Promise<{ version: string; note: string }> {
  const { workspace } = context;
  const { rule } = await readAutomatic(workspace, model);
  const from = await learnerOf(context, model, id);
  const dataset = await findDataset(workspace, from.datasetId);
  const learned = dataset ? await learnedBatches(context, dataset) : new Set<string>();
  const fresh = (await batchesOf(context, model)).filter((batch) => batch.labelled > 0 && !learned.has(batch.id));
  const recipe = await suggestUpdate(context, from.id, { batches: fresh.map((batch) => batch.id), how: rule.how });
  const trained = await train(context, recipe, { model, by: 'rule' });
  await setAlias(workspace, trained.model, CHALLENGER, trained.number);
  return { version: trained.id, note: rule.promote ? await promoteThroughGate(context, trained) : '' };
}

/** @returns what became of it, a sentence */
async function promoteThroughGate(context: Context, trained: VersionDetail): Promise<string> {
  const champion = (await listVersions(context.workspace)).find(
    ({ model, aliases }) => model === trained.model && aliases.includes(CHAMPION),
  );
  if (!champion) return 'It is not promoted: there is no champion to hold it against.';
  const { result, checks } = (await judge(context, champion.id, trained.id)).gate;
  if (result !== 'pass') {
    const open = checks.filter((check) => check.result !== 'pass').map(({ rule }) => rule.id);
    return `It is not promoted: its gate says ${result === 'fail' ? 'no' : 'that it cannot tell'} (${open.join(', ')}).`;
  }
  await promote(context, trained.id, { note: 'The rule for updates promoted it, as its gate passed.' });
  return 'Its gate passed, so it is the champion now.';
}

/** The champion, or where there is none the version that scored the batch. */
async function learnerOf({ workspace }: Context, model: string, batchId: string): Promise<Version> {
  const own = (await listVersions(workspace)).filter((version) => version.model === model);
  const batch = await workspace.read('batch', batchId);
  const found =
    own.find(({ aliases }) => aliases.includes(CHAMPION)) ?? own.find(({ runId }) => runId === batch?.runId);
  return found ?? readVersion(workspace, `${model}@latest`);
}

async function batchesOf({ workspace }: Context, model: string): Promise<BatchFacts[]> {
  const own = (await listVersions(workspace)).filter((version) => version.model === model);
  return listBatches(workspace, new Set(own.map(({ runId }) => runId)));
}
