// Data sets as they are kept: a light record each, and its content apart: typed columns and the source file, or one
// packed blob of image files. It reads and writes; it neither parses nor decodes.

import { UserError } from '../base/errors.ts';
import type { ColumnProfile } from '../data/profile.ts';
import type { Column, ColumnSpec, Table } from '../data/table.ts';
import type { Repair } from '../data/repairs.ts';
import { writing, type Database } from './db.ts';

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

export interface TableContent {
  kind: 'table';
  /** the file as it was given, to be read again with other types */
  source: Blob;
  columns: Column[];
}

export interface ImageContent {
  kind: 'images';
  /** the files, one after the other */
  packed: Blob;
  /** [images + 1]; file i lies from offsets[i] to offsets[i + 1] */
  offsets: Float64Array;
  names: string[];
  /** [images]; index into the data set's classes, -1 where it has none */
  labels: Int32Array;
}

export type DatasetContent = TableContent | ImageContent;

/** Every data set, the oldest first. */
export async function listDatasets(db: Database): Promise<DatasetDetail[]> {
  return (await db.getAll('datasets')).sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
}

/** The data set, or undefined where it is not kept. */
export function findDataset(db: Database, id: string): Promise<DatasetDetail | undefined> {
  return db.get('datasets', id);
}

/** @throws UserError where it is not kept */
export async function readDataset(db: Database, id: string): Promise<DatasetDetail> {
  const dataset = await findDataset(db, id);
  if (!dataset) throw unknownDataset(id);
  return dataset;
}

/** @throws UserError where it is not kept, or its file can no longer be read */
export async function readContent(db: Database, id: string): Promise<DatasetContent> {
  const content = await db.get('content', id);
  if (!content) throw unknownDataset(id);
  return content;
}

/** The columns of a table as they are kept. @throws UserError where it is not kept or is of images */
export async function readTable(db: Database, id: string): Promise<{ table: Table; source: Blob }> {
  const [dataset, content] = await Promise.all([readDataset(db, id), readContent(db, id)]);
  if (content.kind !== 'table') {
    throw new UserError('invalid', `data set '${dataset.name}': it holds images, a table is needed here.`);
  }
  return { table: { rows: dataset.rows, columns: content.columns }, source: content.source };
}

/** The files of an image data set. @throws UserError where it is not kept or is a table */
export async function readImages(db: Database, id: string): Promise<ImageContent> {
  const content = await readContent(db, id);
  if (content.kind !== 'images') {
    throw new UserError('invalid', `data set '${id}': it is a table, images are needed here.`);
  }
  return content;
}

/** Keeps a data set, record and content at once or not at all; what had this id is replaced. */
export function saveDataset(db: Database, dataset: DatasetDetail, content: DatasetContent): Promise<void> {
  return writing(db, ['datasets', 'content'], `the data set '${dataset.name}'`, async (transaction) => {
    await transaction.objectStore('datasets').put(dataset);
    await transaction.objectStore('content').put(content, dataset.id);
  });
}

/** Changes the light record alone. @throws UserError where it is not kept */
export function changeDataset(
  db: Database,
  id: string,
  change: Partial<Pick<DatasetDetail, 'name' | 'columns'>>,
): Promise<DatasetDetail> {
  return writing(db, ['datasets'], 'the data set', async (transaction) => {
    const store = transaction.objectStore('datasets');
    const dataset = await store.get(id);
    if (!dataset) throw unknownDataset(id);
    const changed = { ...dataset, ...change };
    await store.put(changed);
    return changed;
  });
}

/** @throws UserError where it is not kept */
export function removeDataset(db: Database, id: string): Promise<void> {
  return writing(db, ['datasets', 'content'], 'the removal', async (transaction) => {
    const datasets = transaction.objectStore('datasets');
    if ((await datasets.getKey(id)) === undefined) throw unknownDataset(id);
    await datasets.delete(id);
    await transaction.objectStore('content').delete(id);
  });
}

function unknownDataset(id: string): UserError {
  return new UserError('unknown', `data set '${id}': it is not kept in this browser. Import its files again.`);
}
