// What happens to a version after it ships: batches, their labels, rules and alerts. Types only.

import type { Row } from '../data/table.ts';
import type { MonitoringFormat } from '../export/prometheus/monitoring.ts';
import type { RulePreset } from '../monitor/presets.ts';
import type { Rule } from '../monitor/rules.ts';
import type { MonitorSettings } from '../monitor/settings.ts';
import type { BatchFacts } from '../store/batches.ts';
import type { ImageItem } from './apiData.ts';
import type { CallOptions } from './channel.ts';
import type { KeptReport } from './examine.ts';

export type { BeforeAfter } from '../monitor/beforeAfter.ts';
export type { Figure, FigureName, Rule, Severity } from '../monitor/rules.ts';
export type { DriftMethod } from '../monitor/drift.ts';
export type { Quality } from '../monitor/quality.ts';
export type { SchemaChange } from '../monitor/schema.ts';
export type { BatchAlert } from '../store/batches.ts';
export type { SliceReport } from './examine.ts';
export type { ShadowReport } from './shadow.ts';
export type { KeptReport, MonitoringFormat, MonitorSettings, RulePreset };

/** New data that a version has scored, and what was found in it. */
export interface Batch extends Omit<BatchFacts, 'runId' | 'content' | 'outputs' | 'report'> {
  /** the version that scored it */
  versionId: string;
  kind: 'table' | 'images' | 'profile';
}

export interface BatchDetail extends Batch {
  report: KeptReport;
}

export interface BatchProgress {
  phase: 'reading' | 'parsing' | 'profiling' | 'scoring' | 'testing' | 'saving';
  /** 0..1, or null where it cannot be known */
  fraction: number | null;
  rows: number;
}

export interface BatchRow {
  /** in the batch, from 0 */
  index: number;
  predicted: string | number;
  /** probability of the predicted class */
  confidence: number | null;
  /** null where it is not known */
  actual: string | number | null;
  /** tables */
  row?: Row;
  /** images */
  image?: ImageItem;
}

export interface BatchRowPage {
  total: number;
  rows: BatchRow[];
}

export interface BatchRowQuery {
  /** `shifted`: first the rows whose value of `column` is commoner here than in the reference; `unsure`, `wrong`: the worst first */
  order?: 'index' | 'unsure' | 'wrong' | 'shifted';
  column?: string;
  offset?: number;
  limit?: number;
}

/** A folder that may be looked into; the page asks the browser for permission by its handle. */
export interface WatchedFolder {
  model: string;
  handle: FileSystemDirectoryHandle;
}

export interface FolderFault {
  /** below the folder */
  path: string;
  error: string;
}

/** How it stands with a folder that is looked into. */
export interface FolderNews {
  /** whose batches they are; another than at first where it was renamed */
  model: string;
  /** `elsewhere`: another tab looks into it; this one will when that is closed */
  state: 'looking' | 'elsewhere';
  /** of the last look, milliseconds since 1970 */
  lookedAt: number | null;
  /** it is known again after a reload; under a passphrase it is not */
  lasts: boolean;
  /** files that became batches, earlier visits counted */
  taken: number;
  /** ids of those that came since this began */
  batches: string[];
  /** files that may still be being written */
  settling: string[];
  /** files that cannot be scored; they are tried again when they change */
  faults: FolderFault[];
  /** files whose names are none of a batch */
  ignored: number;
  /** why there is nothing to look into; it is looked for again */
  gone: string | null;
}

export interface MonitorVerbs {
  /**
   * Scores new data, holds it against the reference of the version, and keeps both, with the alerts that it raises. Profiles
   * that predictors of the version have saved become one batch, merged; one that was taken in before is refused.
   */
  scoreBatch(versionId: string, files: File[], options?: CallOptions<BatchProgress>): Promise<Batch>;
  /** Every batch of a model, whichever version scored it, the oldest first. */
  batches(model: string): Promise<Batch[]>;
  batch(id: string): Promise<BatchDetail>;
  batchRows(id: string, query?: BatchRowQuery): Promise<BatchRowPage>;
  /**
   * Joins labels that have come meanwhile by a key that both tables have (left out: the one they share, or the order of
   * the rows), and examines the batch again. `label` is the column with the labels, left out: called as the target.
   */
  labelBatch(id: string, files: File[], join?: { key?: string; label?: string }): Promise<Batch>;
  /** Holds a kept batch against the reference again, by the settings and rules of now. */
  testBatch(id: string): Promise<Batch>;
  removeBatch(id: string): Promise<void>;
  /** Says that an alert was seen to; null takes it back. */
  acknowledge(batchId: string, alertId: string, note: string | null): Promise<Batch>;
  /** The folders that are kept, one for each model. */
  folders(): Promise<WatchedFolder[]>;
  /**
   * Looks into a folder until it is aborted: what is new in it becomes a batch of the model, once, and when it is whole; the
   * champion scores it, or the newest version. Images that come together are one batch. Null: the folder that is kept.
   */
  watchFolder(
    model: string,
    folder: FileSystemDirectoryHandle | null,
    options: CallOptions<FolderNews> & { everyMs?: number },
  ): Promise<void>;
  forgetFolder(model: string): Promise<void>;
  /** What raises alerts for a model's batches; presets until they are set. */
  rules(model: string): Promise<Rule[]>;
  /** For batches that come from now on. */
  setRules(model: string, rules: Rule[]): Promise<void>;
  /** Sets of rules to begin with. */
  rulePresets(model: string): Promise<RulePreset[]>;
  /** What columns are compared by, and whether the challenger scores in the shadow. */
  monitorSettings(model: string): Promise<MonitorSettings>;
  /** For batches that come from now on, and those that are tested again. */
  setMonitorSettings(model: string, settings: MonitorSettings): Promise<void>;
  /**
   * The newest batch as OpenMetrics, the rules as alerting rules of Prometheus, a dashboard of Grafana, or a zip of `all` with
   * a README. @param options.batchSeconds from one batch to the next, for rules that want several in a row; a day by itself
   */
  exportMonitoring(model: string, format: MonitoringFormat, options?: { batchSeconds?: number }): Promise<File>;
}
