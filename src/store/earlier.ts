// What records of schema 3 were, led to what they are now: the log of a run stood in the run's own record, and a version
// did not say how many epochs it had. Backups of that schema come this way, databases (migrateRecords.ts), and what
// salvage still finds of it in the journal.

import { readRecord, writeRecord, type Codec } from './codec.ts';
import type { StoredRecord } from './db.ts';
import type { Kind, Records } from './kinds.ts';

/** Leads the records of a backup, which may be anything, from one schema to the next; what is malformed stays so. */
export type SchemaStep = (records: Map<string, Map<string, unknown>>) => void;

/** By the schema that they start from. Backups began with schema 3. */
export const STEPS: Record<number, SchemaStep> = { 3: splitLogs };

type Fields = Record<string, unknown>;

function splitLogs(records: Map<string, Map<string, unknown>>): void {
  const logs = new Map<string, unknown>();
  for (const [key, value] of records.get('run') ?? []) {
    if (!isOld('run', value)) continue;
    const { run, log } = splitRun(value);
    records.get('run')!.set(key, run);
    logs.set(key, log);
  }
  for (const [key, value] of records.get('version') ?? []) {
    if (isOld('version', value)) records.get('version')!.set(key, countEpochs(value, logs.get(String(value.runId))));
  }
  records.set('log', logs);
}

/** What comes in the place of each of these records that is of schema 3; it belongs to no commit yet. */
export async function raise(records: StoredRecord[], codec: Codec): Promise<Map<StoredRecord, StoredRecord[]>> {
  const raised = new Map<StoredRecord, StoredRecord[]>();
  const logs = new Map<string, unknown>();
  const written = (kind: Kind, { key, created }: StoredRecord, value: unknown) =>
    writeRecord(codec, kind, key, value as Records[Kind], { created, sequence: 0 });
  const read = async (record: StoredRecord): Promise<unknown> => (await readRecord(codec, record)).value;
  for (const record of records) {
    if (record.kind === 'log') logs.set(record.key, await read(record));
    if (record.kind !== 'run') continue;
    const value = await read(record);
    if (!isOld('run', value)) continue;
    const { run, log } = splitRun(value);
    logs.set(record.key, log);
    raised.set(record, [await written('run', record, run), await written('log', record, log)]);
  }
  for (const record of records) {
    if (record.kind !== 'version') continue;
    const value = await read(record);
    if (isOld('version', value)) {
      raised.set(record, [await written('version', record, countEpochs(value, logs.get(record.key)))]);
    }
  }
  return raised;
}

function isOld(kind: 'run' | 'version', value: unknown): value is Fields {
  if (value === null || typeof value !== 'object') return false;
  return kind === 'run' ? Array.isArray((value as Fields).log) : !('epochs' in value);
}

function splitRun({ log, ...run }: Fields): { run: Fields; log: Fields } {
  const epochs = log as unknown[];
  return { run: { ...run, last: epochs.at(-1) ?? null }, log: { runId: run.id, epochs } };
}

/** @param log of its run; where that is lost, it had as many as its best one says at least */
function countEpochs(version: Fields, log: unknown): Fields {
  const { epochs } = (log ?? {}) as { epochs?: unknown[] };
  return { ...version, epochs: epochs?.length ?? version.bestEpoch };
}
