// A version in use: how good it is, the rows behind a figure, what it says of new ones, the files it is handed out as. Types only.

import type { Repair } from '../data/repairs.ts';
import type { Part } from '../data/split.ts';
import type { Row } from '../data/table.ts';
import type { Evaluation } from '../evaluate/report.ts';
import type { Ports } from '../export/ports.ts';
import type { Prediction } from '../infer/predictions.ts';
import type { PredictField } from '../store/versions.ts';
import type { ImageItem, RowPage } from './apiData.ts';

export type { Prediction, PredictField };

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

export interface UseVerbs {
  evaluate(versionId: string, options?: { split?: Part }): Promise<Evaluation>;
  examples(versionId: string, query?: ExampleQuery): Promise<ExamplePage>;
  predictForm(versionId: string): Promise<PredictForm>;
  /** What its ONNX file takes and gives. @throws UserError where a column has a name that ONNX cannot hold */
  onnxPorts(versionId: string): Promise<Ports>;
  /**
   * Numbers and dates may be given as text, plainly or in the style of the training data.
   * @throws UserError where one is neither, for there is no repair to tell of it
   */
  predict(versionId: string, input: Row[] | File[]): Promise<Prediction[]>;
  /** Scores a table or images and gives a CSV: the input's columns, then the prediction's. */
  predictFile(
    versionId: string,
    files: File[],
  ): Promise<{ file: File; rows: number; preview: RowPage; repairs: Repair[] }>;
  /**
   * Writes the file, opens its very bytes in the runtimes that read it, and throws where they differ by more than 1e-4. Of a
   * document the figures are worked out again, or read back.
   */
  exportModel(versionId: string, format: ExportFormat): Promise<ExportedModel>;
}
