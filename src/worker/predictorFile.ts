// What a predictor file is written from: the model, its form, and what its later data is held against. Where the data set
// is gone there is no reference, and rows are made up to check the file with.

import { createRandom } from '../base/random.ts';
import { encodeFeatures, type Preparation } from '../data/prepare.ts';
import type { Column } from '../data/table.ts';
import type { ExportInput } from '../export/exportInput.ts';
import type { PredictorInput } from '../export/predictor.ts';
import { drawRows, profileReference, type ReferenceProfile } from '../monitor/reference.ts';
import { hashWeights, type PredictField, type TrainedModel, type Version } from '../store/versions.ts';
import type { Context } from './context.ts';
import { predictPart } from './engineEvaluate.ts';
import { imageLength, type LearningData, scalePixels } from './learningData.ts';
import { modelOutputs } from './modelOutputs.ts';
import type { RawRows } from './verify.ts';

/** Held-out rows that the reference is made with. */
const MOST_HELD_OUT = 5000;
const MADE_UP_ROWS = 200;

/** @param data null where the data set is gone */
export async function predictorInput(
  context: Context,
  model: ExportInput,
  version: Version,
  { fields, weights }: TrainedModel,
  data: LearningData | null,
): Promise<PredictorInput> {
  return {
    ...model,
    fields,
    fingerprint: version.weightsSha256 ?? (await hashWeights(weights)),
    reference: data && (await referenceOf(context, version, data)),
  };
}

async function referenceOf(context: Context, version: Version, data: LearningData): Promise<ReferenceProfile> {
  const { trained, predicted } = await predictPart(context, version.id, version.split.test > 0 ? 'test' : 'train');
  const { split, preparation } = trained;
  const places = drawRows(
    Int32Array.from(predicted.rows, (_, i) => i),
    MOST_HELD_OUT,
    version.recipe.seed,
  );
  const rows = places.map((place) => predicted.rows[place]);
  const width = predicted.outputs.length / predicted.rows.length;
  const outputs = Float32Array.from({ length: rows.length * width }, (_, i) => predicted.outputs[places[Math.floor(i / width)] * width + (i % width)]); // prettier-ignore
  const { target } = data;
  const heldOut =
    target.kind === 'value'
      ? { kind: 'value' as const, predictions: Float64Array.from(outputs), actual: Float64Array.from(rows, (row) => target.values[row]) } // prettier-ignore
      : { kind: 'classes' as const, labels: version.labels, probabilities: outputs, actual: Int32Array.from(rows, (row) => target.classes[row]) }; // prettier-ignore
  return profileReference(featureColumns(data, preparation), split.train, rows, heldOut, version.recipe.seed);
}

/** The columns that the model takes, in its order; images have none. */
function featureColumns(data: LearningData, preparation: Preparation): Column[] {
  if (data.kind === 'images' || preparation.kind === 'images') return [];
  const byName = new Map(data.table.columns.map((column) => [column.name, column]));
  return preparation.features.map(({ column }) => byName.get(column)!);
}

/** Rows within what the model has learned from, some values missing, and what the page predicts of them. */
export async function madeUpRows(
  context: Context,
  { backend }: Version,
  trained: TrainedModel,
): Promise<{ input: RawRows; outputs: Float32Array }> {
  const { preparation, fields } = trained;
  const random = createRandom(1);
  const predict = (x: Float32Array) => modelOutputs(context, trained, backend, x, MADE_UP_ROWS);
  if (preparation.kind === 'images') {
    const length = imageLength(preparation);
    const pixels = Uint8Array.from({ length: MADE_UP_ROWS * length }, () => random.below(256));
    const input = Array.from({ length: MADE_UP_ROWS }, (_, i) => pixels.subarray(i * length, (i + 1) * length));
    return { input, outputs: await predict(scalePixels(pixels, length, [...input.keys()])) };
  }
  const isMissing = () => random.next() < 0.1;
  const column = (field: PredictField): Column => {
    const { column: name, type } = field;
    const rows = { length: MADE_UP_ROWS };
    if (field.kind === 'number') {
      const { min, max } = field;
      const draw = () => (isMissing() ? NaN : min + (max - min) * random.next());
      return { name, type: field.type, values: Float64Array.from(rows, draw) };
    }
    const draw = () => (isMissing() ? -1 : random.below(field.options.length));
    return { name, type: type as 'category', codes: Int32Array.from(rows, draw), categories: field.options };
  };
  const input = { rows: MADE_UP_ROWS, columns: fields.map(column) };
  return { input, outputs: await predict(encodeFeatures(input, preparation)) };
}
