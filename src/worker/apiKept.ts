// Runs, versions and models as they are kept, and what came of what. Types only.

import type { Lineage } from '../store/lineage.ts';
import type { Model } from '../store/models.ts';
import type { Run, RunDetail, RunState } from '../store/runs.ts';
import type { Version, VersionDetail } from '../store/versions.ts';

export type { Lineage, LineageEdge, LineageKind, LineageNode } from '../store/lineage.ts';
export type { Alias, AliasMove } from '../store/aliasHistory.ts';
export type { Model } from '../store/models.ts';
export type { Resumable, Run, RunDetail, RunState } from '../store/runs.ts';
export type { Version, VersionDetail };

export interface KeptVerbs {
  /** Without their logs, the oldest first; all of them, or those in one state. */
  runs(query?: { state?: RunState }): Promise<Run[]>;
  /** With its log. */
  run(id: number): Promise<RunDetail>;
  removeRun(id: number): Promise<void>;
  /** Without their logs, the oldest first. */
  versions(): Promise<Version[]>;
  /** With its log. By `model@3`, `model@v3`, `model@champion` (an alias) or `model@latest`; so wherever a version is asked for. */
  version(id: string): Promise<VersionDetail>;
  updateVersion(id: string, change: { note?: string; tags?: string[] }): Promise<Version>;
  /** Renames a model: its versions keep their numbers and get new ids. */
  renameModel(model: string, name: string): Promise<Version[]>;
  /** Its aliases go with it; its run stays. */
  removeVersion(id: string): Promise<void>;
  /** Every model that has a version. */
  models(): Promise<Model[]>;
  /** Moves an alias to a version of its model, or removes it (null). */
  setAlias(model: string, alias: string, number: number | null): Promise<void>;
  /** What came of what: data sets, recipes, runs, versions, aliases, exported files. */
  lineage(): Promise<Lineage>;
}
