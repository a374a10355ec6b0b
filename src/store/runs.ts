// Runs: a recipe being carried out, and what became of it. A number is given once and never again.

import { UserError } from '../base/errors.ts';
import type { Recipe } from '../model/recipe.ts';
import type { BackendName, EpochLog } from '../train/events.ts';
import { writing, type Database } from './db.ts';

/** `interrupted`: the page was closed while it ran. */
export type RunState = 'running' | 'finished' | 'stopped' | 'failed' | 'interrupted';

export interface RunRecord {
  /** sequence number */
  id: number;
  state: RunState;
  recipe: Recipe;
  datasetName: string;
  log: EpochLog[];
  backend: BackendName | null;
  adapter: string | null;
  backendReason: string | null;
  startedAt: number;
  durationMs: number;
  /** why it failed */
  error: string | null;
}

export interface Run extends RunRecord {
  /** of the version it gave, while that is kept */
  versionId: string | null;
}

/** Every run, the oldest first. */
export async function listRuns(db: Database): Promise<Run[]> {
  const transaction = db.transaction(['runs', 'versions']);
  const [runs, versions] = await Promise.all([
    transaction.objectStore('runs').getAll(),
    transaction.objectStore('versions').getAll(),
  ]);
  const ids = new Map(versions.map((version) => [version.runId, version.id]));
  return runs.map((run) => ({ ...run, versionId: ids.get(run.id) ?? null }));
}

/** Keeps a new run and gives it the next number. */
export function addRun(db: Database, run: Omit<RunRecord, 'id'>): Promise<RunRecord> {
  return writing(db, ['runs'], 'the run', async (transaction) => {
    // the database fills the key in, which the type of a whole record cannot say
    const id = await transaction.objectStore('runs').add(run as RunRecord);
    return { ...run, id };
  });
}

export function saveRun(db: Database, run: RunRecord): Promise<void> {
  return writing(db, ['runs'], `run ${run.id}`, async (transaction) => {
    await transaction.objectStore('runs').put(run);
  });
}

/** Marks the runs that say they are running as interrupted. Call it only while nothing trains anywhere. */
export function interruptRuns(db: Database): Promise<void> {
  return writing(db, ['runs'], 'the runs', async (transaction) => {
    for await (const cursor of transaction.objectStore('runs')) {
      if (cursor.value.state === 'running') await cursor.update({ ...cursor.value, state: 'interrupted' });
    }
  });
}

/** Removes a run's log; a version it gave stays. @throws UserError where it is unknown or running */
export function removeRun(db: Database, id: number): Promise<void> {
  return writing(db, ['runs'], 'the removal', async (transaction) => {
    const runs = transaction.objectStore('runs');
    const run = await runs.get(id);
    if (!run) throw new UserError('unknown', `run ${id}: it is not kept in this browser.`);
    if (run.state === 'running') throw new UserError('invalid', `run ${id}: it is running. Stop it first.`);
    await runs.delete(id);
  });
}
