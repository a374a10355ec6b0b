// The verbs of Lathe and what they give: the one contract between the page (or a script in its console) and the worker.
// Types only. `client.ts` sends these calls, `engine.ts` answers them. Everything here is structured-cloneable.

import type { Part } from '../data/split.ts';
import type { ColumnRole, ColumnSpec, ColumnType, Row } from '../data/table.ts';
import type { ColumnProfile } from '../data/profile.ts';
import type { Evaluation } from '../evaluate/report.ts';
import type { Recipe } from '../model/recipe.ts';
import type { BackendName, EpochLog, StepProgress } from '../train/events.ts';

/** Something that was not as it should be in the input and was repaired, counted, to be shown. */
export interface Repair {
  /** such as `raggedRows`, `duplicateHeaders`, `skippedFiles` */
  kind: string;
  count: number;
  /** a sentence with an example */
  message: string;
}

export interface Dataset {
  /** SHA-256 of the content, hex */
  id: string;
  name: string;
  kind: 'table' | 'images';
  rows: number;
  /** tables: each column with its type and role. images: [] */
  columns: ColumnSpec[];
  /** images: the class names in order, '' never among them; tables: [] */
  classes: string[];
  sizeBytes: number;
  /** milliseconds since 1970 */
  createdAt: number;
  repairs: Repair[];
}

/** What the data page shows of a column; images have one pseudo column `label`. */
export interface DatasetDetail extends Dataset {
  profile: ColumnProfile[];
  /** images only */
  images?: { minHeight: number; maxHeight: number; minWidth: number; maxWidth: number; color: boolean };
}

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
  step?: StepProgress;
  /** the epoch that has just ended */
  epoch?: EpochLog;
}

export type RunState = 'running' | 'finished' | 'stopped' | 'failed' | 'interrupted';

export interface Run {
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
  /** set once finished */
  versionId: string | null;
  /** why it failed */
  error: string | null;
}

export interface Version {
  /** `<model>@<number>` */
  id: string;
  /** the model's name */
  model: string;
  /** from 1, within the model */
  number: number;
  note: string;
  createdAt: number;
  runId: number;
  datasetId: string;
  datasetName: string;
  recipe: Recipe;
  log: EpochLog[];
  bestEpoch: number;
  ended: 'epochs' | 'earlyStopping' | 'stopped';
  /** of the test part */
  metrics: Record<string, number>;
  dummy: Record<string, number>;
  /** class labels in the order of the outputs; regression: [] */
  labels: string[];
  /** trainable and moving weights */
  parameters: number;
  backend: BackendName;
  adapter: string;
  backendReason: string | null;
  durationMs: number;
  /** rows in each part */
  split: { train: number; validation: number; test: number };
  /** rows left out because the target is missing */
  droppedRows: number;
}

export type Prediction = { label: string; probabilities: Record<string, number> } | { value: number };

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

/** One field of the form for a single example. */
export type PredictField =
  | { kind: 'number'; column: string; type: 'number' | 'integer' | 'date'; min: number; max: number; fill: number }
  | { kind: 'category'; column: string; type: 'boolean' | 'category'; options: string[]; fill: string };

export interface PredictForm {
  /** tables; images: [] */
  fields: PredictField[];
  /** images: the size the network takes */
  image: { height: number; width: number; channels: 1 | 3 } | null;
  /** one row of the test part to begin with */
  example: Row | null;
}

export type ExportFormat = 'onnx' | 'tfjs';

export interface Verification {
  runtime: string;
  rows: number;
  maxAbsDiff: number;
}

export interface ExportedModel {
  file: File;
  /** of the runtime that people open this format with; `checks` has every one that was run */
  verification: Verification;
  checks: Verification[];
}

export interface BackendInfo {
  name: BackendName;
  available: boolean;
  /** such as `nvidia ada-lovelace`, `SwiftShader (software)`, `plain JavaScript` */
  adapter: string;
  software: boolean;
  /** why it cannot be used or is not preferred; null where nothing is to be said */
  reason: string | null;
}

export interface BackendReport {
  backends: BackendInfo[];
  /** what `auto` takes, and why */
  auto: BackendName;
  reason: string;
}

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

export interface Lathe {
  /** Reads a CSV or TSV, a zip of one folder a class, or loose images. Nothing is stored unless all of it was read. */
  importFiles(files: File[], options?: CallOptions<ImportProgress>): Promise<Dataset>;
  /** One of `iris`, `breast-cancer`, `diabetes`, `digits`, from the page's own files. */
  importSample(name: string, options?: CallOptions<ImportProgress>): Promise<Dataset>;
  datasets(): Promise<Dataset[]>;
  dataset(id: string): Promise<DatasetDetail>;
  /** Corrects types and roles; a new type is read from the source file again. */
  updateColumns(datasetId: string, changes: ColumnChange[]): Promise<DatasetDetail>;
  renameDataset(id: string, name: string): Promise<Dataset>;
  removeDataset(id: string): Promise<void>;
  rows(datasetId: string, query: { offset: number; limit: number }): Promise<RowPage>;
  /** Images by class (null: all) in the order of the data. */
  images(
    datasetId: string,
    query: { label: string | null; offset: number; limit: number },
  ): Promise<{ total: number; items: ImageItem[] }>;

  /** What the page would propose; plain JSON to edit and pass on. */
  suggestRecipe(datasetId: string, options?: { target?: string; seed?: number }): Promise<Recipe>;
  /** Throws a UserError that names the field, or says what this recipe comes to. */
  checkRecipe(
    recipe: Recipe,
  ): Promise<{
    parameters: number;
    outputs: string[];
    layers: { name: string; shape: number[]; parameters: number }[];
  }>;
  /** One training at a time. An aborted signal discards the run; `stop` keeps the best weights so far. */
  train(recipe: Recipe, options?: CallOptions<TrainProgress> & { model?: string }): Promise<Version>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;

  runs(): Promise<Run[]>;
  removeRun(id: number): Promise<void>;
  versions(): Promise<Version[]>;
  version(id: string): Promise<Version>;
  updateVersion(id: string, change: { note?: string }): Promise<Version>;
  /** Renames a model: its versions keep their numbers and get new ids. */
  renameModel(model: string, name: string): Promise<Version[]>;
  removeVersion(id: string): Promise<void>;

  evaluate(versionId: string, options?: { split?: Part }): Promise<Evaluation>;
  examples(versionId: string, query?: ExampleQuery): Promise<ExamplePage>;

  predictForm(versionId: string): Promise<PredictForm>;
  predict(versionId: string, input: Row[] | File[]): Promise<Prediction[]>;
  /** Scores a CSV or images and gives a CSV: the input's columns, then the prediction's. */
  predictFile(
    versionId: string,
    files: File[],
  ): Promise<{ file: File; rows: number; preview: RowPage; repairs: Repair[] }>;

  /** Writes the file, opens its very bytes in the runtimes that read it, and throws where they differ by more than 1e-4. */
  exportModel(versionId: string, format: ExportFormat): Promise<ExportedModel>;

  backends(): Promise<BackendReport>;
  /** What TensorFlow.js holds; zeros where it was not loaded yet. */
  memory(): Promise<{ numTensors: number; numBytes: number }>;
}
