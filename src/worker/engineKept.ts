// Runs, models and versions as they are kept: lists, notes, names, removal.

import { checkName } from '../base/name.ts';
import { setAlias } from '../store/aliases.ts';
import { readModels, renameModel } from '../store/models.ts';
import { discardRun, interruptRuns, listRuns, readRunDetail, removeRun, type RunState } from '../store/runs.ts';
import { changeVersion, listVersions, readVersionDetail, removeVersion } from '../store/versions.ts';
import type { Lathe, Run } from './api.ts';
import type { Context } from './context.ts';
import { trainingLock } from './trainingLock.ts';

type KeptVerbs = Pick<
  Lathe,
  | 'runs'
  | 'run'
  | 'removeRun'
  | 'discardRun'
  | 'versions'
  | 'version'
  | 'updateVersion'
  | 'renameModel'
  | 'removeVersion'
  | 'models'
  | 'setAlias'
>;

/** How long the lock of a page that has just gone may take to be free. */
const PATIENCE_MS = 1000;

export function keptVerbs({ workspace, setup }: Context): KeptVerbs {
  /** @param patienceMs for the lock of a page that has just gone */
  async function currentRuns(query: { state?: RunState } = {}, patienceMs = 0): Promise<Run[]> {
    const running = await listRuns(workspace, { state: 'running' });
    // A run that says it is running while nobody holds the lock was cut off with its page.
    const lock = running.length > 0 ? await trainingLock(setup.database, patienceMs) : null;
    if (!lock) return listRuns(workspace, query);
    try {
      await interruptRuns(workspace);
      return await listRuns(workspace, query);
    } catch (error) {
      console.warn('runs not marked as interrupted:', error); // no room, say: what is read is right all the same
      const runs = await listRuns(workspace);
      const now = runs.map((run): Run => (run.state === 'running' ? { ...run, state: 'interrupted' } : run));
      return now.filter(({ state }) => query.state === undefined || state === query.state);
    } finally {
      lock.release();
    }
  }

  /** a page that was reloaded while it trained asks at once */
  const patientUntil = performance.now() + PATIENCE_MS;

  return {
    runs: (query) => currentRuns(query, Math.max(0, patientUntil - performance.now())),
    run: (id) => readRunDetail(workspace, id),
    async discardRun(id) {
      await currentRuns({ state: 'interrupted' }, PATIENCE_MS); // one whose page is gone says so from now on
      await discardRun(workspace, id);
    },
    removeRun: (id) => removeRun(workspace, id),
    versions: () => listVersions(workspace),
    version: (id) => readVersionDetail(workspace, id),
    updateVersion: (id, change) => changeVersion(workspace, id, change),
    async renameModel(model, given) {
      const name = checkName('model', given);
      await renameModel(workspace, model, name);
      await (await import('../store/folders.ts')).renameFolder(workspace, model, name);
      return (await listVersions(workspace)).filter((version) => version.model === name);
    },
    removeVersion: (id) => removeVersion(workspace, id),
    models: () => readModels(workspace),
    setAlias: (model, alias, number) => setAlias(workspace, model, alias, number),
  };
}
