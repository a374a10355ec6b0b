// The log of a run, epoch by epoch: by far the most of what is said of it, and read with that one run alone. Its last line
// stands in the run's own record too, for lists.

import type { EpochLog } from '../model/epochLog.ts';
import type { Draft, Reader } from './records.ts';

export interface LogFacts {
  runId: number;
  epochs: EpochLog[];
}

/** Keeps the log of a run. @returns its last line, for the run's record */
export function putLog(draft: Draft, runId: number, epochs: EpochLog[]): EpochLog | null {
  draft.put('log', String(runId), { runId, epochs });
  return epochs.at(-1) ?? null;
}

/** [] where it is lost, or the run ended before its first epoch did. */
export async function readLog(reader: Pick<Reader, 'read'>, runId: number): Promise<EpochLog[]> {
  return (await reader.read('log', String(runId)))?.epochs ?? [];
}
