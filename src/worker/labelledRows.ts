// Batches by their labels: which of them are of one model, and which of their rows can be learned from.

import { UserError } from '../base/errors.ts';
import { rowsWithValue, type Addition } from '../data/combine.ts';
import type { RepairLog } from '../data/repairs.ts';
import type { ColumnSpec } from '../data/table.ts';
import type { BatchContent, BatchFacts } from '../store/batches.ts';
import { listVersions, type Version } from '../store/versions.ts';
import type { Context } from './context.ts';

/** A batch with the version that scored it. */
export interface ScoredBatch {
  facts: BatchFacts;
  version: Version;
}

/**
 * These batches, the oldest first.
 * @throws UserError where there is none, or one is unknown, or they are of several models
 */
export async function openBatches({ workspace }: Context, ids: readonly string[]): Promise<ScoredBatch[]> {
  if (ids.length === 0) throw new UserError('missing', 'batches: none was given. Choose one that has labels.');
  const kept = new Map((await workspace.list('batch')).map((facts) => [facts.id, facts]));
  const unknown = ids.find((id) => !kept.has(id));
  if (unknown !== undefined) throw new UserError('unknown', `batch '${unknown}': it is not kept in this browser.`);
  const versions = new Map((await listVersions(workspace)).map((version) => [version.runId, version]));
  const chosen = new Set(ids);
  const batches = [...kept.values()].flatMap((facts) => {
    if (!chosen.has(facts.id)) return [];
    const version = versions.get(facts.runId);
    if (version) return [{ facts, version }];
    throw new UserError('missing', `version of batch '${facts.name}': it is gone. Restore a backup.`);
  });
  const [first] = batches;
  const stranger = batches.find(({ version }) => version.model !== first.version.model);
  if (stranger) throw ofAnotherModel(stranger, first.version.model);
  return batches;
}

export function ofAnotherModel({ facts, version }: ScoredBatch, model: string): UserError {
  return new UserError(
    'invalid',
    `batch '${facts.name}': it is of model '${version.model}', not of '${model}'. Choose batches of one model.`,
  );
}

/** The rows of a batch that have a label. @throws UserError where there is none */
export function labelledRows(
  { name, rows: all }: BatchFacts,
  content: BatchContent,
  target: ColumnSpec,
  repairs: RepairLog,
): Addition {
  if (content.kind !== 'table') throw wrongKind(name, 'a table');
  const truth = content.columns.find((column) => column.name === target.name);
  const rows = truth ? rowsWithValue(truth, target.type) : new Int32Array();
  checkLabelled(name, rows.length, all, repairs);
  return { name, columns: content.columns, rows };
}

/** As `labelledRows`, of images. @returns the label of each row that has one */
export function labelledImages({ name, rows: all }: BatchFacts, content: BatchContent, repairs: RepairLog) {
  if (content.kind !== 'images') throw wrongKind(name, 'images');
  const rows = [...content.labels.keys()].filter((row) => content.labels[row] >= 0);
  checkLabelled(name, rows.length, all, repairs);
  return { content, rows, labels: rows.map((row) => content.classes[content.labels[row]]) };
}

/** @throws UserError where there is none */
function checkLabelled(name: string, labelled: number, rows: number, repairs: RepairLog): void {
  if (labelled === 0) {
    throw new UserError('missing', `labels of batch '${name}': it has none. Add them in Monitor, or leave it out.`);
  }
  repairs.add('unlabelledRows', rows - labelled, `'${name}'`);
}

function wrongKind(name: string, wanted: string): UserError {
  return new UserError('invalid', `batch '${name}': ${wanted} with rows is needed here. Leave it out.`);
}
