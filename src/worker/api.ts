// The verbs of Lathe and what they give: the one contract between the page (or a script in its console) and the worker.
// Types only; the verbs and their types stand by theme in the files beside this one. `client.ts` sends these calls,
// `engine.ts` answers them. Everything in them is structured-cloneable.

import type { CompareVerbs } from './apiCompare.ts';
import type { DataVerbs } from './apiData.ts';
import type { KeptVerbs } from './apiKept.ts';
import type { MonitorVerbs } from './apiMonitor.ts';
import type { TrainVerbs } from './apiTrain.ts';
import type { UpdateVerbs } from './apiUpdate.ts';
import type { UseVerbs } from './apiUse.ts';
import type { WorkspaceVerbs } from './apiWorkspace.ts';

export type * from './apiCompare.ts';
export type * from './apiData.ts';
export type * from './apiKept.ts';
export type * from './apiMonitor.ts';
export type * from './apiTrain.ts';
export type * from './apiUpdate.ts';
export type * from './apiUse.ts';
export type * from './apiWorkspace.ts';
export type { CallOptions } from './channel.ts';

export interface Lathe
  extends DataVerbs, TrainVerbs, KeptVerbs, UseVerbs, CompareVerbs, MonitorVerbs, UpdateVerbs, WorkspaceVerbs {}
