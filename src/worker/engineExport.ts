// A version as a file that runs elsewhere. The file is offered only after its very bytes were opened by a runtime that
// reads it and agreed with the page.

import { UserError } from '../base/errors.ts';
import { fileName } from '../base/fileName.ts';
import { writeZip } from '../data/formats/zip.ts';
import { encodeFeatures } from '../data/prepare.ts';
import { takeRows } from '../data/rows.ts';
import type { BundleFile, BundleInput } from '../export/bundle.ts';
import type { ExportInput } from '../export/exportInput.ts';
import { sampleInput, sampleRows, type Samples } from '../export/samples.ts';
import { recordArtifact } from '../store/artifacts.ts';
import { findDataset } from '../store/datasets.ts';
import { sha256 } from '../store/hash.ts';
import { readTrained, readVersion, type TrainedModel, type Version } from '../store/versions.ts';
import type { DocumentFormat, ExportedModel, ExportFormat, Verification } from './api.ts';
import type { Context } from './context.ts';
import { predictPart, type PredictedPart } from './engineEvaluate.ts';
import { exportInput } from './exportInput.ts';
import { imageLength, type LearningData, pixelsOf, scalePixels } from './learningData.ts';
import { modelOutputs } from './modelOutputs.ts';
import { madeUpRows, predictorInput } from './predictorFile.ts';
import { verifyBundle, verifyOnnx, verifyPredictor, verifyTfjs, type RawRows } from './verify.ts';

/** Data sets of fewer rows are compared whole. */
const COMPARE_ALL_BELOW = 5000;
/** Rows of the test part that are compared of larger ones. */
const MOST_COMPARED = 1000;

type Verify = (
  bytes: Uint8Array,
  ...rest: [TrainedModel['preparation'], RawRows, Float32Array]
) => Promise<Verification>;

interface Format {
  ending: string;
  type: string;
  /** @param source what else a file may be made of */
  write: (model: ExportInput, source: Source) => Promise<Uint8Array>;
  verify: Verify;
  /** it can be made where the data set is gone */
  withoutData?: true;
}

interface Source {
  context: Context;
  version: Version;
  trained: TrainedModel;
  /** null where the data set is gone */
  data: LearningData | null;
  /** what the page predicts of made-up examples, worked out only where it is asked for */
  samples: () => Promise<Samples>;
}

/** Around one ONNX file, which is what is verified; its smoke test's figures are the page's own. */
const bundle = (ending: string, load: () => Promise<(model: BundleInput) => BundleFile[]>): Format => ({
  ending,
  type: 'application/zip',
  write: async (model, { samples }) => writeZip((await load())({ ...model, samples: await samples() })),
  verify: verifyBundle,
});

const FORMATS: Record<Exclude<ExportFormat, DocumentFormat>, Format> = {
  onnx: {
    ending: '.onnx',
    type: 'application/octet-stream',
    write: async (model) => (await import('../export/onnx.ts')).writeOnnx(model),
    verify: verifyOnnx,
  },
  tfjs: {
    ending: '-tfjs.zip',
    type: 'application/zip',
    write: async (model) => writeZip((await import('../export/tfjs.ts')).writeTfjs(model)),
    verify: verifyTfjs,
  },
  triton: bundle('-triton.zip', async () => (await import('../export/triton/triton.ts')).writeTriton),
  mlflow: bundle('-mlflow.zip', async () => (await import('../export/mlflow/mlflow.ts')).writeMlflow),
  npm: bundle('-npm.zip', async () => (await import('../export/npm/npm.ts')).writeNpm),
  python: bundle('-python.zip', async () => (await import('../export/python/python.ts')).writePython),
  predictor: {
    ending: '-predictor.html',
    type: 'text/html',
    async write(model, { context, version, trained, data }) {
      const [{ writePredictor }, { default: page }] = await Promise.all([
        import('../export/predictor.ts'),
        import('virtual:predictor'),
      ]);
      return writePredictor(await predictorInput(context, model, version, trained, data), page);
    },
    verify: verifyPredictor,
    withoutData: true,
  },
};

/** What was written, and what was checked of it. */
interface Written {
  bytes: Uint8Array;
  type: string;
  fileName: string;
  checks: Verification[];
}

/** @throws UserError where the data set is gone, or what was written is not what the page says */
export async function exportModel(context: Context, versionId: string, format: ExportFormat): Promise<ExportedModel> {
  const { DOCUMENTS } = await import('./engineDocuments.ts');
  const known = [...Object.keys(FORMATS), ...Object.keys(DOCUMENTS)];
  if (!known.includes(format)) {
    throw new UserError(
      'unknown',
      `export format '${format}': there are ${known.map((name) => `'${name}'`).join(', ')}.`,
    );
  }
  const version = await readVersion(context.workspace, versionId);
  const name = `${fileName(version.model, 'model')}-v${version.number}`;
  const written =
    format in DOCUMENTS
      ? await DOCUMENTS[format as DocumentFormat](context, version, name)
      : await writeModel(context, version, name, FORMATS[format as keyof typeof FORMATS]);
  const { bytes, type, checks } = written;
  const file = new File([bytes as Uint8Array<ArrayBuffer>], written.fileName, { type });
  const hash = await sha256(file);
  await keepRecord(context, { sha256: hash, runId: version.runId, format, fileName: file.name, sizeBytes: file.size });
  return { file, sha256: hash, verification: checks[0], checks };
}

/** A file that scores: offered only where it says of held-out rows what the page says. */
async function writeModel(context: Context, { id }: Version, name: string, format: Format): Promise<Written> {
  const { version, trained, data, input, outputs, what } = await comparedRows(context, id, format);
  const { preparation } = trained;
  let samples: Promise<Samples> | null = null;
  const predictOnce = () => (samples ??= predictSamples(context, version, trained));
  const source = { context, version, trained, data, samples: predictOnce };
  const bytes = await format.write(exportInput(version, trained), source);
  const verify = (rows: RawRows, expected: Float32Array) =>
    context.compute(() => format.verify(bytes, preparation, rows, expected));
  const first = await verify(input, outputs);
  const checks = [what ? { ...first, what } : first];
  if (samples) {
    const { outputs } = await (samples as Promise<Samples>);
    checks.push({ ...(await verify(sampleInput(preparation), outputs)), what: 'the examples of the smoke test' });
  }
  return { bytes, type: format.type, fileName: `${name}${format.ending}`, checks };
}

async function predictSamples(context: Context, { backend }: Version, trained: TrainedModel): Promise<Samples> {
  const { preparation } = trained;
  const input = sampleInput(preparation);
  if (preparation.kind === 'images' && Array.isArray(input)) {
    const length = imageLength(preparation);
    const pixels = new Uint8Array(await new Blob(input as Uint8Array<ArrayBuffer>[]).arrayBuffer());
    const x = scalePixels(pixels, length, [...input.keys()]);
    return { rows: [], outputs: await modelOutputs(context, trained, backend, x, input.length) };
  }
  if (preparation.kind === 'images' || Array.isArray(input)) throw new Error('samples are of another kind');
  const x = encodeFeatures(input, preparation);
  return { rows: sampleRows(preparation), outputs: await modelOutputs(context, trained, backend, x, input.rows) };
}

/** The file is the person's, whether there was room for a note of it or not. */
async function keepRecord({ workspace }: Context, artifact: Parameters<typeof recordArtifact>[1]): Promise<void> {
  try {
    await recordArtifact(workspace, artifact);
  } catch (error) {
    console.warn('export not recorded:', error);
  }
}

/** The rows that a file is checked with, and what the page predicts of them. */
async function comparedRows(
  context: Context,
  versionId: string,
  { withoutData }: Format,
): Promise<Omit<Source, 'context' | 'samples'> & { input: RawRows; outputs: Float32Array; what?: string }> {
  const version = await readVersion(context.workspace, versionId);
  if (withoutData && !(await findDataset(context.workspace, version.datasetId))) {
    const trained = await readTrained(context.workspace, version);
    const madeUp = await madeUpRows(context, version, trained);
    return { version, trained, data: null, ...madeUp, what: 'made-up rows, as the data set is gone' };
  }
  const part = await predictHeldOut(context, versionId);
  const { trained, data, predicted } = part;
  return { version, trained, data, input: await rawRows(context, part), outputs: predicted.outputs };
}

/** Predictions of the rows that are compared: all of a small data set, else the first of the test part. */
async function predictHeldOut(context: Context, versionId: string): Promise<PredictedPart> {
  const { split, droppedRows } = await readVersion(context.workspace, versionId);
  const total = split.train + split.validation + split.test + droppedRows;
  if (total < COMPARE_ALL_BELOW) {
    return predictPart(
      context,
      versionId,
      'test',
      Int32Array.from({ length: total }, (_, row) => row),
    );
  }
  const part = split.test > 0 ? 'test' : 'train';
  const whole = await predictPart(context, versionId, part);
  const { rows, outputs } = whole.predicted;
  const count = Math.min(rows.length, MOST_COMPARED);
  const width = outputs.length / rows.length;
  return { ...whole, predicted: { rows: rows.subarray(0, count), outputs: outputs.subarray(0, count * width) } };
}

/** The compared rows as a stranger's program has them: raw columns, or pixels 0..255. */
async function rawRows(context: Context, { data, trained, predicted }: PredictedPart): Promise<RawRows> {
  const { rows } = predicted;
  if (data.kind === 'table') return takeRows(data.table, rows);
  const { preparation } = trained;
  if (preparation.kind !== 'images') throw new Error('images cannot be prepared as a table');
  const pixels = await pixelsOf(context, data, preparation);
  const length = imageLength(preparation);
  return Array.from(rows, (row) => pixels.subarray(row * length, (row + 1) * length));
}
