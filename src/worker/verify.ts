// Opens the very bytes that a person is about to download in the runtime that will read them elsewhere, runs them on
// held-out rows, and refuses them where they do not say what the page says. It repairs nothing and retries nothing.

import type * as Ort from 'onnxruntime-web/wasm';
import { UserError } from '../base/errors.ts';
import { encodeFeatures, type Preparation, type TargetEncoding } from '../data/prepare.ts';
import { tableFromRows, tableToRows } from '../data/rows.ts';
import { isNumeric, type Table } from '../data/table.ts';
import { readZip } from '../data/formats/zip.ts';
import { compareOutputs } from '../export/agreement.ts';
import { MODEL_FILE } from '../export/bundle.ts';
import { contentOf } from '../export/predictorContent.ts';
import { onnxInterface } from '../export/onnxInterface.ts';
import { TFJS_VERSION } from '../export/tfjsVersion.ts';
import { createScorer } from '../infer/score.ts';
import { headOf, toProbabilities, toTargetUnit } from '../model/head.ts';
import { openLayersModel } from '../train/predictor.ts';
import type { Verification } from './api.ts';

/** Raw rows: a table with the feature columns, or for each image its pixels [height * width * channels], 0..255. */
export type RawRows = Table | Uint8Array[];

const BATCH_ROWS = 256;

/**
 * Runs an ONNX file with onnxruntime-web.
 * @param bytes the file
 * @param expected what the page predicts of the same rows: probabilities [rows, classes], or values [rows, 1] in the target's unit
 * @throws UserError where the file does not open, or differs by more than `TOLERANCE`, or gives another label
 */
export async function verifyOnnx(
  bytes: Uint8Array,
  preparation: Preparation,
  input: RawRows,
  expected: Float32Array,
): Promise<Verification> {
  const ort = await loadOrt();
  const runtime = `onnxruntime-web ${ort.env.versions.web}`;
  const comparison = compareOutputs(runtime, preparation.target, countRows(input), expected);
  const { inputs, outputs } = onnxInterface(preparation);
  const rows = asLearned(input, preparation);
  const session = await opening(runtime, ort.InferenceSession.create(bytes));
  try {
    for (const [from, to] of batches(comparison.rows)) {
      const tensors = onnxInputs(ort, preparation, rows, from, to);
      const results = await opening(
        runtime,
        session.run(Object.fromEntries(inputs.map((name, place) => [name, tensors[place]]))),
      );
      const numbers = results['value' in outputs ? outputs.value : outputs.probabilities];
      comparison.take(from, to, numbers.data as Float32Array);
      if ('label' in outputs) comparison.takeLabels(from, to, results[outputs.label].data as string[]);
    }
  } finally {
    await session.release();
  }
  return comparison.verdict();
}

/**
 * Unzips a bundle and runs the ONNX file that is inside, whatever folder it lies in; the other files are not run.
 * @param expected as for `verifyOnnx`
 * @throws UserError where there is none in the zip, and as `verifyOnnx`
 */
export async function verifyBundle(
  zipBytes: Uint8Array,
  preparation: Preparation,
  input: RawRows,
  expected: Float32Array,
): Promise<Verification> {
  const files = await unzip('zip.js', zipBytes);
  const name = [...files.keys()].find((path) => path.split('/').pop() === MODEL_FILE) ?? MODEL_FILE;
  const verification = await verifyOnnx(fileOf(files, name), preparation, input, expected);
  return { ...verification, what: `${name} in the zip` };
}

/**
 * Unzips a TensorFlow.js model and runs it, prepared by the preparation that lies beside it in the zip.
 * @param expected as for `verifyOnnx`
 * @throws UserError where the zip does not open, or differs by more than `TOLERANCE`
 */
export async function verifyTfjs(
  zipBytes: Uint8Array,
  preparation: Preparation,
  input: RawRows,
  expected: Float32Array,
): Promise<Verification> {
  const runtime = `TensorFlow.js ${TFJS_VERSION}`;
  const comparison = compareOutputs(runtime, preparation.target, countRows(input), expected);
  const files = await unzip(runtime, zipBytes);
  const own = JSON.parse(textOf(files, 'preparation.json')) as Preparation;
  const model = await opening(runtime, openLayersModel(textOf(files, 'model.json'), fileOf(files, 'weights.bin')));
  try {
    for (const [from, to] of batches(comparison.rows)) {
      const raw = await opening(runtime, model.predict(prepare(own, input, from, to), to - from));
      comparison.take(from, to, finish(own.target, raw, to - from));
    }
  } finally {
    model.dispose();
  }
  return comparison.verdict();
}

/**
 * Takes the model out of a predictor file and computes with it as its page does: the same code, by the same preparation.
 * Of a large model so many rows as this takes half a minute for.
 * @param expected as for `verifyOnnx`
 * @throws UserError where the file holds no whole model, or differs by more than `TOLERANCE`
 */
export async function verifyPredictor(
  bytes: Uint8Array,
  preparation: Preparation,
  input: RawRows,
  expected: Float32Array,
): Promise<Verification> {
  const scorer = createScorer(contentOf(new TextDecoder().decode(bytes)));
  const rows = asLearned(input, preparation);
  const score = (row: number) =>
    Array.isArray(rows) ? scorer.scoreImage(rows[row]) : scorer.scoreTable(rows, row, row + 1);
  const begun = performance.now();
  if (countRows(rows) > 0) score(0);
  const most = Math.ceil(VERIFY_MS / Math.max(0.001, performance.now() - begun));
  const count = Math.min(countRows(rows), Math.max(LEAST_VERIFIED, most));
  const compared = expected.subarray(0, count * scorer.width);
  const comparison = compareOutputs('The predictor’s own code', preparation.target, count, compared);
  for (let row = 0; row < count; row++) comparison.take(row, row + 1, score(row));
  return comparison.verdict();
}

const VERIFY_MS = 30_000;
const LEAST_VERIFIED = 20;

let loadingOrt: Promise<typeof Ort> | null = null;

/** One thread and no proxy: more would need a page that is cross-origin isolated, and a static host cannot make it so. */
function loadOrt(): Promise<typeof Ort> {
  loadingOrt ??= import('onnxruntime-web/wasm').then(
    (ort) => {
      ort.env.wasm.numThreads = 1;
      ort.env.wasm.proxy = false;
      ort.env.logLevel = 'error';
      return ort;
    },
    (error: unknown) => {
      loadingOrt = null; // a failed download may be tried again
      throw error;
    },
  );
  return loadingOrt;
}

function onnxInputs(ort: typeof Ort, preparation: Preparation, input: RawRows, from: number, to: number) {
  const rows = to - from;
  if (preparation.kind === 'images') {
    const { height, width, channels } = preparation;
    return [new ort.Tensor('float32', pixelsOf(input, from, to), [rows, height, width, channels])];
  }
  const { columns } = tableOf(input);
  return preparation.features.map((feature) => {
    const column = columns.find(({ name }) => name === feature.column)!;
    if (isNumeric(column)) {
      return new ort.Tensor('float32', Float32Array.from(column.values.subarray(from, to)), [rows, 1]);
    }
    const texts = Array.from(column.codes.subarray(from, to), (code) => (code < 0 ? '' : column.categories[code]));
    return new ort.Tensor('string', texts, [rows, 1]);
  });
}

/** A column that was learned as categories may be numbers by now, or the other way round: what goes in is as it was learned. */
function asLearned(input: RawRows, preparation: Preparation): RawRows {
  if (preparation.kind === 'images' || Array.isArray(input)) return input;
  const fits = preparation.features.every(({ column: name, kind }) => {
    const column = input.columns.find((other) => other.name === name);
    return column && isNumeric(column) === (kind === 'number');
  });
  if (fits) return input;
  return tableFromRows(
    tableToRows(
      input,
      Array.from({ length: input.rows }, (_, row) => row),
    ),
    preparation,
  );
}

/** What the network takes: [rows, features], or [rows, height, width, channels] of 0..1. */
function prepare(preparation: Preparation, input: RawRows, from: number, to: number): Float32Array {
  if (preparation.kind === 'images') return pixelsOf(input, from, to).map((pixel) => pixel / 255);
  return encodeFeatures(
    tableOf(input),
    preparation,
    Int32Array.from({ length: to - from }, (_, row) => from + row),
  );
}

/** From what the layers model gives to what the page gives: both probabilities of two, the value in its own unit. */
function finish(target: TargetEncoding, raw: Float32Array, rows: number): Float32Array {
  if (target.kind === 'value') return toTargetUnit(target, raw);
  return toProbabilities(headOf(target), raw, rows);
}

/** Runs of at most `BATCH_ROWS` rows, [from, to). */
function* batches(rows: number): Generator<[from: number, to: number]> {
  for (let from = 0; from < rows; from += BATCH_ROWS) yield [from, Math.min(from + BATCH_ROWS, rows)];
}

/** A runtime that refuses the bytes is the one failure that is expected here: it is named and said in a sentence. */
async function opening<T>(runtime: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof UserError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UserError('invalid', `model file: ${runtime} cannot run it (${why}), so it is not offered`, { cause });
  }
}

function countRows(input: RawRows): number {
  return Array.isArray(input) ? input.length : input.rows;
}

function tableOf(input: RawRows): Table {
  if (Array.isArray(input)) throw new Error('a model of a table is checked with a table');
  return input;
}

function pixelsOf(input: RawRows, from: number, to: number): Float32Array {
  if (!Array.isArray(input)) throw new Error('a model of images is checked with images');
  const size = input[from].length;
  const pixels = new Float32Array((to - from) * size); // [rows, height * width * channels]
  for (let row = from; row < to; row++) pixels.set(input[row], (row - from) * size);
  return pixels;
}

async function unzip(runtime: string, zipBytes: Uint8Array): Promise<Map<string, Uint8Array>> {
  const entries = await opening(runtime, readZip(new Blob([zipBytes as Uint8Array<ArrayBuffer>])));
  return new Map(entries.map(({ name, bytes }) => [name, bytes]));
}

function textOf(files: Map<string, Uint8Array>, name: string): string {
  return new TextDecoder().decode(fileOf(files, name));
}

function fileOf(files: Map<string, Uint8Array>, name: string): Uint8Array {
  const bytes = files.get(name);
  if (!bytes)
    throw new UserError('missing', `file ${name} in the zip of the model; it has ${[...files.keys()].join(', ')}`);
  return bytes;
}
