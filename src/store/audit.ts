// The audit: reads everything that is kept and hashes it again. A record of which one copy is damaged gets the other; one
// damaged in both is set aside; a damaged blob is named. In the idle time it goes blob by blob, over several visits if
// need be, and takes up where it was left.

import type { StoredRecord } from './db.ts';
import { describeContent, describeRecord } from './describe.ts';
import { gather, type Gathered } from './gather.ts';
import { incidentError } from './incident.ts';
import { openShelf } from './measurements.ts';
import { needsRepair, repair } from './repair.ts';
import type { Workspace } from './workspace.ts';

export interface AuditReport {
  startedAt: number;
  finishedAt: number;
  records: number;
  blobs: number;
  bytes: number;
  /** what was damaged in one copy and has been put right from the other */
  repaired: string[];
  /** what is damaged or gone; everything else can be used */
  damaged: string[];
}

export interface AuditProgress {
  blobs: number;
  blobsDone: number;
  bytesDone: number;
}

export interface AuditOptions {
  onProgress?: (progress: AuditProgress) => void;
  signal?: AbortSignal;
  /** waited for before each blob */
  pause?: () => Promise<void>;
  /** go on with an audit that was cut off, instead of beginning anew */
  resume?: boolean;
}

/** An audit that is under way, between two blobs. */
interface Progress extends AuditReport {
  /** the last blob that was hashed; they go by their hash */
  at: string;
}

const REPORT = 'audit report';
const PROGRESS = 'audit under way';

/** The last audit that was finished; null where there was none. */
export async function readAudit(ws: Workspace): Promise<AuditReport | null> {
  return ((await openShelf(ws).get(REPORT)) as AuditReport | undefined) ?? null;
}

/** @throws UserError where there is an incident, which comes first; AbortError */
export async function audit(ws: Workspace, options: AuditOptions = {}): Promise<AuditReport> {
  const { onProgress, signal, pause } = options;
  const incident = await ws.incident();
  if (incident) throw incidentError(incident);
  const shelf = openShelf(ws);
  const earlier = options.resume ? ((await shelf.get(PROGRESS)) as Progress | undefined) : undefined;
  const { best, repaired, damaged } = await auditRecords(ws);
  const report: Progress = earlier ?? {
    ...{ startedAt: ws.now(), finishedAt: 0, records: 0, blobs: 0, bytes: 0, repaired: [], damaged: [], at: '' },
  };
  report.records = best.length;
  report.repaired.push(...repaired);
  report.damaged.push(...damaged);

  const contents = await contentsOf(ws, best);
  const hashes = [...contents.keys()].sort();
  for (const [i, hash] of hashes.entries()) {
    if (hash <= report.at) continue;
    await pause?.();
    signal?.throwIfAborted();
    const found = await ws.blobs.check(hash);
    // a record that was removed meanwhile takes its blobs with it
    if (found.state !== 'sound' && (await isReferred(ws, hash))) {
      report.damaged.push(`${contents.get(hash)} (${found.state})`);
    }
    report.blobs++;
    report.bytes += found.sizeBytes;
    report.at = hash;
    if (pause) await shelf.set(PROGRESS, report);
    onProgress?.({ blobs: hashes.length, blobsDone: i + 1, bytesDone: report.bytes });
  }
  const { at: _at, ...finished } = { ...report, finishedAt: ws.now() };
  await shelf.set(REPORT, finished);
  await shelf.set(PROGRESS, undefined);
  return finished;
}

interface AuditedRecords extends Pick<Gathered, 'best'> {
  repaired: string[];
  damaged: string[];
}

async function auditRecords(ws: Workspace): Promise<AuditedRecords> {
  let found = await gather(ws.ledger, await ws.open());
  if (needsRepair(found))
    found = await repair(ws); // another tab may have been writing, so it looks again
  else {
    // the oldest first: an entry that says that something was removed goes after the one that put it
    for (const sequence of found.deadEntries) await ws.alone(() => ws.ledger.removeEntry(sequence));
  }
  const codec = await ws.codec();
  const describeAll = (records: StoredRecord[]) => Promise.all(records.map((record) => describeRecord(codec, record)));
  const repaired = new Set(await describeAll([...found.toDatabase, ...found.toJournal]));
  const lost = await describeAll(found.damaged);
  for (const name of lost) repaired.delete(name);
  return { best: found.best, repaired: [...repaired], damaged: lost };
}

/** What lies in each blob, by its hash. */
async function contentsOf(ws: Workspace, records: Gathered['best']): Promise<Map<string, string>> {
  const codec = await ws.codec();
  const recipes = new Set(records.filter(({ kind }) => kind === 'recipe').map(({ key }) => key));
  const contents = new Map<string, string>();
  for (const record of records) {
    for (const ref of record.refs)
      if (!recipes.has(ref) && !contents.has(ref)) contents.set(ref, await describeContent(codec, record));
  }
  return contents;
}

async function isReferred(ws: Workspace, hash: string): Promise<boolean> {
  return (await (await ws.open()).countFromIndex('records', 'refs', hash)) > 0;
}
