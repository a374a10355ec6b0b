// The reference that a version keeps of the data it was made with, so that later batches can be held against it.

import { describeImage, imageColumns } from '../data/imageStatistics.ts';
import { takeRows } from '../data/rows.ts';
import type { Column } from '../data/table.ts';
import type { BatchOutputs } from '../monitor/outputs.ts';
import { drawRows, type HeldOut, profileReference } from '../monitor/reference.ts';
import { spreadOf } from '../monitor/spread.ts';
import type { Reference } from '../store/references.ts';
import { decodeImage } from './decode.ts';
import { imageItem } from './engineData.ts';
import type { LearningData } from './learningData.ts';
import type { PreparedRecipe } from './preparedRecipe.ts';

/** Held-out rows that calibration and the spread of figures are learned from; more make it slower and hardly surer. */
export const MOST_HELD_OUT = 5000;
/** Images that are decoded at their own size for it. */
const MOST_IMAGES = 1000;

/**
 * @param rows the held-out rows, of which `outputs` are: probabilities [rows, classes], or values [rows]
 */
export async function makeReference(
  data: LearningData,
  { preparation, split, labels }: Pick<PreparedRecipe, 'preparation' | 'split' | 'labels'>,
  seed: number,
  rows: Int32Array,
  outputs: Float32Array,
): Promise<Reference> {
  const most = data.kind === 'images' ? MOST_IMAGES / 2 : MOST_HELD_OUT;
  const places = drawRows(
    Int32Array.from(rows, (_, i) => i),
    most,
    seed,
  );
  const heldOutRows = places.map((place) => rows[place]);
  const heldOut = takeHeldOut(data, labels, heldOutRows, places, outputs);
  const trainRows = data.kind === 'images' ? drawRows(split.train, most, seed) : split.train;
  const watched =
    data.kind === 'table'
      ? { columns: featureColumns(data.table.columns, preparation), train: trainRows, heldOut: heldOutRows }
      : await imageTable(data, trainRows, heldOutRows);
  const profile = {
    ...profileReference(watched.columns, watched.train, watched.heldOut, heldOut, seed),
    rows: { train: split.train.length, heldOut: rows.length },
  };
  const table = takeRows({ rows: heldOutRows.length, columns: watched.columns }, watched.heldOut);
  return { profile, spread: spreadOf(profile, table, asBatch(heldOut), seed) };
}

/** The columns that the version learned from. */
export function featureColumns(columns: readonly Column[], preparation: PreparedRecipe['preparation']): Column[] {
  if (preparation.kind === 'images') throw new Error('images have no feature columns');
  const features = new Set(preparation.features.map(({ column }) => column));
  return columns.filter(({ name }) => features.has(name));
}

function takeHeldOut(
  { target }: LearningData,
  labels: string[],
  rows: Int32Array,
  places: Int32Array,
  outputs: Float32Array,
): HeldOut {
  if (target.kind === 'value') {
    return {
      kind: 'value',
      predictions: Float64Array.from(places, (place) => outputs[place]),
      actual: Float64Array.from(rows, (row) => target.values[row]),
    };
  }
  const probabilities = new Float32Array(places.length * labels.length);
  places.forEach((place, i) => {
    probabilities.set(outputs.subarray(place * labels.length, (place + 1) * labels.length), i * labels.length);
  });
  return { kind: 'classes', labels, probabilities, actual: Int32Array.from(rows, (row) => target.classes[row]) };
}

function asBatch(heldOut: HeldOut): BatchOutputs {
  if (heldOut.kind === 'value') {
    return { kind: 'value', predictions: heldOut.predictions, actual: Float64Array.from(heldOut.actual) };
  }
  return { kind: 'classes', probabilities: heldOut.probabilities, actual: Int32Array.from(heldOut.actual) };
}

/** The images of both parts as columns, first those of the training part. */
async function imageTable(data: LearningData & { kind: 'images' }, train: Int32Array, heldOut: Int32Array) {
  const all = [...train, ...heldOut];
  const described = [];
  for (const row of all) {
    const { name, blob } = imageItem(data.dataset, data.content, row);
    described.push(describeImage(await decodeImage(new File([blob], name, { type: blob.type }))));
  }
  return {
    columns: imageColumns(described),
    train: Int32Array.from(train, (_, i) => i),
    heldOut: Int32Array.from(heldOut, (_, i) => train.length + i),
  };
}
