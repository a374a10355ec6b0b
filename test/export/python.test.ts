// The scripts are run as they are printed by .ci/oracle.py, which has Python; here is what can be seen without it.

import { beforeAll, expect, it } from 'vitest';
import type { BundleInput } from '../../src/export/bundle.ts';
import { writePython } from '../../src/export/python/python.ts';
import { bundleModels, HOSTILE, keepBundle } from './bundles.ts';

let models: [string, BundleInput][];
beforeAll(async () => {
  models = await bundleModels();
});

it('has the command, the module, the model, a sample and a smoke test with the page’s figures', async () => {
  for (const [kind, model] of models) {
    const files = await keepBundle(`${kind}-python.zip`, writePython(model));
    const isTable = model.preparation.kind === 'table';
    expect([...files.keys()]).toEqual([
      'README.md',
      'predict.py',
      'lathe_model.py',
      'model.onnx',
      'requirements.txt',
      ...(isTable ? ['sample.csv'] : []),
      'smoke_test.py',
      'smoke_test.json',
      'MODEL_CARD.md',
    ]);
    expect(JSON.parse(files.get('smoke_test.json')!).expected).toHaveLength(isTable ? 3 : 2);
    expect(files.get('requirements.txt')!.includes('pillow')).toBe(!isTable);
  }
});

it('has numbers in the sample as the training data writes them', async () => {
  for (const [kind, model] of models.filter(([, { preparation }]) => preparation.kind === 'table')) {
    const files = await keepBundle(`${kind}-python.zip`, writePython(model));
    const sample = files.get('sample.csv')!;
    expect(files.get('README.md')!.includes('with a decimal comma, in: sepal length ')).toBe(kind === 'value');
    expect(sample.includes('"5,8"')).toBe(kind === 'value');
    expect(sample.includes('5.8')).toBe(kind !== 'value');
  }
});

it('writes no name of the data into code that is run', async () => {
  const files = await keepBundle('classes-python.zip', writePython(models[0][1]));
  for (const name of ['predict.py', 'lathe_model.py', 'smoke_test.py']) expect(files.get(name)).not.toContain('sepal');
  expect(files.get('README.md')).toContain(`${JSON.stringify(HOSTILE)}: ["no"]`);
});
