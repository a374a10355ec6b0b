// What takes the room: by data set and by model (its versions and their batches), with a blob that several have counted
// once, with the oldest of them.

import type { StoredRecord } from './db.ts';
import { rangeOf } from './records.ts';
import { readRecord } from './codec.ts';
import { KINDS, type Kind } from './kinds.ts';
import type { Workspace } from './workspace.ts';

export interface UsageItem {
  /** data sets: their id. models: their name */
  key: string;
  name: string;
  sizeBytes: number;
  /** blobs that are there */
  blobs: number;
  /** models: their versions */
  versions: number;
}

export interface Usage {
  datasets: UsageItem[];
  models: UsageItem[];
  /** of runs that can be gone on with, and what runs without a version started from */
  checkpoints: { runs: number; sizeBytes: number };
  /** the records themselves */
  records: { count: number; sizeBytes: number };
  /** files that nothing refers to; cleaning up removes them */
  unused: { files: number; sizeBytes: number };
  /** what the browser says of this page's storage; estimates, and sometimes far off */
  browser: { usedBytes: number | null; quotaBytes: number | null; persistent: boolean | null };
}

export async function readUsage(ws: Workspace): Promise<Usage> {
  const records = await readRecords(ws);
  const sizes = await readSizes(ws);
  const counted = new Set<string>();
  const take = (refs: string[]) => {
    const own = refs.filter((ref) => sizes.has(ref) && !counted.has(ref));
    own.forEach((ref) => counted.add(ref));
    return { blobs: own.length, sizeBytes: own.reduce((sum, ref) => sum + sizes.get(ref)!, 0) };
  };
  const codec = await ws.codec();
  const datasets: UsageItem[] = [];
  for (const record of records) {
    if (record.kind !== 'dataset') continue;
    const { key, value } = await readRecord<'dataset'>(codec, record);
    datasets.push({ key, name: value.name, versions: 0, ...take(record.refs) });
  }
  /** of the weights that a recipe starts from */
  const starts = new Map(records.filter(({ kind }) => kind === 'recipe').map(({ key, refs }) => [key, refs]));
  const models = new Map<string, UsageItem>();
  const modelOf = new Map<number, string>();
  for (const record of records) {
    if (record.kind !== 'version' && record.kind !== 'batch') continue; // versions come first
    const { runId, ...value } = (await readRecord<'version' | 'batch'>(codec, record)).value;
    if ('model' in value) modelOf.set(runId, value.model);
    const model = modelOf.get(runId);
    if (model === undefined) continue;
    const item = models.get(model) ?? { key: model, name: model, sizeBytes: 0, blobs: 0, versions: 0 };
    const { blobs, sizeBytes } = take(record.refs.flatMap((ref) => [ref, ...(starts.get(ref) ?? [])]));
    models.set(model, {
      ...item,
      blobs: item.blobs + blobs,
      sizeBytes: item.sizeBytes + sizeBytes,
      versions: item.versions + Number(record.kind === 'version'),
    });
  }
  const checkpoints = records.filter(({ kind }) => kind === 'checkpoint');
  const { sizeBytes } = take([...checkpoints.flatMap(({ refs }) => refs), ...[...starts.values()].flat()]);
  const unused = [...sizes].filter(([name]) => !counted.has(name));
  return {
    datasets,
    models: [...models.values()],
    checkpoints: { runs: checkpoints.length, sizeBytes },
    records: { count: records.length, sizeBytes: records.reduce((sum, { json }) => sum + json.length, 0) },
    unused: { files: unused.length, sizeBytes: unused.reduce((sum, [, size]) => sum + size, 0) },
    browser: await askBrowser(),
  };
}

/** Every record, the oldest first within its kind. */
async function readRecords(ws: Workspace): Promise<StoredRecord[]> {
  const { store } = (await ws.open()).transaction('records');
  const found = await Promise.all(KINDS.map((kind: Kind) => store.getAll(rangeOf(kind))));
  return found.flatMap((records) => records.sort((a, b) => a.created - b.created));
}

/** The size of each file among the blobs, by its name. */
export async function readSizes({ blobs }: Workspace): Promise<Map<string, number>> {
  const names = await blobs.list();
  const files = await Promise.all(names.map((name) => blobs.find(name)));
  return new Map(names.map((name, i) => [name, files[i]?.size ?? 0]));
}

async function askBrowser(): Promise<Usage['browser']> {
  const [estimate, persistent] = await Promise.all([
    navigator.storage.estimate().catch(() => ({ usage: undefined, quota: undefined })),
    navigator.storage.persisted().catch(() => null),
  ]);
  return { usedBytes: estimate.usage ?? null, quotaBytes: estimate.quota ?? null, persistent };
}
