// What is kept, looked at as a whole: where everything came from, whether it is sound, what takes the room, and the ways
// out where something is wrong with it.

import { audit as auditWorkspace, readAudit } from '../store/audit.ts';
import { cleanUp as removeUnneeded, previewCleanUp } from '../store/cleanUp.ts';
import { KINDS } from '../store/kinds.ts';
import { readLineage } from '../store/lineage.ts';
import { exportRaw } from '../store/rawExport.ts';
import { salvage as salvageWorkspace } from '../store/salvage.ts';
import { readUsage } from '../store/usage.ts';
import type { Lathe } from './api.ts';
import type { Context } from './context.ts';

/** A verb of `api.ts` as it is answered here. */
type Answer<Verb extends keyof Lathe> = (context: Context, ...args: Parameters<Lathe[Verb]>) => ReturnType<Lathe[Verb]>;

export const lineage: Answer<'lineage'> = ({ workspace }) => readLineage(workspace);

export const salvage: Answer<'salvage'> = async ({ workspace, events }) => {
  const report = await salvageWorkspace(workspace);
  events.emit({ kind: 'changed', kinds: KINDS }, { everywhere: true });
  return report;
};

export const audit: Answer<'audit'> = ({ workspace }, options) => auditWorkspace(workspace, options);

export const lastAudit: Answer<'lastAudit'> = ({ workspace }) => readAudit(workspace);

export const usage: Answer<'usage'> = ({ workspace }) => readUsage(workspace);

export const cleanUp: Answer<'cleanUp'> = ({ workspace }, parts, options) =>
  options?.preview ? previewCleanUp(workspace, parts) : removeUnneeded(workspace, parts);

export const rawExport: Answer<'rawExport'> = ({ workspace, setup }) => exportRaw(setup.database, workspace.now());
