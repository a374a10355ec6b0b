// Data sets as they are kept: a light record each, and its content as blobs: the source file and the typed columns, or
// all image files one after the other and where each lies. It reads and writes; it neither parses nor decodes.

import { UserError } from '../base/errors.ts';
import type { ColumnProfile } from '../data/profile.ts';
import type { Column, ColumnSpec, Table } from '../data/table.ts';
import type { Repair } from '../data/repairs.ts';
import { pack, unpack } from './pack.ts';
import type { Workspace } from './workspace.ts';

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
  /** what it was made of, where that was another data set and labelled batches */
  origin?: DatasetOrigin;
}

/** The first `rows` rows are those of a data set, in order and unchanged; the labelled rows of batches follow, in order. */
export interface DatasetOrigin {
  /** id of the data set, which may be gone */
  dataset: string;
  rows: number;
  /** `rows`: how many of it came along */
  batches: { id: string; rows: number }[];
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

/** A data set as its record has it. */
export interface DatasetFacts extends DatasetDetail {
  /** SHA-256 of its blobs; null where an earlier Lathe had lost them */
  content: { source: string; columns: string } | { packed: string; index: string } | null;
}

/** Every data set, the oldest first. */
export async function listDatasets(ws: Workspace): Promise<DatasetDetail[]> {
  return (await ws.list('dataset')).map(detailOf);
}

/** The data set, or undefined where it is not kept. */
export async function findDataset(ws: Workspace, id: string): Promise<DatasetDetail | undefined> {
  const facts = await ws.read('dataset', id);
  return facts && detailOf(facts);
}

/** @throws UserError where it is not kept */
export async function readDataset(ws: Workspace, id: string): Promise<DatasetDetail> {
  return detailOf(await readFacts(ws, id));
}

/** The columns of a table as they are kept. @throws UserError where it is not kept, is of images, or is damaged */
export async function readTable(ws: Workspace, id: string): Promise<{ table: Table; source: Blob }> {
  const { name, rows, content } = await readFacts(ws, id);
  if (content && !('columns' in content)) {
    throw new UserError('invalid', `data set '${name}': it holds images, a table is needed here.`);
  }
  if (!content) throw lostContent(name);
  const what = `data set '${name}'`;
  const source = await ws.readBlob(content.source, what);
  const columns = (await unpack(await ws.readBlob(content.columns, what))) as Column[];
  return { table: { rows, columns }, source };
}

/** The files of an image data set. @throws UserError where it is not kept, is a table, or is damaged */
export async function readImages(ws: Workspace, id: string): Promise<ImageContent> {
  const { name, content } = await readFacts(ws, id);
  if (content && !('packed' in content)) {
    throw new UserError('invalid', `data set '${name}': it is a table, images are needed here.`);
  }
  if (!content) throw lostContent(name);
  const what = `data set '${name}'`;
  const packed = await ws.readBlob(content.packed, what);
  const index = (await unpack(await ws.readBlob(content.index, what))) as Omit<ImageContent, 'kind' | 'packed'>;
  return { kind: 'images', packed, ...index };
}

/** Keeps a data set, record and content at once or not at all; what had this id is replaced. */
export function saveDataset(ws: Workspace, dataset: DatasetDetail, content: DatasetContent): Promise<void> {
  const what = `the data set '${dataset.name}'`;
  return ws.holdBlobs(async () => {
    const facts: DatasetFacts = { ...dataset, content: await putContent(ws.putBlob, content, what) };
    await ws.commit(what, async (draft) => draft.put('dataset', dataset.id, facts));
  });
}

/**
 * Changes what is said of a data set, and the columns of a table where they were read anew.
 * @param change given what is kept now, which another tab may have changed; what it throws changes nothing
 * @throws UserError where it is not kept
 */
export function changeDataset(
  ws: Workspace,
  id: string,
  change: (kept: DatasetDetail) => Partial<Pick<DatasetDetail, 'name' | 'columns' | 'profile' | 'repairs'>>,
  columns?: Column[],
): Promise<DatasetDetail> {
  const what = 'the data set';
  return ws.holdBlobs(async () => {
    const hash = columns && (await ws.putBlob(pack(columns), what));
    return ws.commit(what, async (draft) => {
      const facts = await draft.read('dataset', id);
      if (!facts) throw unknownDataset(id);
      const { content } = facts;
      const changed = { ...facts, ...change(detailOf(facts)) };
      if (hash && content && 'columns' in content) changed.content = { ...content, columns: hash };
      draft.put('dataset', id, changed);
      return detailOf(changed);
    });
  });
}

/** Its content goes where nothing else refers to it. @throws UserError where it is not kept */
export function removeDataset(ws: Workspace, id: string): Promise<void> {
  return ws.commit('the removal', async (draft) => {
    if (!(await draft.read('dataset', id))) throw unknownDataset(id);
    draft.remove('dataset', id);
  });
}

/** Keeps the blobs of a data set's content. */
export async function putContent(
  putBlob: Workspace['putBlob'],
  content: DatasetContent,
  what: string,
): Promise<NonNullable<DatasetFacts['content']>> {
  if (content.kind === 'table') {
    const columns = pack(content.columns);
    return { source: await putBlob(content.source, what), columns: await putBlob(columns, what) };
  }
  const { packed, offsets, names, labels } = content;
  return { packed: await putBlob(packed, what), index: await putBlob(pack({ offsets, names, labels }), what) };
}

async function readFacts(ws: Workspace, id: string): Promise<DatasetFacts> {
  const facts = await ws.read('dataset', id);
  if (!facts) throw unknownDataset(id);
  return facts;
}

function detailOf({ content: _content, ...detail }: DatasetFacts): DatasetDetail {
  return detail;
}

function unknownDataset(id: string): UserError {
  return new UserError('unknown', `data set '${id}': it is not kept in this browser. Import its files again.`);
}

function lostContent(name: string): UserError {
  return new UserError('missing', `data set '${name}': its content is gone. Remove it and import its files again.`);
}
