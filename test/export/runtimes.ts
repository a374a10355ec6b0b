// The two runtimes that open the files, called directly, and a place to keep files for a third.

import { mkdirSync, writeFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import * as ort from 'onnxruntime-web/wasm';
import type { ExportInput } from '../../src/export/exportInput.ts';
import { writeTfjs } from '../../src/export/tfjs.ts';

ort.env.wasm.numThreads = 1;
tf.env().set('PROD', true);

export type Feeds = [input: string, data: Float32Array | string[], dims: number[]][];
export type Fetched = Map<string, { dims: readonly number[]; data: Float32Array | string[] }>;

/** Runs an ONNX file with ONNX Runtime. Feeds and results are pairs, because inputs may be called `__proto__`. */
export async function runOnnx(bytes: Uint8Array, feeds: Feeds): Promise<Fetched> {
  const session = await ort.InferenceSession.create(bytes);
  const entries = feeds.map(([input, data, dims]) => [
    input,
    typeof data[0] === 'string'
      ? new ort.Tensor('string', data as string[], dims)
      : new ort.Tensor('float32', data as Float32Array, dims),
  ]);
  const results = await session.run(Object.fromEntries(entries) as Record<string, ort.Tensor>);
  await session.release();
  return new Map(
    Object.entries(results).map(([name, { dims, data }]) => [name, { dims, data: data as Float32Array | string[] }]),
  );
}

/** Runs the layers model of `writeTfjs` with TensorFlow.js on the CPU: what the file's own head gives. */
export async function runTfjs(model: ExportInput, x: Float32Array, rows: number): Promise<Float32Array> {
  await tf.setBackend('cpu');
  const files = new Map(writeTfjs(model).map(({ name, bytes }) => [name, bytes]));
  const { modelTopology, weightsManifest } = JSON.parse(files.get('model.json') as string);
  const layersModel = await tf.loadLayersModel(
    tf.io.fromMemory({
      modelTopology,
      weightSpecs: weightsManifest[0].weights,
      weightData: (files.get('weights.bin') as Uint8Array<ArrayBuffer>).buffer,
    }),
  );
  const output = tf.tidy(() => layersModel.predict(tf.tensor(x, [rows, ...model.network.inputShape])) as tf.Tensor);
  const raw = (await output.data()) as Float32Array;
  output.dispose();
  layersModel.dispose();
  return raw;
}

/** Keeps a file for other tools to check, where `LATHE_ARTIFACTS` names a folder. */
export function keepArtifact(name: string, bytes: Uint8Array): void {
  const folder = process.env.LATHE_ARTIFACTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/${name}`, bytes);
}
