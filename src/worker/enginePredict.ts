// What a version says of new rows or images: one example from a form, rows from a script, a whole file. None of it
// needs the data set that the version learned from.

import { UserError } from '../base/errors.ts';
import { fileName } from '../base/fileName.ts';
import { respellBooleans, spellingsOf } from '../data/booleans.ts';
import { importFiles, type Imported } from '../data/import.ts';
import { resizeImage } from '../data/images.ts';
import { encodeFeatures, type Preparation } from '../data/prepare.ts';
import { createRepairLog } from '../data/repairs.ts';
import { tableFromRows } from '../data/rows.ts';
import type { Row, Table } from '../data/table.ts';
import { onnxPorts, type Ports } from '../export/ports.ts';
import { checkColumns } from '../infer/score.ts';
import { inputCells, type Prediction, toPredictions, writePredictions } from '../infer/predictions.ts';
import { readTrained, readVersion, type TrainedModel, type Version } from '../store/versions.ts';
import type { Lathe, PredictForm } from './api.ts';
import type { Context } from './context.ts';
import { decodeImage } from './decode.ts';
import { imageLength, scalePixels } from './learningData.ts';
import { modelOutputs } from './modelOutputs.ts';
import { READERS } from './readers.ts';

type TablePreparation = Preparation & { kind: 'table' };
type ImagePreparation = Preparation & { kind: 'images' };

/** Images scored at a time. */
const IMAGES_AT_ONCE = 64;

export async function predictForm(context: Context, versionId: string): Promise<PredictForm> {
  const { trained } = await openVersion(context, versionId);
  const { preparation, fields, example } = trained;
  if (preparation.kind === 'table') return { fields, image: null, example };
  const { height, width, channels } = preparation;
  return { fields: [], image: { height, width, channels }, example: null };
}

export async function readPorts(context: Context, versionId: string): Promise<Ports> {
  const { trained } = await openVersion(context, versionId);
  return onnxPorts(trained.preparation);
}

export async function predict(context: Context, versionId: string, input: Row[] | File[]): Promise<Prediction[]> {
  const { version, trained } = await openVersion(context, versionId);
  if (input.length === 0) return [];
  const { preparation } = trained;
  const files = input.every((each) => each instanceof File);
  if (preparation.kind === 'table') {
    if (files) throw needs(version, 'rows', 'files');
    const table = tableFromRows(input as Row[], preparation);
    return toPredictions(version.labels, await tableOutputs(context, version, trained, preparation, table));
  }
  if (!files) throw needs(version, 'image files', 'rows');
  return toPredictions(version.labels, await imageOutputs(context, version, trained, preparation, input as File[]));
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
  const styles = preparation.kind === 'table' ? preparation.styles : undefined;
  const imported = await importFiles(files, { ...READERS, types, styles });
  const repairs = createRepairLog();
  if (imported.kind === 'table' && preparation.kind === 'table') {
    imported.table.columns = respellBooleans(imported.table.columns, spellingsOf(preparation.features), repairs);
  }
  const outputs =
    imported.kind === 'table'
      ? await fileTableOutputs(context, version, trained, imported.table)
      : await fileImageOutputs(context, version, trained, imported);
  const name = `${fileName(imported.name, 'input')}-predictions.csv`;
  return {
    ...writePredictions(inputCells(imported), version.labels, outputs, name),
    repairs: [...imported.repairs, ...repairs.list()],
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
  const encode = (from: number, to: number) =>
    encodeFeatures(
      table,
      preparation,
      Int32Array.from({ length: to - from }, (_, i) => from + i),
    );
  return modelOutputs(context, trained, version.backend, encode, table.rows);
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
  checkColumns(table, preparation, `version '${version.id}'`);
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
