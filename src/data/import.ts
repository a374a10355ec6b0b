// Dropped files to one data set: decides between a table and images, and does all of the reading. Stores nothing, and
// gives nothing unless all of it could be read.

import { UserError } from '../base/errors.ts';
import { mendName } from '../base/name.ts';
import { looksLikeImage } from './formats/image.ts';
import { readTableFile, type ReadTableFile, TABLE_NAME } from './formats/tableFile.ts';
import { readZip } from './formats/zip.ts';
import type { DecodeImage } from './images.ts';
import { type ImportedImages, readImages } from './imageFiles.ts';
import { suggestColumns } from './infer.ts';
import type { ColumnStyle } from './preparation.ts';
import { createRepairLog, quote, type Repair, type RepairLog } from './repairs.ts';
import type { ColumnSpec, ColumnType, Table } from './table.ts';

export interface ImportProgress {
  phase: 'reading' | 'parsing' | 'profiling' | 'saving';
  /** 0..1, or null where it cannot be known */
  fraction: number | null;
  rows: number;
}

export interface ImportOptions {
  decode: DecodeImage;
  /** left out: a Parquet file is refused by name */
  readParquet?: ReadTableFile;
  /** the type of a column where a person has corrected it */
  types?: Record<string, ColumnType>;
  /** how a version's columns were written, where these are new rows for it */
  styles?: readonly ColumnStyle[];
  /** values that none is of its column's type count as missing; else they are an error */
  lenient?: boolean;
  signal?: AbortSignal;
  onProgress?: (progress: ImportProgress) => void;
}

export interface ImportedTable {
  kind: 'table';
  name: string;
  /** the file itself, also where it came in a zip */
  source: Blob;
  table: Table;
  columns: ColumnSpec[];
  repairs: Repair[];
}

export type Imported = ImportedTable | ImportedImages;

/** A file by its path, wherever it came from. */
export interface SourceFile {
  /** with folders, such as `cats/1.png` */
  path: string;
  blob: Blob;
}

const IMAGE_NAME = /\.(png|jpe?g|jfif|gif|webp|bmp|svg|tiff?|heic|avif|ico)$/i;
/** Files that a system leaves beside a person's own. */
const DEBRIS = /(^|\/)(\.[^/]*|__MACOSX(\/.*)?|thumbs\.db|desktop\.ini)$|(^|\/)(__MACOSX|\.[^/]+)\//i;

/**
 * Reads a table (CSV and its relatives, JSON lines, Parquet), a zip of images in one folder a class, a zip of a single table, or loose images.
 * @throws UserError when they are none of these, mixed, or cannot be read; AbortError
 */
export async function importFiles(files: File[], o: ImportOptions): Promise<Imported> {
  if (files.length === 0)
    throw new UserError('missing', 'files: none was given. Drop a table, images, or a zip of images');
  o.onProgress?.({ phase: 'reading', fraction: null, rows: 0 });
  const repairs = createRepairLog();
  const given = files.map((file) => ({ path: file.webkitRelativePath || file.name, blob: file as Blob }));
  const sources = leaveOut(given, (file) => DEBRIS.test(file.path), repairs);
  if (sources.length === 1 && (await isZip(sources[0]))) return importZip(sources[0], repairs, o);
  return importSources(sources, datasetName(sources, files[0].name), repairs, o);
}

async function importZip(zip: SourceFile, repairs: RepairLog, o: ImportOptions): Promise<Imported> {
  const entries = await readZip(zip.blob, { signal: o.signal });
  if (entries.some(({ name }) => name === '[Content_Types].xml')) {
    throw new UserError(
      'unsupported',
      `file ${quote(zip.path)}: it is an Office document. Save the sheet as CSV and choose that`,
    );
  }
  const given = entries.map(({ name, bytes }) => ({ path: name, blob: new Blob([bytes as Uint8Array<ArrayBuffer>]) }));
  const sources = leaveOut(given, (file) => DEBRIS.test(file.path), repairs);
  if (sources.length === 0) {
    throw new UserError(
      'missing',
      `files in ${quote(zip.path)}: the archive is empty. Pack one folder of images a class into it`,
    );
  }
  return importSources(sources, stem(zip.path), repairs, o);
}

/** One table, or images and what lies beside them. */
async function importSources(
  sources: SourceFile[],
  given: string,
  repairs: RepairLog,
  o: ImportOptions,
): Promise<Imported> {
  const name = mendName(given, 'data');
  if (name !== given.trim()) repairs.add('mendedNames', 1, quote(given));
  const isImage = await Promise.all(sources.map(isImageFile));
  const images = sources.filter((_, i) => isImage[i]);
  const others = sources.filter((_, i) => !isImage[i]);
  const tables = others.filter((file) => TABLE_NAME.test(file.path));
  if (images.length > 0) {
    const table = tables.find((file) => !/\.(txt|dat|data)$/i.test(file.path)); // a readme beside images is no table
    if (table) {
      throw new UserError(
        'invalid',
        `choice of files: ${images.length} images together with the table ${quote(table.path)}. Choose images or one table`,
      );
    }
    const zip = others.find((file) => /\.zip$/i.test(file.path));
    if (zip)
      throw new UserError(
        'invalid',
        `choice of files: images together with the archive ${quote(zip.path)}. Choose one of them`,
      );
    repairs.add('skippedFiles', others.length, quote(others[0]?.path ?? ''));
    return readImages(images, name, repairs, o);
  }
  const table = sources.length === 1 ? sources[0] : tables.length === 1 ? tables[0] : null;
  if (!table) {
    const names = sources.slice(0, 3).map((file) => quote(file.path));
    throw new UserError(
      'invalid',
      `choice of files: ${sources.length} files, such as ${names.join(', ')}, and neither images nor a single table among them. Choose one table, images, or a zip of images`,
    );
  }
  repairs.add('skippedFiles', sources.length - 1, quote(sources.find((file) => file !== table)?.path ?? ''));
  return readTable(table, name, repairs, o);
}

async function readTable(file: SourceFile, name: string, repairs: RepairLog, o: ImportOptions): Promise<ImportedTable> {
  const onProgress = (fraction: number, rows: number) => o.onProgress?.({ phase: 'parsing', fraction, rows });
  const read = await readTableFile(
    file.blob,
    { types: o.types, styles: o.styles, lenient: o.lenient, signal: o.signal, onProgress },
    o.readParquet,
  );
  return {
    kind: 'table',
    name,
    source: file.blob,
    table: read.table,
    columns: suggestColumns(read.table.columns),
    repairs: [...repairs.list(), ...read.repairs],
  };
}

/** By its name or its first bytes: a broken image is an image, and so is one without an extension. */
async function isImageFile(file: SourceFile): Promise<boolean> {
  if (IMAGE_NAME.test(file.path)) return true;
  if (TABLE_NAME.test(file.path)) return false;
  return looksLikeImage(new Uint8Array(await file.blob.slice(0, 16).arrayBuffer()));
}

async function isZip(file: SourceFile): Promise<boolean> {
  const start = await file.blob.slice(0, 4).text();
  return /\.zip$/i.test(file.path) || start === 'PK\x03\x04' || start === 'PK\x05\x06';
}

function leaveOut(files: SourceFile[], isDebris: (file: SourceFile) => boolean, repairs: RepairLog): SourceFile[] {
  const kept = files.filter((file) => !isDebris(file));
  const dropped = files.filter(isDebris);
  repairs.add('skippedFiles', dropped.length, quote(dropped[0]?.path ?? ''));
  return kept.length > 0 ? kept : files; // a person who chooses one dotfile means it
}

/** A single file's own name, else that of the folder that holds them all. */
function datasetName(sources: SourceFile[], first: string): string {
  if (sources.length === 1) return stem(sources[0].path);
  const top = sources[0].path.split('/')[0];
  const isFolder = sources.every((file) => file.path.startsWith(`${top}/`));
  return isFolder ? top : sources.every((file) => TABLE_NAME.test(file.path)) ? stem(first) : 'images';
}

function stem(path: string): string {
  const name = path.split('/').at(-1)!;
  return name.replace(/(?!^)\.[^.]*$/, '') || name;
}
