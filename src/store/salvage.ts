// The way out of an incident: rebuilds the records from what is sound in the database and in its second copy, and says
// what is lost. Afterwards the workspace is whole by itself, with what there is.

import type { StoredRecord } from './db.ts';
import type { Kind } from './kinds.ts';
import { describeContent, describeRecord } from './describe.ts';
import type { Gathered } from './gather.ts';
import type { Incident } from './incident.ts';
import { repair } from './repair.ts';
import type { Workspace } from './workspace.ts';

export interface SalvageReport {
  /** records of each kind that are there now */
  records: Partial<Record<Kind, number>>;
  /** of them, those that the database had lost */
  recovered: number;
  /** what is gone or older than it was, a phrase each; [] where nothing is */
  lost: string[];
}

/** @throws UserError where there is no room for it; then nothing is worse than before */
export async function salvage(ws: Workspace): Promise<SalvageReport> {
  const incident = await ws.incident();
  const found = await repair(ws, { always: true });
  return {
    records: found.summary.counts,
    recovered: found.toDatabase.length,
    lost: [...(await missingRecords(ws, incident, found)), ...(await missingContent(ws, found))],
  };
}

async function missingRecords(
  ws: Workspace,
  incident: Incident | null,
  { best, damaged, damagedEntries, summary }: Gathered,
): Promise<string[]> {
  const codec = await ws.codec();
  const describe = async (record: StoredRecord) => {
    const older = best.some(({ kind, key }) => kind === record.kind && key === record.key);
    return (older ? 'the latest change of ' : '') + (await describeRecord(codec, record));
  };
  const lost = await Promise.all(damaged.map(describe));
  for (const [kind, expected] of Object.entries(incident?.expected ?? {}) as [Kind, number][]) {
    const count = expected - (summary.counts[kind] ?? 0);
    if (count > 0) lost.push(`${count} of ${expected} ${PLURALS[kind]}`);
  }
  if (lost.length === 0 && damagedEntries.length > 0) {
    const parts = damagedEntries.length === 1 ? 'one part' : `${damagedEntries.length} parts`;
    lost.push(`the latest changes in ${parts} of the second copy, where nothing else has them`);
  }
  if (incident?.kind === 'wiped' && !incident.expected) lost.push('whatever was there before; nothing tells how much');
  return lost;
}

async function missingContent(ws: Workspace, { best }: Gathered): Promise<string[]> {
  const recipes = new Set(best.filter(({ kind }) => kind === 'recipe').map(({ key }) => key));
  const there = new Set(await ws.blobs.list());
  const codec = await ws.codec();
  const lacking = best.filter(({ refs }) => refs.some((ref) => !recipes.has(ref) && !there.has(ref)));
  return Promise.all(
    lacking.map(async (record) =>
      record.kind === 'run' ? `the recipe of ${await describeRecord(codec, record)}` : describeContent(codec, record),
    ),
  );
}

const PLURALS: Record<Kind, string> = {
  dataset: 'data sets',
  recipe: 'recipes',
  run: 'runs',
  log: 'logs of runs',
  model: 'models',
  version: 'versions',
  checkpoint: 'checkpoints',
  artifact: 'records of exports',
  batch: 'batches',
};
