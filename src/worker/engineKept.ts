// Runs and versions as they are kept: lists, notes, names, removal.

import { interruptRuns, listRuns, removeRun } from '../store/runs.ts';
import { changeVersion, listVersions, readVersion, removeVersion, renameModel } from '../store/versions.ts';
import type { Lathe } from './api.ts';
import type { Context } from './context.ts';
import { checkName } from './engineData.ts';
import { trainingLock } from './trainingLock.ts';

type KeptVerbs = Pick<
  Lathe,
  'runs' | 'removeRun' | 'versions' | 'version' | 'updateVersion' | 'renameModel' | 'removeVersion'
>;

export function keptVerbs(context: Context): KeptVerbs {
  const open = () => context.storage.open();
  return {
    async runs() {
      const db = await open();
      // A run that says it is running while nobody holds the lock was cut off with its page.
      const lock = await trainingLock(context.setup.database);
      if (lock) await interruptRuns(db).finally(lock.release);
      return listRuns(db);
    },
    removeRun: async (id) => removeRun(await open(), id),
    versions: async () => listVersions(await open()),
    version: async (id) => readVersion(await open(), id),
    updateVersion: async (id, change) => changeVersion(await open(), id, change),
    renameModel: async (model, name) => renameModel(await open(), model, checkName('model', name)),
    removeVersion: async (id) => removeVersion(await open(), id),
  };
}
