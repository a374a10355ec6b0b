// What happens to a version after it ships: batches of new data scored by it and held against its reference, labels that
// come later, rules and the alerts they raise.

import { UserError } from '../base/errors.ts';
import { importFiles } from '../data/import.ts';
import { tableToRows } from '../data/rows.ts';
import { type Column, isNumeric } from '../data/table.ts';
import { mostProbable } from '../evaluate/metrics.ts';
import type { BeforeAfter } from '../monitor/beforeAfter.ts';
import { type Condition, FIGURES, presetRules, type Rule } from '../monitor/rules.ts';
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
import { changeModel, readModel } from '../store/models.ts';
import { readReference, type Reference } from '../store/references.ts';
import { listVersions, type Version } from '../store/versions.ts';
import type { Batch, BatchDetail, BatchRow, BatchRowPage, BatchRowQuery, Lathe } from './api.ts';
import type { Context } from './context.ts';
import { range } from './engineData.ts';
import { openVersion } from './enginePredict.ts';
import { alertsOf, examine, judgingMetric, type Judged, type KeptReport } from './examine.ts';
import { joinLabels } from './joinLabels.ts';
import { countKnown, readBatchFiles, scoreRows, truthOf, watchedColumns } from './readBatchFiles.ts';
import { READERS } from './readers.ts';

type Answer<Verb extends keyof Lathe> = (context: Context, ...args: Parameters<Lathe[Verb]>) => ReturnType<Lathe[Verb]>;

export const scoreBatch: Answer<'scoreBatch'> = async (context, versionId, files, options = {}) => {
  const { signal, onProgress } = options;
  const { version, trained } = await openVersion(context, versionId);
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
  if (unknown > 0) {
    repairs.push({
      kind: 'unknownLabels',
      count: unknown,
      message: `${unknown} label${unknown === 1 ? '' : 's'} that version '${version.id}' does not know count as not known`,
    });
  }
  const { figures, report } = await examine(context, { version, trained, reference, content, rows, outputs, actual });
  signal?.throwIfAborted();
  onProgress?.({ phase: 'saving', fraction: null, rows });
  const alerts = alertsOf(
    await rulesOf(context, version),
    [...(await earlier(context, version)), { figures, rows, reference }],
    report,
  );
  const { workspace } = context;
  const facts = { runId: version.runId, name, createdAt: workspace.now(), rows, labelled: actual ? countKnown(actual) : 0, figures, alerts, repairs }; // prettier-ignore
  return toBatch(await saveBatch(workspace, { facts, content, outputs, report }), version);
};

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
  const version = await versionOfRun(context, facts);
  const { trained } = await openVersion(context, version.id);
  const content = await readBatchRows(workspace, facts);
  if (content.kind !== 'table') {
    throw new UserError('unsupported', `labels of batch '${facts.name}': only a table's can be joined. Drop images in one folder a class instead.`); // prettier-ignore
  }
  const target = version.recipe.columns.find(({ name }) => name === version.recipe.target);
  const imported = await importFiles(files, {
    ...READERS,
    types: target && { [target.name]: target.type, ...(label ? { [label]: target.type } : {}) },
  });
  if (imported.kind !== 'table') {
    throw new UserError('invalid', `labels of batch '${facts.name}': a table with the key and the label is needed.`);
  }
  const { columns, matched } = joinLabels(content.columns, imported.table.columns, {
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
  const outputs = await readBatchOutputs(workspace, facts);
  const reference = await readReference(workspace, version);
  const { rows } = facts;
  const { figures, report } = await examine(context, {
    version,
    trained,
    reference,
    content: labelled,
    rows,
    outputs,
    actual,
  });
  const raised = alertsOf(
    await rulesOf(context, version),
    [...(await earlier(context, version, id)), { figures, rows, reference }],
    report,
  );
  const seen = new Map(facts.alerts.map((alert) => [alert.id, alert.acknowledged]));
  const alerts = raised.map((alert) => ({ ...alert, acknowledged: seen.get(alert.id) ?? null }));
  const changed = { ...facts, labelled: countKnown(actual), figures, alerts };
  return toBatch(await saveBatch(workspace, { facts: changed, content: labelled, outputs, report }, id), version);
};

export const batches: Answer<'batches'> = async ({ workspace }, model) => {
  const versions = await versionsOf(workspace, model);
  return (await listBatches(workspace, new Set(versions.keys()))).map((facts) =>
    toBatch(facts, versions.get(facts.runId)!),
  );
};

export const batch: Answer<'batch'> = async (context, id): Promise<BatchDetail> => {
  const facts = await readBatch(context.workspace, id);
  const report = await readBatchReport<KeptReport>(context.workspace, facts);
  return { ...toBatch(facts, await versionOfRun(context, facts)), report };
};

export const removeBatch: Answer<'removeBatch'> = ({ workspace }, id) => removeKept(workspace, id);

export const acknowledge: Answer<'acknowledge'> = async (context, batchId, alertId, note) => {
  const facts = await acknowledgeAlert(context.workspace, batchId, alertId, note);
  return toBatch(facts, await versionOfRun(context, facts));
};

export const rules: Answer<'rules'> = async ({ workspace }, model) => {
  const [version] = [...(await versionsOf(workspace, model)).values()].slice(-1);
  if (!version) throw new UserError('unknown', `model '${model}': it has no version.`);
  return rulesOf({ workspace }, version);
};

export const setRules: Answer<'setRules'> = async ({ workspace }, model, given) => {
  checkRules(given);
  await changeModel(workspace, model, (record) => ({ ...record, rules: given }));
};

async function rulesOf({ workspace }: Pick<Context, 'workspace'>, version: Version): Promise<Rule[]> {
  return (await readModel(workspace, version.model)).rules ?? presetRules(judgingMetric(version));
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

async function versionOfRun({ workspace }: Pick<Context, 'workspace'>, { runId, name }: BatchFacts): Promise<Version> {
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

export const batchRows: Answer<'batchRows'> = async (context, id, query = {}): Promise<BatchRowPage> => {
  const { workspace } = context;
  const { order = 'index', column, offset = 0, limit = 50 } = query;
  const facts = await readBatch(workspace, id);
  const version = await versionOfRun(context, facts);
  const content = await readBatchRows(workspace, facts);
  const outputs = await readBatchOutputs(workspace, facts);
  const { actual } = truthOf(version, content);
  const { labels } = version;
  const width = Math.max(1, labels.length);
  const said = labels.length > 0 ? mostProbable(outputs, width) : null;
  const confidence = (row: number) => (said ? outputs[row * width + said[row]] : 0);
  const wrong = (row: number) => {
    if (!actual) return 0;
    if (!said) return Math.abs(actual[row] - outputs[row]) || 0;
    return actual[row] >= 0 && said[row] !== actual[row] ? confidence(row) : 0;
  };
  const index = Array.from({ length: facts.rows }, (_, i) => i);
  const sortBy = (key: ArrayLike<number>) => index.sort((a, b) => key[b] - key[a] || a - b);
  if (order === 'unsure') sortBy(index.map((row) => -confidence(row)));
  if (order === 'wrong') sortBy(index.map(wrong));
  if (order === 'shifted') {
    const { distributions } = await readBatchReport<KeptReport>(workspace, facts);
    const { trained } = await openVersion(context, version.id);
    const columns = await watchedColumns(content, trained.preparation);
    sortBy(shiftOf(column, columns, distributions));
  }
  const page = range(offset, limit, facts.rows).map((i) => index[i]);
  const shown = content.kind === 'table' ? tableToRows({ rows: facts.rows, columns: content.columns }, page) : [];
  const rows = page.map((row, i): BatchRow => ({
    index: row,
    predicted: said ? labels[said[row]] : outputs[row],
    confidence: said ? confidence(row) : null,
    actual: actual && isKnown(actual[row], said !== null) ? (said ? labels[actual[row]] : actual[row]) : null,
    ...(content.kind === 'images' ? { image: imageOf(content, row) } : { row: shown[i] }),
  }));
  return { total: facts.rows, rows };
};

const isKnown = (value: number, isClass: boolean) => (isClass ? value >= 0 : !Number.isNaN(value));

export function imageOf({ packed, offsets, names, labels, classes }: BatchContent & { kind: 'images' }, index: number) {
  const label = labels[index] < 0 ? null : classes[labels[index]];
  return { index, name: names[index], label, blob: packed.slice(offsets[index], offsets[index + 1]) };
}

/**
 * [rows]: how much commoner in the batch than in the reference the row's value of a column is, as a ratio of shares.
 * @throws UserError where the column is none that is watched
 */
function shiftOf(name: BatchRowQuery['column'], columns: Column[], distributions: BeforeAfter[]): Float64Array {
  const column = columns.find((each) => each.name === name);
  const shown = distributions.find((each) => each.column === name);
  if (!column || !shown) {
    throw new UserError('unknown', `column '${name}': it is none that the batch and its version share.`);
  }
  const ratio = shown.before.map((before, i) => (shown.after[i] + 1e-9) / (before + 1e-4));
  if (shown.kind === 'number' && isNumeric(column)) {
    const { edges } = shown;
    const [low, high] = [edges[0], edges[edges.length - 1]];
    const bin = (value: number) => Math.floor(((value - low) / (high - low)) * ratio.length);
    return column.values.map((value) =>
      Number.isNaN(value) ? 0 : ratio[Math.max(0, Math.min(ratio.length - 1, bin(value)))],
    );
  }
  if (shown.kind === 'number' || isNumeric(column)) return new Float64Array(0);
  const place = new Map(shown.names.slice(0, shown.rest ? -1 : undefined).map((own, i) => [own, i]));
  const other = shown.rest ? ratio[ratio.length - 1] : 0;
  const byCode = column.categories.map((own) => ratio[place.get(own) ?? -1] ?? other);
  return Float64Array.from(column.codes, (code) => (code < 0 ? 0 : byCode[code]));
}
