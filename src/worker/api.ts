// The verbs of Lathe and what they give: the one contract between the page (or a script in its console) and the worker.
// Types only. `client.ts` sends these calls, `engine.ts` answers them. Everything here is structured-cloneable.

import type { Rule } from '../monitor/rules.ts';
import type { Part } from '../data/split.ts';
import type { Repair } from '../data/repairs.ts';
import type { ColumnRole, ColumnType, Row } from '../data/table.ts';
import type { Evaluation } from '../evaluate/report.ts';
import type { MonitoringFormat } from '../export/prometheus/monitoring.ts';
import type { Prediction } from '../infer/predictions.ts';
import type { Architecture } from '../model/architectures.ts';
import type { Recipe } from '../model/recipe.ts';
import type { LayerShape } from '../model/shapes.ts';
import type { ModelKind, ModelSpec } from '../model/spec.ts';
import type { BackupProgress } from '../store/backup.ts';
import type { BackupContents } from '../store/backupManifest.ts';
import type { Damage } from '../store/backupScope.ts';
import type { Dataset, DatasetDetail } from '../store/datasets.ts';
import type { AuditProgress, AuditReport } from '../store/audit.ts';
import type { CleanUpItem, CleanUpPart } from '../store/cleanUp.ts';
import type { Incident } from '../store/incident.ts';
import type { Kind } from '../store/kinds.ts';
import type { SalvageReport } from '../store/salvage.ts';
import type { Usage } from '../store/usage.ts';
import type { BatchFacts } from '../store/batches.ts';
import type { UpdateVerbs } from './apiUpdate.ts';
import type { KeptReport } from './examine.ts';
import type { Lineage } from '../store/lineage.ts';
import type { Model } from '../store/models.ts';
import type { RestoreProgress, RestoreReport } from '../store/restore.ts';
import type { Run, RunDetail, RunState } from '../store/runs.ts';
import type { SealingProgress } from '../store/sealing.ts';
import type { PredictField, Version, VersionDetail } from '../store/versions.ts';
import type { BackendInfo, BackendName, BackendReport, EpochLog, StepProgress } from '../train/events.ts';

export type { MonitoringFormat } from '../export/prometheus/monitoring.ts';
export type { BeforeAfter } from '../monitor/beforeAfter.ts';
export type { Figure, FigureName, Rule, Severity } from '../monitor/rules.ts';
export type { Slice } from '../monitor/slices.ts';
export type { BatchAlert } from '../store/batches.ts';
export type { KeptReport } from './examine.ts';
export type { Repair } from '../data/repairs.ts';
export type { BackupProgress } from '../store/backup.ts';
export type { BackupContents } from '../store/backupManifest.ts';
export type { Damage } from '../store/backupScope.ts';
export type { Dataset, DatasetDetail, DatasetOrigin } from '../store/datasets.ts';
export type { AuditProgress, AuditReport } from '../store/audit.ts';
export type { CleanUpItem, CleanUpPart } from '../store/cleanUp.ts';
export type { Incident, IncidentKind } from '../store/incident.ts';
export type { Kind } from '../store/kinds.ts';
export type { SalvageReport } from '../store/salvage.ts';
export type { Usage, UsageItem } from '../store/usage.ts';
export type { Lineage, LineageKind, LineageNode } from '../store/lineage.ts';
export type { Alias, Model } from '../store/models.ts';
export type { RestoreProgress, RestoreReport } from '../store/restore.ts';
export type { Resumable, Run, RunDetail, RunState } from '../store/runs.ts';
export type { SealingProgress } from '../store/sealing.ts';
export type { PredictField, Version, VersionDetail } from '../store/versions.ts';

export interface RowPage {
  total: number;
  /** row numbers in the data set, from 0 */
  index: number[];
  rows: Row[];
}

export interface ImageItem {
  index: number;
  name: string;
  /** null where it has none */
  label: string | null;
  /** the file's own bytes */
  blob: Blob;
}

export type TrainPhase = 'preparing' | 'training' | 'evaluating' | 'saving';

export interface TrainProgress {
  runId: number;
  phase: TrainPhase;
  backend: BackendName | null;
  adapter: string | null;
  /** why this backend, one sentence; set when `auto` chose or a backend failed its test */
  backendReason: string | null;
  paused: boolean;
  /** while images are being decoded for it */
  images?: { done: number; total: number };
  step?: StepProgress;
  /** the epoch that has just ended */
  epoch?: EpochLog;
  /** the epochs before, where a run is taken up */
  log?: EpochLog[];
  /** the checkpoint that was just saved, or why it was not; the training goes on */
  checkpoint?: CheckpointProgress;
}

export interface CheckpointProgress {
  /** the epoch that it was taken in */
  epoch: number;
  /** milliseconds since 1970; null where it was not saved */
  savedAt: number | null;
  /** why it was not */
  error: string | null;
}

/** Where a training stands, for whoever did not begin it. Its recipe and its names are its run's. */
export interface TrainingNews extends Omit<TrainProgress, 'epoch' | 'log'> {
  /** epochs of its log, in order: those after the first `after` ones */
  epochs: EpochLog[];
  after: number;
}

export type { Prediction } from '../infer/predictions.ts';

/** A row of the evaluated part and what the model said of it. */
export interface Example {
  index: number;
  actual: string | number;
  predicted: string | number;
  /** probability of the predicted class */
  confidence: number | null;
  /** tables */
  row?: Row;
  /** images */
  image?: ImageItem;
}

export interface ExamplePage {
  total: number;
  examples: Example[];
}

export interface ExampleQuery {
  split?: Part;
  /** class labels; a cell of the confusion matrix has both */
  actual?: string;
  predicted?: string;
  /** `confident`: highest probability first (classes), `error`: largest residual first (value), `index`: as in the data */
  order?: 'index' | 'confident' | 'error';
  offset?: number;
  limit?: number;
}

export interface PredictForm {
  /** tables; images: [] */
  fields: PredictField[];
  /** images: the size the network takes */
  image: { height: number; width: number; channels: 1 | 3 } | null;
  /** one row of the test part to begin with */
  example: Row | null;
}

/** What tells of a version and scores nothing. */
export type DocumentFormat = 'modelCard' | 'report' | 'tensorboard';

export type ExportFormat = 'onnx' | 'tfjs' | 'triton' | 'mlflow' | 'npm' | 'python' | 'predictor' | DocumentFormat;

export interface Verification {
  runtime: string;
  /** what was run or read, and on what; left out: the file itself, on rows of the data */
  what?: string;
  rows: number;
  /** what `rows` counts, where that is no rows */
  unit?: 'epoch';
  maxAbsDiff: number;
}

export interface ExportedModel {
  file: File;
  /** of the file, hex; kept with the version */
  sha256: string;
  /** of the runtime that people open this format with; `checks` has every one that was run */
  verification: Verification;
  checks: Verification[];
}

export type { BackendInfo, BackendReport };

export interface CallOptions<P> {
  signal?: AbortSignal;
  onProgress?: (progress: P) => void;
}

export interface ImportProgress {
  phase: 'reading' | 'parsing' | 'profiling' | 'saving';
  /** 0..1, or null where it cannot be known */
  fraction: number | null;
  rows: number;
}

export interface ColumnChange {
  name: string;
  type?: ColumnType;
  role?: ColumnRole;
}

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

/** What `watch` tells of. */
export type LatheEvent =
  /** records were changed, here or in another tab */
  | { kind: 'changed'; kinds: Kind[] }
  | { kind: 'storage'; state: StorageState }
  /** a training goes on, in this tab or in another; a few times a second, and first of all the whole log */
  | { kind: 'training'; here: boolean; news: TrainingNews }
  /** what became of it is said by its run; one that was cut off with its tab is `interrupted` */
  | { kind: 'trainingEnded'; runId: number }
  /** the passphrase was set, changed or removed, here or in another tab; `lock`: every tab is locked now */
  | { kind: 'passphrase'; lock: boolean };

/**
 * `blocked`: an older page in another tab keeps this one from opening; it goes on when that tab is closed. `wanted`: a
 * newer page in another tab waits for the training of this one to end. `superseded`: it has taken over. `doubtful`: the browser
 * has closed what is kept here, or cannot read it. `incident` says what the last two come to.
 */
export type StorageState = 'open' | 'blocked' | 'wanted' | 'superseded' | 'doubtful';

/** Whether a passphrase is set, and whether everything is sealed by it. */
export interface PassphraseState {
  /** `sealing`, `unsealing`: it was cut off, and some files are still in the clear, or still sealed: `finishSealing` */
  state: 'none' | 'sealing' | 'sealed' | 'unsealing';
  /** this tab was not given the passphrase, and can read nothing */
  locked: boolean;
}

export interface Lathe extends UpdateVerbs {
  /** Reads a CSV or TSV, a zip of one folder a class, or loose images. Nothing is stored unless all of it was read. */
  importFiles(files: File[], options?: CallOptions<ImportProgress>): Promise<Dataset>;
  /** One of `iris`, `breast-cancer`, `diabetes`, `digits`, from the page's own files. */
  importSample(name: string, options?: CallOptions<ImportProgress>): Promise<Dataset>;
  datasets(): Promise<Dataset[]>;
  dataset(id: string): Promise<DatasetDetail>;
  /** Corrects types and roles; a new type is read from the source file again. */
  updateColumns(datasetId: string, changes: ColumnChange[]): Promise<DatasetDetail>;
  renameDataset(id: string, name: string): Promise<Dataset>;
  /** Versions trained on it stay and go on predicting; to evaluate or export them, import the same files again. */
  removeDataset(id: string): Promise<void>;
  rows(datasetId: string, query: { offset: number; limit: number }): Promise<RowPage>;
  /** Images by class (null: all) in the order of the data. */
  images(
    datasetId: string,
    query: { label: string | null; offset: number; limit: number },
  ): Promise<{ total: number; items: ImageItem[] }>;

  /** What the page would propose; plain JSON to edit and pass on. */
  suggestRecipe(
    datasetId: string,
    options?: { target?: string; seed?: number; model?: ModelKind; architecture?: Architecture },
  ): Promise<Recipe>;
  /** Every architecture that suits a recipe's data, sized by it, whatever its layers are; the first of a kind is proposed. */
  suggestModels(recipe: Recipe): Promise<{ architecture: Architecture; model: ModelSpec; parameters: number }[]>;
  /** Throws a UserError that names the field, or says what this recipe comes to. */
  checkRecipe(recipe: Recipe): Promise<{
    parameters: number;
    outputs: string[];
    /** nested ones too, each after the layer that holds it; the last is the output layer */
    layers: LayerShape[];
    /** what keeps it from being compiled to WebGPU, so that TensorFlow.js trains it there; null where nothing does */
    compilerGap: string | null;
  }>;
  /** One training at a time. An aborted signal discards the run; `stop` keeps the best weights so far. */
  train(recipe: Recipe, options?: CallOptions<TrainProgress> & { model?: string }): Promise<VersionDetail>;
  /** Goes on with a run that was cut off or failed, from its last checkpoint, as if nothing had happened. */
  resumeRun(runId: number, options?: CallOptions<TrainProgress>): Promise<VersionDetail>;
  /** Gives such a run up: its log stays, its checkpoints go. */
  discardRun(runId: number): Promise<void>;
  /** The training under way, in this tab or in another. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Ends it; its best weights so far become a version. */
  stop(): Promise<void>;

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

  /**
   * The whole workspace as one file, or some models with all that they came of; with a passphrase, sealed by it. It is
   * written to `to` as it is made (then `file` is null), else to a file on disk that lasts until the next backup or until
   * the page is closed.
   */
  backup(
    request?: { models?: string[]; passphrase?: string; to?: FileSystemFileHandle },
    options?: CallOptions<BackupProgress>,
  ): Promise<{ file: File | null; contents: BackupContents }>;
  /** What is in a backup; null where it is sealed and no passphrase was given. Its blobs are checked when it is restored. */
  inspectBackup(
    file: File,
    request?: { passphrase?: string },
  ): Promise<{ sealed: boolean; contents: BackupContents | null; damaged: Damage[] }>;
  /**
   * Puts a backup back beside what is here, or some of its models with all that they came of: all of it or nothing. What is
   * damaged is named in the error, and left out with `skipDamaged`.
   */
  restore(
    file: File,
    request?: { passphrase?: string; models?: string[]; skipDamaged?: boolean },
    options?: CallOptions<RestoreProgress>,
  ): Promise<RestoreReport>;

  evaluate(versionId: string, options?: { split?: Part }): Promise<Evaluation>;
  examples(versionId: string, query?: ExampleQuery): Promise<ExamplePage>;

  predictForm(versionId: string): Promise<PredictForm>;
  predict(versionId: string, input: Row[] | File[]): Promise<Prediction[]>;
  /** Scores a CSV or images and gives a CSV: the input's columns, then the prediction's. */
  predictFile(
    versionId: string,
    files: File[],
  ): Promise<{ file: File; rows: number; preview: RowPage; repairs: Repair[] }>;

  /** Scores new data, holds it against the reference of the version, and keeps both, with the alerts that it raises. */
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
  removeBatch(id: string): Promise<void>;
  /** Says that an alert was seen to; null takes it back. */
  acknowledge(batchId: string, alertId: string, note: string | null): Promise<Batch>;
  /** What raises alerts for a model's batches; presets until they are set. */
  rules(model: string): Promise<Rule[]>;
  /** For batches that come from now on. */
  setRules(model: string, rules: Rule[]): Promise<void>;
  /**
   * The newest batch as OpenMetrics, the rules as alerting rules of Prometheus, a dashboard of Grafana, or a zip of `all` with
   * a README. @param options.batchSeconds from one batch to the next, for rules that want several in a row; a day by itself
   */
  exportMonitoring(model: string, format: MonitoringFormat, options?: { batchSeconds?: number }): Promise<File>;

  /**
   * Writes the file, opens its very bytes in the runtimes that read it, and throws where they differ by more than 1e-4. Of a
   * document the figures are worked out again, or read back.
   */
  exportModel(versionId: string, format: ExportFormat): Promise<ExportedModel>;

  /** What is wrong with what is kept, such as that a newer Lathe wrote it; null where it is whole. Nothing is written until it was dealt with. */
  incident(): Promise<Incident | null>;
  /** Deals with an incident: puts back what is sound in the database and its second copy, and says what is lost. */
  salvage(): Promise<SalvageReport>;
  /** Hashes everything that is kept again. */
  audit(options?: CallOptions<AuditProgress>): Promise<AuditReport>;
  /** The last audit; it is also made in idle time, once a day. Null where there was none. */
  lastAudit(): Promise<AuditReport | null>;
  /** What takes the room. */
  usage(): Promise<Usage>;
  /** Removes what is not needed and gives what went, or, as a preview, what would go. */
  cleanUp(parts: CleanUpPart[], options?: { preview?: boolean }): Promise<CleanUpItem[]>;
  passphrase(): Promise<PassphraseState>;
  /**
   * Sets a passphrase, under which everything that is kept is sealed; changes it, or removes it (null), for which the
   * `current` one is given. There is no way round one that is forgotten. Every other tab has to be unlocked by itself.
   */
  setPassphrase(
    passphrase: string | null,
    request?: { current?: string },
    options?: CallOptions<SealingProgress>,
  ): Promise<void>;
  /** Goes on with sealing or unsealing that was cut off; nothing where it was not. */
  finishSealing(options?: CallOptions<SealingProgress>): Promise<void>;
  /** Opens what is sealed, for this tab. */
  unlock(passphrase: string): Promise<void>;
  /** Forgets the passphrase, in every tab. */
  lock(): Promise<void>;
  /** Removes everything that is kept here, also what is locked. */
  erase(): Promise<void>;
  /** Everything that can still be read, as it lies on the disk, as a tar file; also of a newer or damaged database. */
  rawExport(): Promise<File>;
  /** Tells of what happens, here and in other tabs, until it is aborted; of a training, from its begin on. */
  watch(options: CallOptions<LatheEvent>): Promise<void>;

  backends(): Promise<BackendReport>;
  /** What TensorFlow.js holds; zeros where it was not loaded yet. */
  memory(): Promise<{ numTensors: number; numBytes: number }>;
}
