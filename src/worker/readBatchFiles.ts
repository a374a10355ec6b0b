// Files to the rows of a batch: read with the types that the version learned, columns that are not there put in as
// missing, and what is true taken out where the files say it.

import { UserError } from '../base/errors.ts';
import { respellBooleans, spellingsOf } from '../data/booleans.ts';
import { importFiles, type ImportOptions } from '../data/import.ts';
import { describeImage, imageColumns } from '../data/imageStatistics.ts';
import type { Preparation } from '../data/prepare.ts';
import { createRepairLog, type Repair } from '../data/repairs.ts';
import { withoutStyle } from '../data/style.ts';
import { type Column, isNumeric, type Table } from '../data/table.ts';
import type { BatchContent } from '../store/batches.ts';
import type { TrainedModel, Version } from '../store/versions.ts';
import type { Context } from './context.ts';
import { decodeImage } from './decode.ts';
import { imageOutputs, tableOutputs } from './enginePredict.ts';
import { featureColumns } from './makeReference.ts';
import { READERS } from './readers.ts';

/** Class index [rows], -1 where it is not known; or values [rows], NaN where it is not. */
export type Truth = Int32Array | Float64Array;

export interface ReadBatch {
  name: string;
  rows: number;
  content: BatchContent;
  repairs: Repair[];
}

/** @throws UserError where they cannot be read, or are of the wrong kind */
export async function readBatchFiles(
  version: Version,
  { preparation }: TrainedModel,
  files: File[],
  options: Omit<ImportOptions, 'decode' | 'types'>,
): Promise<ReadBatch> {
  const { id, recipe } = version;
  if (files.length === 0) throw new UserError('missing', 'files: none was given. Drop a table or images.');
  const types =
    preparation.kind === 'table'
      ? Object.fromEntries(recipe.columns.filter(({ role }) => role !== 'ignore').map(({ name, type }) => [name, type]))
      : undefined;
  const styles = preparation.kind === 'table' ? preparation.styles : undefined;
  const imported = await importFiles(files, { ...options, ...READERS, types, styles, lenient: true }); // what became of a column is told
  const { name, repairs } = imported;
  if (imported.kind === 'table') {
    if (preparation.kind !== 'table') throw wrongKind(id, 'images', 'a table');
    const { rows, columns } = imported.table;
    if (!preparation.features.some(({ column }) => columns.some((own) => own.name === column))) {
      const wanted = preparation.features.slice(0, 3).map(({ column }) => `'${column}'`);
      throw new UserError(
        'missing',
        `columns of '${name}': none is one that version '${id}' learned from, such as ${wanted.join(', ')}. Drop data of the same kind.`,
      );
    }
    if (rows === 0) throw new UserError('missing', `rows of '${name}': it has none.`);
    const log = createRepairLog();
    const spelled = respellBooleans(columns, spellingsOf(preparation.features).set(recipe.target, version.labels), log);
    return {
      name,
      rows,
      repairs: [...repairs, ...log.list()],
      content: { kind: 'table', columns: spelled.map(withoutStyle) },
    };
  }
  if (preparation.kind !== 'images') throw wrongKind(id, 'a table', 'images');
  const packed = new Blob(imported.files as Uint8Array<ArrayBuffer>[]);
  const offsets = new Float64Array(imported.files.length + 1);
  imported.files.forEach((bytes, i) => (offsets[i + 1] = offsets[i] + bytes.length));
  const { names, labels, classes } = imported;
  const content: BatchContent = { kind: 'images', packed, offsets, names, labels, classes };
  return { name, rows: imported.files.length, repairs, content };
}

function wrongKind(id: string, takes: string, given: string): UserError {
  return new UserError('invalid', `files: version '${id}' takes ${takes}, and ${given} was given.`);
}

/** What a version says of a batch: probabilities [rows, classes], or values [rows]. */
export function scoreRows(
  context: Context,
  version: Version,
  trained: TrainedModel,
  content: BatchContent,
): Promise<Float32Array> {
  const { preparation } = trained;
  if (content.kind === 'table' && preparation.kind === 'table') {
    return tableOutputs(context, version, trained, preparation, completed(content.columns, preparation));
  }
  if (content.kind === 'images' && preparation.kind === 'images') {
    return imageOutputs(context, version, trained, preparation, imageFiles(content));
  }
  throw new Error('the batch and the version are of different kinds');
}

/** The columns in which the batch is compared with the reference. */
export async function watchedColumns(content: BatchContent, preparation: Preparation): Promise<Column[]> {
  if (content.kind === 'table') return featureColumns(content.columns, preparation);
  if (content.kind === 'profile') throw new Error('a profile has no rows');
  const described = [];
  for (const file of imageFiles(content)) described.push(describeImage(await decodeImage(file)));
  return imageColumns(described);
}

/** What is true, where the batch says it, and how many of its labels the version does not know. */
export function truthOf({ recipe, labels }: Version, content: BatchContent): { actual: Truth | null; unknown: number } {
  if (content.kind === 'table') {
    const column = content.columns.find(({ name }) => name === recipe.target);
    if (!column) return { actual: null, unknown: 0 };
    if (labels.length === 0) {
      if (!isNumeric(column)) return { actual: null, unknown: 0 };
      return someKnown(column.values.slice(), 0);
    }
    if (isNumeric(column)) {
      const classOf = new Map(labels.map((label, c) => [label, c]));
      return classesOf(
        Array.from(column.values, (value) => (Number.isNaN(value) ? null : String(value))),
        classOf,
      );
    }
    return codesToClasses(column.codes, column.categories, labels);
  }
  if (content.kind === 'profile') return { actual: null, unknown: 0 };
  return codesToClasses(content.labels, content.classes, labels);
}

function codesToClasses(codes: Int32Array, names: readonly string[], labels: readonly string[]) {
  const place = new Map(labels.map((label, c) => [label, c]));
  const classes = names.map((name) => place.get(name) ?? -1);
  let unknown = 0;
  const actual = Int32Array.from(codes, (code) => {
    if (code >= 0 && classes[code] < 0) unknown++;
    return code < 0 ? -1 : classes[code];
  });
  return someKnown(actual, unknown);
}

function classesOf(values: readonly (string | null)[], place: ReadonlyMap<string, number>) {
  let unknown = 0;
  const actual = Int32Array.from(values, (value) => {
    if (value === null) return -1;
    const found = place.get(value);
    if (found === undefined) unknown++;
    return found ?? -1;
  });
  return someKnown(actual, unknown);
}

function someKnown(actual: Truth, unknown: number): { actual: Truth | null; unknown: number } {
  return { actual: countKnown(actual) > 0 ? actual : null, unknown };
}

/** Rows whose truth is known. */
export function countKnown(actual: Truth): number {
  let known = 0;
  for (const value of actual) if (actual instanceof Int32Array ? value >= 0 : !Number.isNaN(value)) known++;
  return known;
}

/** A table in which every feature has a column; one that is not there, or is of another kind, is missing in every row. */
export function completed(columns: readonly Column[], preparation: Preparation & { kind: 'table' }): Table {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const rows = rowsOf(columns);
  const all = preparation.features.map(({ column: name, kind, type }): Column => {
    const own = byName.get(name);
    if (own && isNumeric(own) === (kind === 'number')) return own;
    if (kind === 'number') return { name, type, values: new Float64Array(rows).fill(NaN) };
    return { name, type, codes: new Int32Array(rows).fill(-1), categories: [] };
  });
  return { rows, columns: all };
}

export function rowsOf([column]: readonly Column[]): number {
  return column ? (isNumeric(column) ? column.values.length : column.codes.length) : 0;
}

export function imageFiles({ packed, offsets, names }: BatchContent & { kind: 'images' }): File[] {
  return names.map((name, i) => new File([packed.slice(offsets[i], offsets[i + 1])], name));
}
