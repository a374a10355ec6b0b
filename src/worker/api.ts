// The verbs of Lathe and what they give: the one contract between the page (or a script in its console) and the worker.
// Types only. `client.ts` sends these calls, `engine.ts` answers them. Everything here is structured-cloneable.

import type { Part } from '../data/split.ts';
import type { Repair } from '../data/repairs.ts';
import type { ColumnRole, ColumnType, Row } from '../data/table.ts';
import type { Evaluation } from '../evaluate/report.ts';
import type { Recipe } from '../model/recipe.ts';
import type { ModelKind } from '../model/spec.ts';
import type { Dataset, DatasetDetail } from '../store/datasets.ts';
import type { Run } from '../store/runs.ts';
import type { PredictField, Version } from '../store/versions.ts';
import type { BackendInfo, BackendName, BackendReport, EpochLog, StepProgress } from '../train/events.ts';

export type { Repair } from '../data/repairs.ts';
export type { Dataset, DatasetDetail } from '../store/datasets.ts';
export type { Run, RunState } from '../store/runs.ts';
export type { PredictField, Version } from '../store/versions.ts';

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
  /** Versions trained on it stay and go on predicting; to evaluate or export them, import the same files again. */
  removeDataset(id: string): Promise<void>;
  rows(datasetId: string, query: { offset: number; limit: number }): Promise<RowPage>;
  /** Images by class (null: all) in the order of the data. */
  images(
    datasetId: string,
    query: { label: string | null; offset: number; limit: number },
  ): Promise<{ total: number; items: ImageItem[] }>;

  /** What the page would propose; plain JSON to edit and pass on. */
  suggestRecipe(datasetId: string, options?: { target?: string; seed?: number; model?: ModelKind }): Promise<Recipe>;
  /** Throws a UserError that names the field, or says what this recipe comes to. */
  checkRecipe(recipe: Recipe): Promise<{
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
