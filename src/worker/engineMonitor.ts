// What happens to a version after it ships: batches of new data scored by it and held against its reference, labels that
// come later, rules and the alerts they raise.

import { UserError } from '../base/errors.ts';
import { importFiles } from '../data/import.ts';
import { stylesByColumn } from '../data/style.ts';
import {
  acknowledgeAlert,
  type BatchContent,
  type BatchFacts,
  listBatches,
  readBatch,
  readBatchOutputs,
  readBatchReport,
  readBatchRows,
  removeBatch as removeKept,
  saveBatch,
} from '../store/batches.ts';
import { readReference, type Reference } from '../store/references.ts';
import { listVersions, type Version } from '../store/versions.ts';
import { alertsOf, type Judged } from './alerts.ts';
import type { Batch, BatchDetail, Lathe } from './api.ts';
import type { Context } from './context.ts';
import { openVersion } from './enginePredict.ts';
import { rulesOf, settingsOf } from './engineRules.ts';
import { examine, type KeptReport } from './examine.ts';
import { joinLabels, MISFITS } from './joinLabels.ts';
import { countKnown, readBatchFiles, scoreRows, truthOf } from './readBatchFiles.ts';
import { READERS } from './readers.ts';
import { areProfiles, examineProfile, readProfiles, type ReadProfiles } from './scoreProfiles.ts';
import { judgeShadowAgain, scoreInShadow, shadowFigures, type ShadowReport } from './shadow.ts';
import type { Subject } from './subject.ts';

type Answer<Verb extends keyof Lathe> = (context: Context, ...args: Parameters<Lathe[Verb]>) => ReturnType<Lathe[Verb]>;

export const scoreBatch: Answer<'scoreBatch'> = async (context, versionId, files, options = {}) => {
  const { signal, onProgress } = options;
  const { version, trained } = await openVersion(context, versionId);
  if (await areProfiles(files))
    return takeProfiles(context, version, await readProfiles(context, version, trained, files), options);
  const reference = await readReference(context.workspace, version);
  const { name, rows, content, repairs } = await readBatchFiles(version, trained, files, {
    signal,
    onProgress: ({ phase, fraction, rows: read }) => onProgress?.({ phase: phase === 'saving' ? 'reading' : phase, fraction, rows: read }), // prettier-ignore
  });
  signal?.throwIfAborted();
  onProgress?.({ phase: 'scoring', fraction: null, rows });
  const outputs = await scoreRows(context, version, trained, content);
  signal?.throwIfAborted();
  onProgress?.({ phase: 'testing', fraction: null, rows });
  const { actual, unknown } = truthOf(version, content);
  repairs.push(...unknownLabels(unknown, version));
  const { figures, report, alerts } = await judge(context, { version, trained, reference, content, rows, outputs, actual }); // prettier-ignore
  signal?.throwIfAborted();
  onProgress?.({ phase: 'saving', fraction: null, rows });
  const { workspace } = context;
  const facts = { runId: version.runId, name, createdAt: workspace.now(), rows, labelled: actual ? countKnown(actual) : 0, figures, alerts, repairs }; // prettier-ignore
  return toBatch(await saveBatch(workspace, { facts, content, outputs, report }), version);
};

/** Profiles that were sent back, as one batch. @param before the batch that it takes the place of */
async function takeProfiles(
  context: Context,
  version: Version,
  { name, profile, profiles, repairs }: ReadProfiles,
  { signal, onProgress }: Parameters<Lathe['scoreBatch']>[2] & object,
  before?: BatchFacts,
): Promise<Batch> {
  const { workspace } = context;
  const { rows } = profile;
  onProgress?.({ phase: 'testing', fraction: null, rows });
  const reference = await readReference(workspace, version);
  const { figures, report } = examineProfile(version, reference, await settingsOf(context, version.model), profile);
  signal?.throwIfAborted();
  onProgress?.({ phase: 'saving', fraction: null, rows });
  const judged = [...(await earlier(context, version, before?.id)), { figures, rows, reference }];
  const alerts = seenTo(alertsOf(await rulesOf(context, version), judged, report), before);
  const facts = { ...before, runId: version.runId, name, createdAt: before?.createdAt ?? workspace.now(), rows, labelled: 0, figures, alerts, repairs, profiles }; // prettier-ignore
  const content = { kind: 'profile' as const, profile };
  return toBatch(await saveBatch(workspace, { facts, content, outputs: null, report }, before?.id), version);
}

/** What was seen to before stays so. */
function seenTo(alerts: BatchFacts['alerts'], before: BatchFacts | undefined): BatchFacts['alerts'] {
  const seen = new Map(before?.alerts.map((alert) => [alert.id, alert.acknowledged]));
  return alerts.map((alert) => ({ ...alert, acknowledged: seen.get(alert.id) ?? null }));
}

/** Batches of the model before one of them, or all, as the rules see them. */
async function earlier({ workspace }: Context, version: Version, before?: string): Promise<Judged[]> {
  const versions = await versionsOf(workspace, version.model);
  const kept = await listBatches(workspace, new Set(versions.keys()));
  const end = kept.findIndex(({ id }) => id === before);
  const references = new Map<number, Reference | null>();
  const judged: Judged[] = [];
  for (const { runId, figures, rows } of end < 0 ? kept : kept.slice(0, end)) {
    if (!references.has(runId)) {
      references.set(runId, await readReference(workspace, versions.get(runId)!).catch(() => null)); // its rules by deviations rest
    }
    judged.push({ figures, rows, reference: references.get(runId)! });
  }
  return judged;
}

/** The versions of a model by run. */
async function versionsOf(workspace: Context['workspace'], model: string): Promise<Map<number, Version>> {
  const own = (await listVersions(workspace)).filter((version) => version.model === model);
  return new Map(own.map((version) => [version.runId, version]));
}

export const labelBatch: Answer<'labelBatch'> = async (context, id, files, { key, label } = {}) => {
  const { workspace } = context;
  const facts = await readBatch(workspace, id);
  const { version, trained } = await openVersion(context, (await versionOfRun(context, facts)).id);
  const content = await readBatchRows(workspace, facts);
  if (content.kind !== 'table') {
    throw new UserError('unsupported', `labels of batch '${facts.name}': only a table's can be joined. Drop images in one folder a class instead.`); // prettier-ignore
  }
  const target = version.recipe.columns.find(({ name }) => name === version.recipe.target);
  const styles = trained.preparation.kind === 'table' ? (trained.preparation.styles ?? []) : [];
  const style = target && stylesByColumn(styles).get(target.name);
  const imported = await importFiles(files, {
    ...READERS,
    styles: label && style ? [{ ...style, column: label }, ...styles] : styles,
    types: target && { [target.name]: target.type, ...(label ? { [label]: target.type } : {}) },
  });
  if (imported.kind !== 'table') {
    throw new UserError('invalid', `labels of batch '${facts.name}': a table with the key and the label is needed.`);
  }
  const { columns, matched, repairs } = joinLabels(content.columns, imported.table.columns, {
    target: version.recipe.target,
    type: target?.type ?? 'category',
    key,
    label,
  });
  const labelled: BatchContent = { kind: 'table', columns };
  const { actual, unknown } = truthOf(version, labelled);
  if (!actual) {
    throw new UserError(
      'invalid',
      `labels of batch '${facts.name}': of ${matched} joined rows none has a label that version '${version.id}' knows${unknown > 0 ? ` (${unknown} have another)` : ''}.`,
    );
  }
  const before = facts.repairs.filter(({ kind }) => ![...MISFITS, 'unknownLabels'].includes(kind));
  const told = { ...facts, repairs: [...before, ...repairs, ...unknownLabels(unknown, version)] };
  return toBatch(await judgeAgain(context, told, version, labelled), version);
};

function unknownLabels(count: number, { id }: Version): BatchFacts['repairs'] {
  const message = `${count} label${count === 1 ? '' : 's'} that version '${id}' does not know count as not known`;
  return count > 0 ? [{ kind: 'unknownLabels', count, message }] : [];
}

export const testBatch: Answer<'testBatch'> = async (context, id) => {
  const facts = await readBatch(context.workspace, id);
  const version = await versionOfRun(context, facts);
  const content = await readBatchRows(context.workspace, facts);
  if (content.kind !== 'profile') return toBatch(await judgeAgain(context, facts, version, content), version);
  const { name, profiles = [], repairs } = facts;
  return takeProfiles(context, version, { name, profile: content.profile, profiles, repairs }, {}, facts);
};

/** What a batch comes to by the settings and rules of now. @param before the batch that it takes the place of */
async function judge(
  context: Context,
  given: Omit<Subject, 'settings'>,
  before?: { id: string; shadow: ShadowReport | null },
): Promise<{ figures: BatchFacts['figures']; report: KeptReport; alerts: BatchFacts['alerts'] }> {
  const { version, rows, reference } = given;
  const subject = { ...given, settings: await settingsOf(context, version.model) };
  const { figures, report } = await examine(context, subject);
  const shadow = before?.shadow
    ? await judgeShadowAgain(context, subject, before.shadow)
    : subject.settings.shadow
      ? await scoreInShadow(context, subject)
      : null;
  figures.push(...shadowFigures(shadow));
  const judged = [...(await earlier(context, version, before?.id)), { figures, rows, reference }];
  const alerts = alertsOf(await rulesOf(context, version), judged, report);
  return { figures, report: { ...report, shadow }, alerts };
}

/** Judges a batch that is kept once more and keeps what comes of it; what was seen to stays so. */
async function judgeAgain(
  context: Context,
  facts: BatchFacts,
  version: Version,
  content: BatchContent,
): Promise<BatchFacts> {
  const { workspace } = context;
  const { trained } = await openVersion(context, version.id);
  const { actual } = truthOf(version, content);
  const outputs = await readBatchOutputs(workspace, facts);
  const reference = await readReference(workspace, version);
  const { shadow = null } = await readBatchReport<KeptReport>(workspace, facts);
  const subject = { version, trained, reference, content, rows: facts.rows, outputs, actual };
  const { figures, report, alerts: raised } = await judge(context, subject, { id: facts.id, shadow });
  const alerts = seenTo(raised, facts);
  const changed = { ...facts, labelled: actual ? countKnown(actual) : 0, figures, alerts };
  return saveBatch(workspace, { facts: changed, content, outputs, report }, facts.id);
}

export const batches: Answer<'batches'> = async ({ workspace }, model) => {
  const versions = await versionsOf(workspace, model);
  return (await listBatches(workspace, new Set(versions.keys()))).map((facts) =>
    toBatch(facts, versions.get(facts.runId)!),
  );
};

export const batch: Answer<'batch'> = async (context, id): Promise<BatchDetail> => {
  const facts = await readBatch(context.workspace, id);
  const report = await readBatchReport<KeptReport>(context.workspace, facts);
  if (report.shadow) delete report.shadow.outputs; // as many numbers as the batch has rows
  return { ...toBatch(facts, await versionOfRun(context, facts)), report };
};

export const removeBatch: Answer<'removeBatch'> = ({ workspace }, id) => removeKept(workspace, id);

export const acknowledge: Answer<'acknowledge'> = async (context, batchId, alertId, note) => {
  const facts = await acknowledgeAlert(context.workspace, batchId, alertId, note);
  return toBatch(facts, await versionOfRun(context, facts));
};

export async function versionOfRun(
  { workspace }: Pick<Context, 'workspace'>,
  { runId, name }: BatchFacts,
): Promise<Version> {
  const found = (await listVersions(workspace)).find((version) => version.runId === runId);
  if (!found) throw new UserError('missing', `version of batch '${name}': it is gone. Restore a backup.`);
  return found;
}

function toBatch(
  { runId: _runId, content, outputs: _outputs, report: _report, ...facts }: BatchFacts,
  { id }: Version,
): Batch {
  // prettier-ignore
  const kind = 'columns' in content ? 'table' : 'packed' in content ? 'images' : 'profile';
  return { ...facts, versionId: id, kind };
}
