// MLmodel is read, and the loader and the smoke test are run as they are printed, by .ci/oracle.py.

import { beforeAll, expect, it } from 'vitest';
import type { BundleInput } from '../../src/export/bundle.ts';
import { writeMlflow } from '../../src/export/mlflow/mlflow.ts';
import { bundleModels, HOSTILE, keepBundle } from './bundles.ts';

let models: [string, BundleInput][];
beforeAll(async () => {
  models = await bundleModels();
});

/** A JSON text that stands in a YAML file. */
const schemaOf = (mlmodel: string, key: string) =>
  JSON.parse(JSON.parse(new RegExp(`^ {2}${key}: (".*")$`, 'm').exec(mlmodel)![1])) as Record<string, unknown>[];

it('has a signature with the real columns and their types, and of images with their size', async () => {
  const found = new Map<string, string>();
  for (const [kind, model] of models) {
    const files = await keepBundle(`${kind}-mlflow.zip`, writeMlflow(model));
    found.set(kind, files.get('MLmodel')!);
  }
  expect(schemaOf(found.get('classes')!, 'inputs').map(({ name, type }) => [name, type])).toEqual([
    ['sepal length (cm)', 'double'],
    [HOSTILE, 'string'],
    ['label', 'datetime'],
    ['__proto__', 'string'],
    ['', 'double'],
  ]);
  expect(schemaOf(found.get('classes')!, 'outputs').map(({ name }) => name)).toEqual([
    'prediction',
    'probability yes',
    `probability ${HOSTILE}`,
    'probability line\nbreak',
    'probability 1.0',
  ]);
  expect(schemaOf(found.get('grey')!, 'inputs')).toEqual([
    { type: 'tensor', 'tensor-spec': { dtype: 'float32', shape: [-1, 6, 5, 1] } },
  ]);
});

it('gives every key of an example as it is, `__proto__` too', async () => {
  const files = await keepBundle('classes-mlflow.zip', writeMlflow(models[0][1]));
  const { columns, data } = JSON.parse(files.get('input_example.json')!) as { columns: string[]; data: unknown[][] };
  expect(columns).toContain('__proto__');
  expect(data.map((row) => row.length)).toEqual([5, 5]);
  expect(Object.keys(JSON.parse(files.get('smoke_test.json')!).columns as object)).toEqual(columns);
});
