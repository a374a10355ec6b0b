// A model in MLflow's format: an MLmodel file that says how to load what lies beside it, as ONNX and as a Python function
// that takes a DataFrame (tables) or an array (images). MLflow was not run here: the model file alone was.

import { writeYaml, type YamlValue } from '../../base/yaml.ts';
import type { FeatureEncoding } from '../../data/prepare.ts';
import { expectedRows, MODEL_FILE, smokeTolerance, type BundleFile, type BundleInput } from '../bundle.ts';
import { writeModelCard } from '../modelCard.ts';
import { writeOnnx } from '../onnx.ts';
import { MODULE, pythonModule } from '../python/module.ts';
import { pythonRequirements } from '../python/python.ts';
import { sampleImage, sampleRows } from '../samples.ts';
import { pythonFunction } from './loader.ts';
import { writeMlflowReadme } from './readme.ts';
import { mlflowSmokeTest } from './smokeTest.ts';

const PYTHON = '3.11';
const EXAMPLE = 'input_example.json';
const SERVING_EXAMPLE = 'serving_input_example.json';

/** @returns the files of the zip; the same model gives the same bytes */
export function writeMlflow(model: BundleInput): BundleFile[] {
  const { kind } = model.preparation;
  const requirements = ['mlflow>=2.9', 'onnx>=1.14', 'pandas>=1.5', ...pythonRequirements(kind)];
  return [
    { name: 'README.md', bytes: writeMlflowReadme(model) },
    { name: 'MLmodel', bytes: writeMlmodel(model) },
    { name: MODEL_FILE, bytes: writeOnnx(model) },
    { name: 'code/lathe_pyfunc.py', bytes: pythonFunction(kind) },
    { name: `code/${MODULE}.py`, bytes: pythonModule(kind) },
    { name: 'requirements.txt', bytes: `${requirements.join('\n')}\n` },
    { name: 'conda.yaml', bytes: writeConda(requirements) },
    { name: 'python_env.yaml', bytes: writePythonEnvironment() },
    { name: EXAMPLE, bytes: `${JSON.stringify(example(model))}\n` },
    { name: SERVING_EXAMPLE, bytes: `${JSON.stringify(servingExample(model))}\n` },
    { name: 'smoke_test.py', bytes: mlflowSmokeTest(kind) },
    { name: 'smoke_test.json', bytes: writeExpectation(model) },
    { name: 'MODEL_CARD.md', bytes: writeModelCard(model) },
  ];
}

function writeMlmodel(model: BundleInput): string {
  const { card, preparation } = model;
  const dataframe = { type: 'dataframe', pandas_orient: 'split' };
  return writeYaml({
    flavors: {
      onnx: { code: 'code', data: MODEL_FILE, providers: ['CPUExecutionProvider'], onnx_session_options: null },
      python_function: {
        code: 'code',
        data: MODEL_FILE,
        env: { conda: 'conda.yaml', virtualenv: 'python_env.yaml' },
        loader_module: 'lathe_pyfunc',
        python_version: PYTHON,
      },
    },
    metadata: {
      lathe: {
        model: model.name,
        version: card.number,
        task: card.task,
        target: card.target,
        data: { name: card.data.name, sha256: card.data.id },
        metrics: finite(card.metrics),
      },
    },
    saved_input_example_info: {
      artifact_path: EXAMPLE,
      serving_input_path: SERVING_EXAMPLE,
      ...(preparation.kind === 'table' ? dataframe : { type: 'ndarray', format: 'tf-serving' }),
    },
    signature: { inputs: JSON.stringify(inputs(model)), outputs: JSON.stringify(outputs(model)), params: null },
    utc_time_created: card.createdAt.replace('T', ' ').replace(/(\.\d+)?Z$/, '.000000'),
  });
}

function finite(figures: Record<string, number>): YamlValue {
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));
}

/** A schema of columns; of images, one of a tensor. */
function inputs({ preparation }: BundleInput): object[] {
  if (preparation.kind === 'table') {
    return preparation.features.map((feature) => ({ type: typeOf(feature), name: feature.column, required: true }));
  }
  const { height, width, channels } = preparation;
  return [{ type: 'tensor', 'tensor-spec': { dtype: 'float32', shape: [-1, height, width, channels] } }];
}

/** A whole number is a double too, for a long cannot be missing. A boolean is text, in the data's own spelling. */
function typeOf({ kind, type }: FeatureEncoding): string {
  if (kind === 'oneHot') return 'string';
  return type === 'date' ? 'datetime' : 'double';
}

function outputs({ labels }: BundleInput): object[] {
  if (labels.length === 0) return [{ type: 'float', name: 'prediction', required: true }];
  return [
    { type: 'string', name: 'prediction', required: true },
    ...labels.map((label) => ({ type: 'float', name: `probability ${label}`, required: true })),
  ];
}

/** Two rows without a missing value, or a small image. */
function example({ preparation }: BundleInput): object {
  if (preparation.kind === 'images') return { inputs: [nested([...sampleImage(preparation, 0)], preparation)] };
  const columns = preparation.features.map(({ column }) => column);
  const rows = sampleRows(preparation).slice(0, 2);
  return { columns, data: rows.map((row) => columns.map((column) => row[column])) };
}

function servingExample(model: BundleInput): object {
  return model.preparation.kind === 'table' ? { dataframe_split: example(model) } : example(model);
}

/** [height][width][channels] */
function nested(pixels: number[], { width, height, channels }: BundleInput['preparation'] & { kind: 'images' }) {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => pixels.slice((y * width + x) * channels, (y * width + x + 1) * channels)),
  );
}

function writeConda(requirements: string[]): string {
  return writeYaml({
    name: 'mlflow-env',
    channels: ['conda-forge'],
    dependencies: [`python=${PYTHON}`, 'pip', { pip: requirements }],
  });
}

function writePythonEnvironment(): string {
  return writeYaml({
    python: PYTHON,
    build_dependencies: ['pip', 'setuptools', 'wheel'],
    dependencies: ['-r requirements.txt'],
  });
}

function writeExpectation(model: BundleInput): string {
  const { preparation, labels } = model;
  const input =
    preparation.kind === 'table'
      ? {
          columns: Object.fromEntries(
            preparation.features.map(({ column }) => [column, sampleRows(preparation).map((row) => row[column])]),
          ),
          dates: preparation.features.filter(({ type }) => type === 'date').map(({ column }) => column),
          numbers: preparation.features.filter((feature) => typeOf(feature) === 'double').map(({ column }) => column),
        }
      : { image: [preparation.height, preparation.width, preparation.channels] };
  return `${JSON.stringify({ ...input, labels, expected: expectedRows(model), tolerance: smokeTolerance(model) })}\n`;
}
