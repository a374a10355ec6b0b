// The file of a predictor: what is in it, what it lets in, and that what it computes is what the page computes.

import { beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.ts';
import { encodeFeatures, type FeatureEncoding, type Preparation } from '../../src/data/prepare.ts';
import type { Table } from '../../src/data/table.ts';
import { type PredictorInput, type PredictorPage, writePredictor } from '../../src/export/predictor.ts';
import { contentOf } from '../../src/export/predictorContent.ts';
import { toTargetUnit } from '../../src/model/head.ts';
import type { LayerSpec } from '../../src/model/spec.ts';
import { profileReference } from '../../src/monitor/reference.ts';
import { useBackend } from '../../src/train/backend.ts';
import { createPredictor } from '../../src/train/predictor.ts';
import { type RawRows, verifyPredictor } from '../../src/worker/verify.ts';
import { randomModel, randomValues, tablePreparation, THREE, VALUE } from './models.ts';

beforeAll(async () => {
  await useBackend('cpu');
});

const PAGE: PredictorPage = {
  script: 'start()',
  style: 'p{}',
  scriptHash: 'sha256-AAA=',
  styleHash: 'sha256-BBB=',
  licenses: [{ name: 'parts', version: '1.0.0', license: 'MIT', text: 'Copyright <b>me</b>' }],
};
const HOSTILE = '</script><script>alert(1)</script><!--"&';
const FEATURES: FeatureEncoding[] = [
  { kind: 'number', column: HOSTILE, type: 'number', fill: 1.25, center: 0.1, scale: 3 },
  { kind: 'oneHot', column: '__proto__', type: 'category', outputs: ['red', 'blue'], fill: 'red' },
];
const ROWS = 50;

function table(): Table {
  const codes = Int32Array.from(randomValues(ROWS, 3, 4), (code) => code - 1);
  const values = Float64Array.from(randomValues(ROWS, 2), (x) => (x > 1.5 ? NaN : x));
  return {
    rows: ROWS,
    columns: [
      { name: HOSTILE, type: 'number', values },
      { name: '__proto__', type: 'category', codes, categories: ['blue', 'pink', 'red'] },
    ],
  };
}

const MLP: LayerSpec[] = [{ kind: 'flatten' }, { kind: 'dense', units: 6, activation: 'gelu' }, { kind: 'batchNorm' }];

function predictorOf(preparation: Preparation, reference: PredictorInput['reference'] = null): PredictorInput {
  const model = randomModel(preparation, MLP);
  return { ...model, name: HOSTILE, fields: [], fingerprint: 'ab'.repeat(32), reference };
}

async function pagePredictions({ network, weights, preparation }: PredictorInput, x: Float32Array, rows: number) {
  const predictor = await createPredictor(network, weights);
  const output = await predictor.predict(x, rows);
  predictor.dispose();
  return preparation.target.kind === 'value' ? toTargetUnit(preparation.target, output) : output;
}

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('a predictor file', () => {
  it.each([THREE, VALUE])('says of a table what the page says: $kind', async (target) => {
    const model = predictorOf(tablePreparation(FEATURES, target));
    const bytes = writePredictor(model, PAGE);
    const expected = await pagePredictions(model, encodeFeatures(table(), model.preparation), ROWS);
    const { rows, maxAbsDiff } = await verifyPredictor(bytes, model.preparation, table(), expected);
    expect(rows).toBe(ROWS);
    expect(maxAbsDiff).toBeLessThan(1e-6);
    expected[7] += target.kind === 'value' ? target.scale / 100 : 0.01;
    await expect(verifyPredictor(bytes, model.preparation, table(), expected)).rejects.toThrow(
      /^invalid model file: The predictor’s own code differs from the page by 0\.0/,
    );
  });

  it('says of images what the page says', async () => {
    const preparation: Preparation = { kind: 'images', height: 5, width: 4, channels: 3, target: THREE };
    const model = predictorOf(preparation);
    const input: RawRows = Array.from({ length: 9 }, (_, seed) => Uint8Array.from(randomValues(60, seed, 256)));
    const x = Float32Array.from(input.flatMap((pixels) => Array.from(pixels, (pixel) => pixel / 255)));
    const checked = await verifyPredictor(writePredictor(model, PAGE), preparation, input, await pagePredictions(model, x, 9)); // prettier-ignore
    expect(checked.maxAbsDiff).toBeLessThan(1e-6);
  });

  it('lets in its own script and style alone, and nothing out; no name is markup', () => {
    const html = textOf(writePredictor(predictorOf(tablePreparation(FEATURES, THREE)), PAGE));
    expect(html).toContain(
      `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-AAA='; style-src 'sha256-BBB='; img-src blob: data:; connect-src 'none'; base-uri 'none'; form-action 'none'">`,
    );
    expect(html.match(/<script/g)).toHaveLength(2); // the model, which is no script, and the page's
    expect(html.match(/<!--/g)).toBeNull();
    expect(html).not.toContain('alert(1)</script>');
    expect(html).toContain('Copyright &#60;b&#62;me');
  });

  it('carries the reference as it was, but for rows of the data', () => {
    const { columns } = table();
    const all = Int32Array.from({ length: ROWS }, (_, i) => i);
    const random = createRandom(1);
    const heldOut = { kind: 'classes' as const, labels: THREE.labels, probabilities: Float32Array.from({ length: 3 * ROWS }, () => random.next()), actual: all.map((i) => i % 3) }; // prettier-ignore
    const reference = profileReference(columns, all, all, heldOut, 1);
    const bytes = writePredictor(predictorOf(tablePreparation(FEATURES, THREE), reference), PAGE);
    const read = contentOf(textOf(bytes));
    expect(read.model.name).toBe(HOSTILE);
    expect(read.reference).toEqual({ ...reference, matrix: [new Float64Array(0), new Float64Array(0)], components: null }); // prettier-ignore
  });

  it('is refused where it is damaged, or too large to be opened', async () => {
    const model = predictorOf(tablePreparation(FEATURES, THREE));
    const html = textOf(writePredictor(model, PAGE));
    expect(() => contentOf(html.slice(0, 900))).toThrow(/^missing model in the predictor file/);
    expect(() => contentOf(html.replace('"format"', 'format'))).toThrow(
      /^invalid predictor file: its model is damaged/,
    );
    expect(() => contentOf(html.replace('lathe-predictor"', 'other"'))).toThrow(/^unsupported predictor file/);
    const large = { ...model, card: { ...model.card, parameters: 30_000_000 } };
    expect(() => writePredictor(large, PAGE)).toThrow(/^unsupported predictor file: the model has 30000000 weights/);
  });
});
