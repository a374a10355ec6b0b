// What a predictor file is written from: the model, its form, and what its later data is held against. Where the data set
// is gone, rows are made up to check the file with.

import { UserError } from '../base/errors.ts';
import { createRandom } from '../base/random.ts';
import { encodeFeatures } from '../data/prepare.ts';
import type { Column } from '../data/table.ts';
import type { ExportInput } from '../export/exportInput.ts';
import type { PredictorInput } from '../export/predictor.ts';
import type { ReferenceProfile } from '../monitor/reference.ts';
import { readReference } from '../store/references.ts';
import { hashWeights, type PredictField, type TrainedModel, type Version } from '../store/versions.ts';
import type { Context } from './context.ts';
import { predictPart } from './engineEvaluate.ts';
import { imageLength, type LearningData, scalePixels } from './learningData.ts';
import { modelOutputs } from './modelOutputs.ts';
import { makeReference } from './makeReference.ts';
import type { RawRows } from './verify.ts';

const MADE_UP_ROWS = 200;

/** @param data null where the data set is gone */
export async function predictorInput(
  context: Context,
  model: ExportInput,
  version: Version,
  trained: TrainedModel,
  data: LearningData | null,
): Promise<PredictorInput> {
  return {
    ...model,
    fields: trained.fields,
    fingerprint: version.weightsSha256 ?? (await hashWeights(trained.weights)),
    reference: await referenceOf(context, version, trained, data),
  };
}

/** What the version keeps; of one that an earlier Lathe trained it is made now, as long as its data is there. */
async function referenceOf(
  context: Context,
  version: Version,
  { preparation, split }: TrainedModel,
  data: LearningData | null,
): Promise<ReferenceProfile | null> {
  try {
    return (await readReference(context.workspace, version)).profile;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (!data) return null;
  }
  const { labels, recipe } = version;
  const { rows, outputs } = (await predictPart(context, version.id, version.split.test > 0 ? 'test' : 'train')).predicted; // prettier-ignore
  return (await makeReference(data, { preparation, split, labels }, recipe.seed, rows, outputs)).profile;
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
