// Files in: read all of it, then keep it in one commit, or keep nothing. The same content gives the same data set.

import { UserError } from '../base/errors.ts';
import { stringify } from '../base/json.ts';
import { importFiles as readFiles, type Imported } from '../data/import.ts';
import { profileTable, type ColumnProfile } from '../data/profile.ts';
import type { ColumnSpec, Table } from '../data/table.ts';
import {
  changeDataset,
  findDataset,
  readDataset,
  readTable,
  saveDataset,
  type DatasetContent,
  type DatasetDetail,
} from '../store/datasets.ts';
import { keepDraft } from '../store/drafts.ts';
import { sha256, sha256OfFiles } from '../store/hash.ts';
import type { CallOptions, ColumnChange, Dataset, ImportProgress } from './api.ts';
import type { Context } from './context.ts';
import { summary } from './engineData.ts';
import { readAgain } from './tables.ts';
import { READERS } from './readers.ts';

type ImportOptions = CallOptions<ImportProgress>;

export async function importFiles(context: Context, files: File[], options: ImportOptions = {}): Promise<Dataset> {
  return summary(await readAndKeep(context, files, options));
}

/** One entry of `samples/index.json`. */
interface Sample {
  /** as importSample takes it */
  id: string;
  file: string;
  title: string;
  target: string;
}

export async function importSample(context: Context, name: string, options: ImportOptions = {}): Promise<Dataset> {
  const folder = new URL('samples/', context.setup.baseURI);
  const samples = (await (await load(new URL('index.json', folder), options.signal)).json()) as Sample[];
  const sample = samples.find(({ id }) => id === name);
  if (!sample) {
    throw new UserError('unknown', `sample '${name}': there are ${samples.map(({ id }) => `'${id}'`).join(', ')}.`);
  }
  const blob = await (await load(new URL(sample.file, folder), options.signal)).blob();
  const file = new File([blob], sample.file, { type: blob.type });
  return summary(await readAndKeep(context, [file], options, { name: sample.title, target: sample.target }));
}

/** Corrects types and roles. A table has at most one target and one weight: a new one makes the old one a feature. */
export async function updateColumns(context: Context, id: string, changes: ColumnChange[]): Promise<DatasetDetail> {
  const { workspace } = context;
  const [dataset, { table, source }] = await Promise.all([readDataset(workspace, id), readTable(workspace, id)]);
  const columns = changes.reduce(changeColumn, dataset.columns);
  const sameTypes = columns.every(({ type }, i) => type === dataset.columns[i].type);
  if (sameTypes) {
    const changed = await changeDataset(workspace, id, (kept) => ({ columns: changes.reduce(changeColumn, kept.columns) })); // prettier-ignore
    await keepDraft(workspace, id, null); // it has the old columns
    return changed;
  }
  const read = await readAgain(dataset, table, source, columns);
  const profile = profileTable(read.table);
  const checked = (kept: DatasetDetail) => {
    if (stringify(kept.columns) === stringify(dataset.columns)) return { columns, profile, repairs: read.repairs };
    throw new UserError('invalid', `columns of '${kept.name}': another tab has changed them meanwhile. Try again.`);
  };
  const detail = await changeDataset(workspace, id, checked, read.table.columns);
  context.tables.forget(id);
  await keepDraft(workspace, id, null);
  return detail;
}

function changeColumn(columns: ColumnSpec[], change: ColumnChange): ColumnSpec[] {
  if (!columns.some(({ name }) => name === change.name)) {
    throw new UserError('unknown', `column '${change.name}': the data set has none of this name.`);
  }
  const alone = change.role === 'target' || change.role === 'weight' ? change.role : null;
  return columns.map((column) => {
    if (column.name === change.name) {
      return { ...column, type: change.type ?? column.type, role: change.role ?? column.role };
    }
    return column.role === alone ? { ...column, role: 'feature' } : column;
  });
}

/** @param known what is known of the files beforehand */
async function readAndKeep(
  context: Context,
  files: File[],
  options: ImportOptions,
  known?: { name: string; target: string },
): Promise<DatasetDetail> {
  if (files.length === 0)
    throw new UserError('missing', 'files: none was given. Choose a CSV, a zip of images, or images.');
  const { signal, onProgress } = options;
  const imported = await readFiles(files, { ...READERS, signal, onProgress });
  signal?.throwIfAborted();
  onProgress?.({ phase: 'profiling', fraction: null, rows: countRows(imported) });
  const now = context.workspace.now();
  const { dataset, content } =
    imported.kind === 'table' ? await tableDataset(imported, now) : await imageDataset(imported, now);
  if (known) {
    dataset.name = known.name;
    if (dataset.kind === 'table')
      dataset.columns = changeColumn(dataset.columns, { name: known.target, role: 'target' });
  }
  const kept = await findDataset(context.workspace, dataset.id);
  if (kept) return kept;
  signal?.throwIfAborted();
  onProgress?.({ phase: 'saving', fraction: null, rows: dataset.rows });
  await saveDataset(context.workspace, dataset, content);
  return dataset;
}

interface NewDataset {
  dataset: DatasetDetail;
  content: DatasetContent;
}

async function tableDataset(imported: Imported & { kind: 'table' }, now: number): Promise<NewDataset> {
  const { name, source, table, columns, repairs } = imported;
  return {
    dataset: {
      id: await sha256(source),
      name,
      kind: 'table',
      rows: table.rows,
      columns,
      classes: [],
      sizeBytes: source.size,
      createdAt: now,
      repairs,
      profile: profileTable(table),
    },
    content: { kind: 'table', source, columns: table.columns },
  };
}

async function imageDataset(imported: Imported & { kind: 'images' }, now: number): Promise<NewDataset> {
  const { name, classes, names, labels, widths, heights, color, repairs } = imported;
  const files = imported.files as Uint8Array<ArrayBuffer>[];
  const offsets = new Float64Array(files.length + 1);
  files.forEach((bytes, i) => (offsets[i + 1] = offsets[i] + bytes.length));
  const id = await sha256OfFiles(
    files.map((bytes, i) => ({ name: names[i], label: labels[i] < 0 ? null : classes[labels[i]], bytes })),
  );
  const { min: minHeight, max: maxHeight } = extent(heights);
  const { min: minWidth, max: maxWidth } = extent(widths);
  return {
    dataset: {
      id,
      name,
      kind: 'images',
      rows: files.length,
      columns: [],
      classes,
      sizeBytes: offsets[files.length],
      createdAt: now,
      repairs,
      profile: [labelProfile(classes, labels)],
      images: { minHeight, maxHeight, minWidth, maxWidth, color },
    },
    content: { kind: 'images', packed: new Blob(files), offsets, names, labels },
  };
}

export function labelProfile(classes: string[], labels: Int32Array): ColumnProfile {
  const table: Table = {
    rows: labels.length,
    columns: [{ name: 'label', type: 'category', codes: labels, categories: classes }],
  };
  return profileTable(table)[0];
}

function extent(values: Uint32Array): { min: number; max: number } {
  return values.reduce(({ min, max }, value) => ({ min: Math.min(min, value), max: Math.max(max, value) }), {
    min: Infinity,
    max: 0,
  });
}

function countRows(imported: Imported): number {
  return imported.kind === 'table' ? imported.table.rows : imported.files.length;
}

async function load(url: URL, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(url, { signal });
  if (!response.ok) {
    throw new UserError(
      'missing',
      `sample file '${url.pathname}': the page's host answers ${response.status}. Copy the whole folder of the build.`,
    );
  }
  return response;
}
