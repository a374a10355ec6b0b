// What Triton, Kubernetes and KServe would read is read by parsers of their formats in .ci/oracle.py, which also runs the
// smoke test against ONNX Runtime behind the protocol.

import { beforeAll, expect, it } from 'vitest';
import type { BundleInput } from '../../src/export/bundle.ts';
import { writeOnnx } from '../../src/export/onnx.ts';
import { onnxPorts } from '../../src/export/ports.ts';
import type { Request } from '../../src/export/triton/request.ts';
import { writeTriton } from '../../src/export/triton/triton.ts';
import { bundleModels, keepBundle } from './bundles.ts';
import { maxAbsDiff } from './models.ts';
import { runOnnx, type Feeds } from './runtimes.ts';

let models: Map<string, BundleInput>;
beforeAll(async () => {
  models = new Map(await bundleModels());
});

it('asks in its request for what the ONNX file takes and gives, and expects what the page predicts', async () => {
  for (const [kind, model] of models) {
    const files = await keepBundle(`${kind}-triton.zip`, writeTriton(model));
    const { request, expected } = JSON.parse(files.get('smoke_test.json')!) as {
      request: Request;
      expected: { name: string; rows: number[][] };
    };
    const feeds = request.inputs.map(({ name, datatype, data, shape }): Feeds[number] => [
      name,
      datatype === 'BYTES' ? (data as string[]) : Float32Array.from(data as number[]),
      shape,
    ]);
    const results = await runOnnx(writeOnnx(model), feeds);
    expect([...results.keys()]).toEqual(request.outputs.map(({ name }) => name));
    const numbers = results.get(expected.name)!.data as Float32Array;
    const scale = model.preparation.target.kind === 'value' ? model.preparation.target.scale : 1;
    expect(maxAbsDiff(numbers, expected.rows.flat()) / scale, kind).toBeLessThan(1e-5);
  }
});

it('says in config.pbtxt the names, types and shapes of the file', async () => {
  const files = await keepBundle('value-triton.zip', writeTriton(models.get('value')!));
  const config = files.get('model_repository/no/config.pbtxt')!;
  expect(config).toContain('name: "no"\nbackend: "onnxruntime"\nmax_batch_size: 0\n');
  expect(config).toContain('input {\n  name: "sepal length (cm)"\n  data_type: TYPE_FP32\n  dims: [ -1, 1 ]\n}');
  expect(config.match(/^(in|out)put \{$/gm)).toHaveLength(6);
  expect(onnxPorts(models.get('value')!.preparation).outputs).toEqual([
    { name: 'value', type: 'float32', dims: ['batch', 1] },
  ]);
});

it('prints the request as it lies beside it, and leaves a long one to its file', async () => {
  const readme = (await keepBundle('binary-triton.zip', writeTriton(models.get('binary')!))).get('README.md')!;
  const [, printed] = /```json\n([^]*?)```/.exec(readme)!;
  const files = await keepBundle('binary-triton.zip', writeTriton(models.get('binary')!));
  expect(JSON.parse(printed)).toEqual(JSON.parse(files.get('request.json')!));
  expect(files.has('model_repository/cafe-2/1/model.onnx')).toBe(true);

  const large = structuredClone(models.get('colour')!);
  large.preparation = { ...large.preparation, height: 64, width: 64 } as typeof large.preparation;
  const [long] = writeTriton({ ...large, network: { ...large.network, inputShape: [64, 64, 3] } });
  expect(long.bytes).not.toContain('```json');
  expect(long.bytes).toContain('--data @request.json');
});
