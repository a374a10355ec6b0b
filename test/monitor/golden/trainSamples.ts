// Trains a network on 40 % of breast cancer and one on 40 % of digits, for the simulations of the monitor.

import { encodeFeatures } from '../../../src/data/prepare.ts';
import type { TrainingSpec } from '../../../src/model/recipe.ts';
import { useBackend } from '../../../src/train/backend.ts';
import { finish } from '../../train/samples.ts';
import { NETWORKS, readBreastCancer, readDigits, type SampleRows } from '../sampleRows.ts';

const TRAINING: TrainingSpec = {
  epochs: 60,
  batchSize: 32,
  optimizer: { kind: 'adam', learningRate: 0.005, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 },
  schedule: { kind: 'constant', warmupEpochs: 0 },
  l1: 0,
  l2: 0.001,
  classWeights: 'none',
  earlyStopping: null,
};

await useBackend('cpu');
/** Weights by name, to 5 digits. */
export const weights = { breastCancer: await trainOn('breastCancer', await readBreastCancer()), digits: await trainOn('digits', await readDigits()) }; // prettier-ignore

async function trainOn(name: keyof typeof NETWORKS, rows: SampleRows): Promise<Record<string, number[]>> {
  const { train } = rows.split;
  const x = rows.preparation.kind === 'table'
    ? encodeFeatures({ rows: rows.classes.length, columns: rows.columns }, rows.preparation, train)
    : Float32Array.from([...train].flatMap((row) => [...rows.pixels[row]]), (pixel) => pixel / 255); // prettier-ignore
  const y = Float32Array.from(train, (row) => rows.classes[row]);
  const { weights } = await finish({ network: NETWORKS[name], training: TRAINING, seed: 1, train: { x, y, weights: null, rows: train.length }, validation: null }); // prettier-ignore
  return Object.fromEntries(weights.map(({ name: own, data }) => [own, Array.from(data, (value) => Number(value.toPrecision(5)))])); // prettier-ignore
}
