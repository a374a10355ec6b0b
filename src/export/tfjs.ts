// A trained model as a TensorFlow.js layers model (the format of `tf.loadLayersModel`, Keras's topology in JSON) with
// what is needed to use it: labels, preparation, a model card and a README whose snippet runs. The network alone is
// inside the model, so that it takes prepared numbers; zipping is left to the caller.

import type { Weight } from '../model/spec.ts';
import { writeModelCard } from './modelCard.ts';
import type { ExportInput } from './exportInput.ts';
import { writeLabels } from './labelsFile.ts';
import { writeReadme } from './tfjsReadme.ts';
import { kerasTopology, kerasWeights } from './tfjsTopology.ts';
import { TFJS_VERSION } from './tfjsVersion.ts';

/** @returns the files in the order in which they are read; the same model gives the same bytes */
export function writeTfjs(model: ExportInput): { name: string; bytes: Uint8Array | string }[] {
  const { network, weights, preparation, labels } = model;
  const ordered = kerasWeights(network, weights);
  const modelJson = {
    format: 'layers-model',
    generatedBy: 'Lathe',
    convertedBy: null,
    modelTopology: kerasTopology(network, TFJS_VERSION),
    weightsManifest: [
      {
        paths: ['weights.bin'],
        weights: ordered.map(({ name, shape }) => ({ name, shape, dtype: 'float32' })),
      },
    ],
    userDefinedMetadata: { name: model.name, task: model.card.task, target: model.card.target, labels, preparation },
  };
  return [
    { name: 'README.md', bytes: writeReadme(model) },
    { name: 'model.json', bytes: JSON.stringify(modelJson) },
    { name: 'weights.bin', bytes: concatenate(ordered) },
    { name: 'labels.txt', bytes: writeLabels(labels) },
    { name: 'preparation.json', bytes: `${JSON.stringify(preparation, null, 2)}\n` },
    { name: 'MODEL_CARD.md', bytes: writeModelCard(model) },
  ];
}

/** Little-endian float32, one weight after the other. */
function concatenate(weights: Weight[]): Uint8Array {
  const values = new Float32Array(weights.reduce((size, { data }) => size + data.length, 0));
  let offset = 0;
  for (const { data } of weights) {
    values.set(data, offset);
    offset += data.length;
  }
  return new Uint8Array(values.buffer);
}
