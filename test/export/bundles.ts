// Bundles as the page writes them, for the tests of this folder and, kept as zips, for .ci/oracle.py: models with awkward
// names of columns, labels and of the model, and what the page predicts of their samples.

import { encodeFeatures, type FeatureEncoding, type Preparation, type TargetEncoding } from '../../src/data/prepare.ts';
import type { ColumnStyle } from '../../src/data/preparation.ts';
import { writeZip } from '../../src/data/formats/zip.ts';
import type { BundleFile, BundleInput } from '../../src/export/bundle.ts';
import type { ExportInput } from '../../src/export/exportInput.ts';
import { sampleInput, sampleRows } from '../../src/export/samples.ts';
import type { LayerSpec } from '../../src/model/spec.ts';
import { useBackend } from '../../src/train/backend.ts';
import { createPredictor } from '../../src/train/predictor.ts';
import { randomModel, tablePreparation, THREE, TWO, VALUE } from './models.ts';
import { keepArtifact } from './runtimes.ts';

/** A name that is markup, code or a reserved word to whatever it is written into. */
export const HOSTILE = `a "b" 'c' \\ <i>\${x}</i> {{y}} \`z\` | # - é 漢 🙂 \u0085\u2028 */ \${{`;

const FEATURES: FeatureEncoding[] = [
  { kind: 'number', column: 'sepal length (cm)', type: 'number', fill: 5.8, center: 5.84, scale: 0.83 },
  { kind: 'oneHot', column: HOSTILE, type: 'category', outputs: ['red', 'no', HOSTILE], fill: 'no' },
  { kind: 'number', column: 'label', type: 'date', fill: 19_000, center: 19_500.5, scale: 200 },
  { kind: 'oneHot', column: '__proto__', type: 'boolean', outputs: ['', 'off', 'on'], fill: '' },
  { kind: 'number', column: '', type: 'integer', fill: 3, center: 2.5, scale: 1.5 },
];
/** Of text with a decimal comma. */
const STYLES: ColumnStyle[] = [{ column: 'sepal length (cm)', mark: ',' }];
const LABELS = { kind: 'classes', labels: ['yes', HOSTILE, 'line\nbreak', '1.0'] } satisfies TargetEncoding;
const MLP: LayerSpec[] = [{ kind: 'dense', units: 5, activation: 'relu' }];
const CNN: LayerSpec[] = [
  { kind: 'conv2d', filters: 3, kernelSize: 3, padding: 'same', activation: 'relu' },
  { kind: 'globalAveragePool2d' },
];

const images = (channels: 1 | 3): Preparation => ({ kind: 'images', height: 6, width: 5, channels, target: THREE });

const MODELS: Record<string, () => ExportInput> = {
  classes: () => ({ ...randomModel(tablePreparation(FEATURES, LABELS), MLP), name: HOSTILE }),
  binary: () => ({ ...randomModel(tablePreparation(FEATURES.slice(0, 2), TWO), MLP), name: 'Café 2' }),
  value: () => ({ ...randomModel({ ...tablePreparation(FEATURES, VALUE), styles: STYLES }, MLP), name: 'no' }),
  grey: () => ({ ...randomModel(images(1), CNN), name: '漢字' }),
  colour: () => ({ ...randomModel(images(3), CNN), name: 'colour' }),
};

/** Every model with what the page predicts of its samples. */
export async function bundleModels(): Promise<[name: string, model: BundleInput][]> {
  await useBackend('cpu');
  return Promise.all(
    Object.entries(MODELS).map(async ([name, make]): Promise<[string, BundleInput]> => {
      const model = make();
      return [name, { ...model, samples: { rows: rowsOf(model), outputs: await predictSamples(model) } }];
    }),
  );
}

const rowsOf = ({ preparation }: ExportInput) => (preparation.kind === 'table' ? sampleRows(preparation) : []);

/** Probabilities, or values in the target's unit. */
async function predictSamples({ network, weights, preparation }: ExportInput): Promise<Float32Array> {
  const input = sampleInput(preparation);
  const x = Array.isArray(input)
    ? Float32Array.from(input.flatMap((pixels) => Array.from(pixels, (pixel) => pixel / 255)))
    : encodeFeatures(input, preparation);
  const predictor = await createPredictor(network, weights);
  const outputs = await predictor.predict(x, Array.isArray(input) ? input.length : input.rows);
  predictor.dispose();
  const { target } = preparation;
  return target.kind === 'value' ? outputs.map((scaled) => scaled * target.scale + target.center) : outputs;
}

/** The models whose bundles the oracle runs: a table of classes, one of values, images. */
const KEPT = /^(classes|value|grey)-/;

/** The files by name, text as text; the zip is kept for the oracle. */
export async function keepBundle(name: string, files: BundleFile[]): Promise<Map<string, string>> {
  if (KEPT.test(name)) keepArtifact(name, await writeZip(files));
  return new Map(
    files.map((file) => [file.name, typeof file.bytes === 'string' ? file.bytes : `${file.bytes.length} bytes`]),
  );
}
