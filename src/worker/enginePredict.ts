// What a version says of new rows or images: one example from a form, rows from a script, a whole file. None of it
// needs the data set that the version learned from.

import { UserError } from '../base/errors.ts';
import { fileName } from '../base/fileName.ts';
import { writeCsv } from '../data/formats/csv.ts';
import { importFiles, type Imported } from '../data/import.ts';
import { resizeImage } from '../data/images.ts';
import { encodeFeatures, type Preparation } from '../data/prepare.ts';
import { tableFromRows, tableToRows } from '../data/rows.ts';
import type { Row, Table } from '../data/table.ts';
import { mostProbable } from '../evaluate/metrics.ts';
import { readTrained, readVersion, type TrainedModel, type Version } from '../store/versions.ts';
import type { Lathe, Prediction, PredictForm } from './api.ts';
import type { Context } from './context.ts';
import { decodeImage } from './decode.ts';
import { imageLength, scalePixels } from './learningData.ts';
import { modelOutputs } from './modelOutputs.ts';

type TablePreparation = Preparation & { kind: 'table' };
type ImagePreparation = Preparation & { kind: 'images' };

/** Rows that predictFile shows at once. */
const PREVIEW_ROWS = 100;
/** Images scored at a time. */
const IMAGES_AT_ONCE = 64;

export async function predictForm(context: Context, versionId: string): Promise<PredictForm> {
  const { trained } = await openVersion(context, versionId);
  const { preparation, fields, example } = trained;
  if (preparation.kind === 'table') return { fields, image: null, example };
  const { height, width, channels } = preparation;
  return { fields: [], image: { height, width, channels }, example: null };
}

export async function predict(context: Context, versionId: string, input: Row[] | File[]): Promise<Prediction[]> {
  const { version, trained } = await openVersion(context, versionId);
  if (input.length === 0) return [];
  const { preparation } = trained;
  const files = input.every((each) => each instanceof File);
  if (preparation.kind === 'table') {
    if (files) throw needs(version, 'rows', 'files');
    const table = tableFromRows(input as Row[], preparation.features);
    return toPredictions(version, await tableOutputs(context, version, trained, preparation, table));
  }
  if (!files) throw needs(version, 'image files', 'rows');
  return toPredictions(version, await imageOutputs(context, version, trained, preparation, input as File[]));
}

export async function predictFile(
  context: Context,
  versionId: string,
  files: File[],
): ReturnType<Lathe['predictFile']> {
  const { version, trained } = await openVersion(context, versionId);
  const { preparation } = trained;
  const types =
    preparation.kind === 'table'
      ? Object.fromEntries(preparation.features.map(({ column, type }) => [column, type]))
      : undefined;
  const imported = await importFiles(files, { decode: decodeImage, types });
  const { header, rows } = inputColumns(imported);
  const outputs =
    imported.kind === 'table'
      ? await fileTableOutputs(context, version, trained, imported.table)
      : await fileImageOutputs(context, version, trained, imported);
  const predictions = toPredictions(version, outputs);
  const added = outputColumns(version, header);
  const all = [...header, ...added];
  const cells = rows.map((row, i) => [...row, ...outputCells(predictions[i])]);
  const file = new File([writeCsv(all, cells)], `${fileName(imported.name, 'input')}-predictions.csv`, {
    type: 'text/csv',
  });
  const shown = cells.slice(0, PREVIEW_ROWS);
  return {
    file,
    rows: cells.length,
    preview: {
      total: cells.length,
      index: [...shown.keys()],
      rows: shown.map((row) => Object.fromEntries(all.map((name, i) => [name, row[i]]))),
    },
    repairs: imported.repairs,
  };
}

/** A version and what it takes to use it. */
export async function openVersion(context: Context, id: string): Promise<{ version: Version; trained: TrainedModel }> {
  const version = await readVersion(context.workspace, id);
  return { version, trained: await readTrained(context.workspace, version) };
}

function needs({ id }: Version, wanted: string, given: string): UserError {
  return new UserError('invalid', `input: version '${id}' takes ${wanted}, and ${given} were given.`);
}

/** Probabilities [rows, classes], or values [rows]. */
export function tableOutputs(
  context: Context,
  version: Version,
  trained: TrainedModel,
  preparation: TablePreparation,
  table: Table,
): Promise<Float32Array> {
  return modelOutputs(context, trained, version.backend, encodeFeatures(table, preparation), table.rows);
}

/** Probabilities [files, classes], or values [files]; a few images in memory at a time. */
export async function imageOutputs(
  context: Context,
  version: Version,
  trained: TrainedModel,
  preparation: ImagePreparation,
  files: File[],
): Promise<Float32Array> {
  const length = imageLength(preparation);
  const width = Math.max(1, version.labels.length);
  const outputs = new Float32Array(files.length * width); // [files, width]
  for (let start = 0; start < files.length; start += IMAGES_AT_ONCE) {
    const batch = files.slice(start, start + IMAGES_AT_ONCE);
    const pixels = new Uint8Array(batch.length * length);
    for (const [i, file] of batch.entries()) {
      pixels.set(resizeImage(await decodeImage(file), preparation), i * length);
    }
    const x = scalePixels(pixels, length, [...batch.keys()]);
    const part = await modelOutputs(context, trained, version.backend, x, batch.length);
    outputs.set(part, start * width);
  }
  return outputs;
}

async function fileTableOutputs(
  context: Context,
  version: Version,
  trained: TrainedModel,
  table: Table,
): Promise<Float32Array> {
  const { preparation } = trained;
  if (preparation.kind !== 'table') throw needs(version, 'image files', 'a table');
  const there = new Set(table.columns.map(({ name }) => name));
  const absent = preparation.features.filter(({ column }) => !there.has(column)).map(({ column }) => `'${column}'`);
  if (absent.length > 0) {
    throw new UserError(
      'missing',
      `column${absent.length > 1 ? 's' : ''} ${absent.join(', ')}: version '${version.id}' learned from ${absent.length > 1 ? 'them' : 'it'}, and the file has no such column. Add ${absent.length > 1 ? 'them' : 'it'}; cells may be empty.`,
    );
  }
  return tableOutputs(context, version, trained, preparation, table);
}

async function fileImageOutputs(
  context: Context,
  version: Version,
  trained: TrainedModel,
  { files, names }: Imported & { kind: 'images' },
): Promise<Float32Array> {
  const { preparation } = trained;
  if (preparation.kind !== 'images') throw needs(version, 'a table', 'images');
  const opened = files.map((bytes, i) => new File([bytes as Uint8Array<ArrayBuffer>], names[i]));
  return imageOutputs(context, version, trained, preparation, opened);
}

function toPredictions({ labels }: Version, outputs: Float32Array): Prediction[] {
  if (labels.length === 0) return Array.from(outputs, (value) => ({ value }));
  return Array.from(mostProbable(outputs, labels.length), (best, row) => ({
    label: labels[best],
    // fromEntries defines each label as it is, `__proto__` too
    probabilities: Object.fromEntries(labels.map((label, k) => [label, outputs[row * labels.length + k]])),
  }));
}

type Cell = string | number | boolean | null;

function inputColumns(imported: Imported): { header: string[]; rows: Cell[][] } {
  if (imported.kind === 'images') return { header: ['file'], rows: imported.names.map((name) => [name]) };
  const { table } = imported;
  const header = table.columns.map(({ name }) => name);
  const index = Int32Array.from({ length: table.rows }, (_, row) => row);
  return { header, rows: tableToRows(table, index).map((row) => header.map((name) => row[name])) };
}

/** Names of the added columns, none of which the input has already. */
function outputColumns({ labels }: Version, header: string[]): string[] {
  const taken = new Set(header);
  return ['prediction', ...labels.map((label) => `probability ${label}`)].map((name) => {
    let free = name;
    for (let n = 2; taken.has(free); n++) free = `${name} (${n})`;
    taken.add(free);
    return free;
  });
}

function outputCells(prediction: Prediction): Cell[] {
  return 'value' in prediction ? [prediction.value] : [prediction.label, ...Object.values(prediction.probabilities)];
}
