// Data sets: bringing them in, looking at them, correcting them. Types only.

import type { ColumnRole, ColumnType, Row } from '../data/table.ts';
import type { Dataset, DatasetDetail, DatasetOrigin } from '../store/datasets.ts';
import type { CallOptions } from './channel.ts';

export type { Repair } from '../data/repairs.ts';
export type { Dataset, DatasetDetail, DatasetOrigin };

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

export interface DataVerbs {
  /** Reads a table (CSV, TSV, JSON lines, Parquet), a zip of one folder a class, or loose images. Nothing is stored unless all of it was read. */
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
}
