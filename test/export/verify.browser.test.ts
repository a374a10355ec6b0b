import { expect, it } from 'vitest';
import type { Table } from '../../src/data/table.ts';
import { writeZip } from '../../src/data/formats/zip.ts';
import { writeOnnx } from '../../src/export/onnx.ts';
import { writeTfjs } from '../../src/export/tfjs.ts';
import { useBackend } from '../../src/train/backend.ts';
import { verifyOnnx, verifyTfjs } from '../../src/worker/verify.ts';
import { randomModel, tablePreparation, TWO } from './models.ts';

it('opens the bytes of both formats in Chromium, and loads only the one WebAssembly file, from the page’s own origin', async () => {
  await useBackend('cpu');
  const preparation = tablePreparation(
    [
      { kind: 'number', column: 'x', type: 'number', fill: 0, center: 0, scale: 1 },
      { kind: 'oneHot', column: 'color 🙂', type: 'category', outputs: ['blue', 'red'], fill: 'red' },
    ],
    TWO,
  );
  const model = randomModel(preparation, []);
  for (const { data } of model.weights) data.fill(0); // so that the page's prediction is known
  const table: Table = {
    rows: 3,
    columns: [
      { name: 'x', type: 'number', values: Float64Array.of(1, NaN, -3) },
      { name: 'color 🙂', type: 'category', codes: Int32Array.of(0, -1, 1), categories: ['blue', 'red'] },
    ],
  };
  const expected = new Float32Array(6).fill(0.5);
  const onnx = await verifyOnnx(writeOnnx(model), preparation, table, expected);
  expect(onnx).toEqual({ runtime: 'onnxruntime-web 1.30.0', rows: 3, maxAbsDiff: 0 });
  const tfjs = await verifyTfjs(await writeZip(writeTfjs(model)), preparation, table, expected);
  expect(tfjs).toEqual({ runtime: 'TensorFlow.js 4.22.0', rows: 3, maxAbsDiff: 0 });
  const loaded = performance.getEntriesByType('resource').map(({ name }) => new URL(name));
  const wasm = loaded.filter(({ pathname }) => pathname.endsWith('.wasm'));
  expect(wasm.map(({ pathname }) => pathname.split('/').pop())).toEqual(['ort-wasm-simd-threaded.wasm']);
  expect(wasm[0].origin).toBe(location.origin);
});
