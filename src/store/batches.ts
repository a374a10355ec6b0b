// Batches: new data that a version has scored, what was found in it, and the alerts that it raised. A record is light; the
// rows, what the version said of them and the whole report are blobs.

import { stringify } from '../base/json.ts';
import { UserError } from '../base/errors.ts';
import type { Repair } from '../data/repairs.ts';
import type { Column } from '../data/table.ts';
import type { Profile } from '../monitor/profile.ts';
import type { Figure, Rule } from '../monitor/rules.ts';
import type { ImageContent } from './datasets.ts';
import { sha256 } from './hash.ts';
import { pack, unpack } from './pack.ts';
import type { Workspace } from './workspace.ts';

/** An alert as it was raised; the rule as it was then. */
export interface BatchAlert {
  /** unique within the batch: the rule's id and the figure's labels */
  id: string;
  rule: Rule;
  /** of the figure */
  labels: Record<string, string>;
  value: number;
  /** what the value has crossed */
  bound: number;
  /** batches in a row for which it holds, this one counted */
  batches: number;
  /** how far the figure that the task is judged by is foreseen to move by it; null where it cannot be told */
  effect: number | null;
  acknowledged: { note: string; at: number } | null;
}

/** A profile as it was sent back. */
export interface ProfileSource {
  name: string;
  /** of what it says, in whatever order of its fields */
  sha256: string;
  rows: number;
  /** of its first rows, milliseconds since 1970 */
  firstAt: number | null;
}

export interface BatchFacts {
  /** SHA-256 of what came and of the version that scored it */
  id: string;
  /** of the version that scored it */
  runId: number;
  name: string;
  createdAt: number;
  rows: number;
  /** rows whose truth is known */
  labelled: number;
  figures: Figure[];
  alerts: BatchAlert[];
  repairs: Repair[];
  /** SHA-256 of its blobs; profiles that were sent back have no rows */
  content: { columns: string } | { packed: string; index: string } | { profile: string };
  /** the profiles that it is merged of */
  profiles?: ProfileSource[];
  /** SHA-256 of the outputs [rows, classes] or [rows]; null where it has no rows */
  outputs: string | null;
  /** SHA-256 of the packed report */
  report: string;
}

/** The rows of a batch. */
export type BatchContent =
  | { kind: 'table'; columns: Column[] }
  /** `labels` are indices into the batch's own `classes` */
  | (ImageContent & { classes: string[] })
  /** all profiles that came, merged */
  | { kind: 'profile'; profile: Profile };

export interface NewBatch {
  facts: Omit<BatchFacts, 'id' | 'content' | 'outputs' | 'report'>;
  content: BatchContent;
  outputs: Float32Array | null;
  report: unknown;
}

/** Every batch of these versions, the oldest first. @param runIds of the versions */
export async function listBatches(ws: Workspace, runIds: ReadonlySet<number>): Promise<BatchFacts[]> {
  return (await ws.list('batch')).filter(({ runId }) => runIds.has(runId));
}

/** @throws UserError where it is unknown */
export async function readBatch(ws: Workspace, id: string): Promise<BatchFacts> {
  const facts = await ws.read('batch', id);
  if (!facts) throw unknownBatch(id);
  return facts;
}

/**
 * Keeps a batch, its rows and its report at once or not at all; the same batch scored again replaces the first.
 * @param known the id of the batch that it replaces, where its rows have got labels
 */
export function saveBatch(
  ws: Workspace,
  { facts, content, outputs, report }: NewBatch,
  known?: string,
): Promise<BatchFacts> {
  const what = `the batch '${facts.name}'`;
  return ws.holdBlobs(async () => {
    const kept = await putRows(ws, content, what);
    const id = known ?? await sha256(stringify({ runId: facts.runId, content: kept, name: '' })); // prettier-ignore
    const batch: BatchFacts = {
      ...facts,
      id,
      content: kept,
      outputs: outputs && (await ws.putBlob(pack(outputs), what)),
      report: await ws.putBlob(pack(report), what),
    };
    await ws.commit(what, async (draft) => draft.put('batch', id, batch));
    return batch;
  });
}

async function putRows(ws: Workspace, content: BatchContent, what: string): Promise<BatchFacts['content']> {
  if (content.kind === 'profile') return { profile: await ws.putBlob(pack(content.profile), what) };
  if (content.kind === 'table') return { columns: await ws.putBlob(pack(content.columns), what) };
  const { packed, offsets, names, labels, classes } = content;
  const index = pack({ offsets, names, labels, classes });
  return { packed: await ws.putBlob(packed, what), index: await ws.putBlob(index, what) };
}

/** @throws UserError where its rows are gone or damaged */
export async function readBatchRows(ws: Workspace, { name, content }: BatchFacts): Promise<BatchContent> {
  const what = `rows of batch '${name}'`;
  if ('columns' in content) {
    return { kind: 'table', columns: (await unpack(await ws.readBlob(content.columns, what))) as Column[] };
  }
  if ('profile' in content) {
    return { kind: 'profile', profile: (await unpack(await ws.readBlob(content.profile, what))) as Profile };
  }
  const packed = await ws.readBlob(content.packed, what);
  const index = (await unpack(await ws.readBlob(content.index, what))) as Omit<
    BatchContent & { kind: 'images' },
    'kind' | 'packed'
  >;
  return { kind: 'images', packed, ...index };
}

/** What the version said of each row. @throws UserError where it is gone or damaged */
export async function readBatchOutputs(ws: Workspace, { name, outputs }: BatchFacts): Promise<Float32Array> {
  if (!outputs) throw new UserError('missing', `rows of batch '${name}': a profile was sent back, which has none.`);
  return (await unpack(await ws.readBlob(outputs, `outputs of batch '${name}'`))) as Float32Array;
}

/** @throws UserError where it is gone or damaged */
export async function readBatchReport<Report>(ws: Workspace, { name, report }: BatchFacts): Promise<Report> {
  return (await unpack(await ws.readBlob(report, `report of batch '${name}'`))) as Report;
}

/** Says that somebody has seen to an alert, or, with null, that nobody has. @throws UserError where there is none */
export function acknowledgeAlert(
  ws: Workspace,
  batchId: string,
  alertId: string,
  note: string | null,
): Promise<BatchFacts> {
  return ws.commit('the note', async (draft) => {
    const facts = await draft.read('batch', batchId);
    if (!facts) throw unknownBatch(batchId);
    if (!facts.alerts.some(({ id }) => id === alertId)) {
      throw new UserError('unknown', `alert '${alertId}': batch '${facts.name}' has none of this name.`);
    }
    const acknowledged = note === null ? null : { note, at: ws.now() };
    const alerts = facts.alerts.map((alert) => (alert.id === alertId ? { ...alert, acknowledged } : alert));
    const changed = { ...facts, alerts };
    draft.put('batch', batchId, changed);
    return changed;
  });
}

/** Its rows and its report go with it. @throws UserError where it is unknown */
export function removeBatch(ws: Workspace, id: string): Promise<void> {
  return ws.commit('the removal', async (draft) => {
    if (!(await draft.read('batch', id))) throw unknownBatch(id);
    draft.remove('batch', id);
  });
}

function unknownBatch(id: string): UserError {
  return new UserError('unknown', `batch '${id}': it is not kept in this browser.`);
}
