// The README inside the zip of a TensorFlow.js model: what each file is, and a snippet of JavaScript for this very model
// that runs as it is printed. The snippet does the preparation that is not inside the network.

import type { Preparation } from '../data/prepare.ts';
import type { ExportInput } from './exportInput.ts';
import { TFJS_VERSION } from './tfjsVersion.ts';

/** @returns Markdown with one `js` block, a module that imports `@tensorflow/tfjs` and exports `loadModel` and `predict` */
export function writeReadme(model: ExportInput): string {
  const { preparation } = model;
  const takes =
    preparation.kind === 'images'
      ? `pixels divided by 255, float32 \`[batch, ${preparation.height}, ${preparation.width}, ${preparation.channels}]\``
      : `prepared features, float32 \`[batch, ${preparation.width}]\`, as \`prepare\` below makes them of raw rows`;
  const gives =
    preparation.target.kind === 'value'
      ? 'the scaled value, `[batch, 1]`: multiply by `target.scale` and add `target.center` of `preparation.json`'
      : preparation.target.labels.length === 2
        ? 'the probability of the second label, the positive one, `[batch, 1]`'
        : `the probability of each label, \`[batch, ${preparation.target.labels.length}]\``;
  return `# A TensorFlow.js model, made with Lathe

| file | what it is |
| --- | --- |
| \`model.json\`, \`weights.bin\` | the network, a layers model for \`tf.loadLayersModel\` (checked with TensorFlow.js ${TFJS_VERSION}) |
| \`labels.txt\` | the labels, one a line, in the order of the outputs; empty for a value |
| \`preparation.json\` | how raw input becomes what the network takes, as fitted on the training part |
| \`MODEL_CARD.md\` | what the model is, what it learned from, and how well it does |

The network takes ${takes}. It gives ${gives}.

## Use it

Unzip the files beside your page, \`npm install @tensorflow/tfjs\`, and:

\`\`\`js
${writeSnippet(model)}\`\`\`
`;
}

function writeSnippet({ preparation }: ExportInput): string {
  const usage = `const model = await loadModel('./model.json');
console.log(await predict(model, ${example(preparation)}));
`;
  return [
    "import * as tf from '@tensorflow/tfjs';",
    LOAD,
    preparation.kind === 'images' ? PREPARE_IMAGES : PREPARE_ROWS,
    preparation.target.kind === 'value' ? PREDICT_VALUE : PREDICT_LABEL,
    usage,
  ].join('\n\n');
}

const LOAD = `/** Opens the model; what it needs beside its weights is in the metadata of model.json. */
export async function loadModel(url) {
  const network = await tf.loadLayersModel(url);
  return { network, ...network.getUserDefinedMetadata() };
}`;

const PREPARE_ROWS = `/** Rows are objects from column to value: a number (a date in days since 1970-01-01 UTC), a string, or null where it is missing. */
function prepare(rows, preparation) {
  const prepared = rows.map((row) =>
    preparation.features.flatMap((feature) => {
      const raw = Object.hasOwn(row, feature.column) ? (row[feature.column] ?? null) : null;
      if (feature.kind === 'number') {
        const missing = raw === null || Number.isNaN(raw);
        const value = Math.fround(missing ? feature.fill : raw);
        return Math.fround(value - Math.fround(feature.center)) / Math.fround(feature.scale);
      }
      const given = raw === null ? '' : String(raw);
      const value = given === '' && !feature.outputs.includes('') ? feature.fill : given;
      return feature.outputs.map((output) => (output === value ? 1 : 0));
    }),
  );
  return tf.tensor2d(prepared, [rows.length, preparation.width]);
}`;

const PREPARE_IMAGES = `/**
 * Images are anything that tf.browser.fromPixels takes (an <img>, a canvas, ImageData), or tensors [height, width, channels]
 * of 0..255. Lathe shrinks by the mean of the area: give images of the network's own size to get its very figures.
 */
function prepare(images, { height, width, channels }) {
  return tf.tidy(() =>
    tf.stack(
      images.map((image) => {
        let pixels = image instanceof tf.Tensor ? image : tf.browser.fromPixels(image);
        pixels = tf.cast(pixels, 'float32');
        if (channels === 1 && pixels.shape[2] === 3) {
          pixels = tf.sum(tf.mul(pixels, [0.299, 0.587, 0.114]), 2, true);
        }
        if (pixels.shape[0] !== height || pixels.shape[1] !== width) {
          pixels = tf.image.resizeBilinear(pixels, [height, width]);
        }
        return tf.div(tf.floor(tf.add(pixels, 0.5)), 255); // whole numbers, as Lathe's own
      }),
    ),
  );
}`;

const PREDICT_LABEL = `/** For each input the most probable label, and the probability of each label in the order of the labels. */
export async function predict({ network, labels, preparation }, inputs) {
  const prepared = prepare(inputs, preparation);
  const output = network.predict(prepared);
  const rows = await output.array();
  tf.dispose([prepared, output]);
  return rows.map((row) => {
    const probabilities = row.length === 1 ? [1 - row[0], row[0]] : row;
    return { label: labels[probabilities.indexOf(Math.max(...probabilities))], probabilities };
  });
}`;

const PREDICT_VALUE = `/** For each input the value, in the target's own unit. */
export async function predict({ network, preparation }, inputs) {
  const prepared = prepare(inputs, preparation);
  const output = network.predict(prepared);
  const rows = await output.array();
  tf.dispose([prepared, output]);
  return rows.map(([scaled]) => ({ value: scaled * preparation.target.scale + preparation.target.center }));
}`;

/** A row that has every column, as a person would write it, or an empty picture. */
function example(preparation: Preparation): string {
  if (preparation.kind === 'images') {
    return `[tf.zeros([${preparation.height}, ${preparation.width}, ${preparation.channels}])]`;
  }
  const cells = preparation.features.map((feature) => {
    const value = feature.kind === 'number' ? feature.fill : feature.fill || (feature.outputs.find(Boolean) ?? '');
    // A computed key, because { "__proto__": 1 } sets a prototype and { ["__proto__"]: 1 } does not.
    return `[${JSON.stringify(feature.column)}]: ${JSON.stringify(value)}`;
  });
  return `[{ ${cells.join(', ')} }]`;
}
