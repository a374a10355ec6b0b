// A trained network that answers: batches in, probabilities or values out, read asynchronously. Also opens an
// exported TensorFlow.js file as a stranger would, through the library's own layers.

import { UserError } from '../base/errors.ts';
import type { Gpu } from '../gpu/device.ts';
import { compilePredictor } from '../gpu/predictor.ts';
import { toProbabilities } from '../model/head.ts';
import { headUnits, type Network, type Weight } from '../model/spec.ts';
import { weightSlots } from '../model/weights.ts';
import { activeEngine, activeTf, replaceDevice } from './backend.ts';
import { tuning } from './compiled.ts';
import type { BackendName } from './events.ts';
import { checkDevice, explainFailure, isDeviceLoss, whileDeviceWorks } from './faults.ts';
import { activateHead } from './losses.ts';
import { forward } from './network.ts';
import { createPace } from './pace.ts';
import type { Tensor, Tf } from './tf.ts';

export interface Predictor {
  /**
   * @param x [rows, ...inputShape], prepared
   * @returns classes: probabilities [rows, classes]; a value: [rows, 1], still scaled
   */
  predict(x: Float32Array, rows: number): Promise<Float32Array>;
  dispose(): void;
}

/** About how many numbers go to the device at once. */
const BATCH_NUMBERS = 1 << 18;

/** A predictor on the backend in use. It follows when another backend is taken into use. */
export async function createPredictor(network: Network, weights: Weight[]): Promise<Predictor> {
  const byName = new Map(weights.map((weight) => [weight.name, weight]));
  for (const { name, shape } of weightSlots(network)) {
    const weight = byName.get(name);
    if (!weight || weight.shape.join() !== shape.join()) {
      throw new Error(`weight ${name} is ${weight ? `[${weight.shape}]` : 'absent'}, the network needs [${shape}]`);
    }
  }
  const onTf = createTfForward(network, weights);
  const onGpu = createCompiledForward(network, weights);

  /** Asked again elsewhere where the device is lost meanwhile: a training that is over must not fail at its test part. */
  async function predictSomewhere(x: Float32Array, rows: number): Promise<Float32Array> {
    for (let losses = 0; ;) {
      try {
        const engine = await activeEngine(network);
        return await (engine.kind === 'compiled' ? onGpu.predict(engine.gpu, x, rows) : onTf.predict(x, rows));
      } catch (error) {
        if (!isDeviceLoss(error)) throw error;
        await replaceDevice(++losses, network);
      }
    }
  }

  return {
    async predict(x, rows) {
      const raw = await predictSomewhere(x, rows);
      return network.head.kind === 'value' ? raw : toProbabilities(network.head, raw, rows);
    },
    dispose() {
      onGpu.unload();
      onTf.unload();
    },
  };
}

/** The forward pass of the compiled trainer. The device it was compiled on may give way to another. */
function createCompiledForward(network: Network, weights: Weight[]) {
  let loaded: { gpu: Gpu; observer: Awaited<ReturnType<typeof compilePredictor>> } | null = null;
  const unload = () => {
    loaded?.observer.dispose();
    loaded = null;
  };
  return {
    async predict(gpu: Gpu, x: Float32Array, rows: number): Promise<Float32Array> {
      if (loaded?.gpu !== gpu) {
        unload();
        loaded = { gpu, observer: await compilePredictor({ gpu, network, weights, tuning }) };
      }
      return loaded.observer.predict(x, rows);
    },
    unload,
  };
}

/** The network as operations of TensorFlow.js. */
function createTfForward(network: Network, weights: Weight[]) {
  let loaded: { backend: object; tensors: Map<string, Tensor> } | null = null;
  const unload = () => {
    loaded?.tensors.forEach((tensor) => tensor.dispose());
    loaded = null;
  };
  /** The weights on the device in use: another backend, or a device made anew, has none of them. */
  const load = (tf: Tf): Map<string, Tensor> => {
    if (loaded?.backend !== tf.backend()) {
      unload();
      const tensors = weights.map(({ name, shape, data }) => [name, tf.keep(tf.tensor(data, shape))] as const);
      loaded = { backend: tf.backend(), tensors: new Map(tensors) };
    }
    return loaded!.tensors;
  };
  return {
    predict: (x: Float32Array, rows: number) =>
      inBatches(network.inputShape, headUnits(network.head), x, rows, (tf, batch) =>
        activateHead(tf, network.head, forward(tf, network, load(tf), batch, null)),
      ),
    unload,
  };
}

/**
 * Opens a layers model from the bytes of its two files, reads them strictly, and gives what its own head gives.
 * @param modelJson the text of model.json: topology and weights manifest
 * @param weights the bytes of its one weight file
 * @throws UserError where the JSON cannot be read, or the bytes are too few, too many, or no numbers
 */
export async function openLayersModel(modelJson: string, weights: Uint8Array): Promise<Predictor> {
  const tf = await activeTf();
  let json: {
    modelTopology?: object;
    weightsManifest?: { weights: { name: string; shape: number[]; dtype: 'float32' }[] }[];
  };
  try {
    json = JSON.parse(modelJson);
  } catch (error) {
    throw new UserError('invalid', `model.json: it is no JSON (${(error as Error).message})`, { cause: error });
  }
  if (!json?.modelTopology || !Array.isArray(json.weightsManifest)) {
    throw new UserError('invalid', 'model.json: it lacks modelTopology or weightsManifest; it must be a layers model');
  }
  const weightSpecs = json.weightsManifest.flatMap((group) => group.weights);
  const expected = weightSpecs.reduce((sum, { shape }) => sum + 4 * shape.reduce((n, size) => n * size, 1), 0);
  if (expected !== weights.byteLength) {
    throw new UserError('invalid', `weights.bin: ${weights.byteLength} bytes, model.json names weights of ${expected}`);
  }
  const weightData = weights.slice().buffer; // aligned, and not shared
  if (!new Float32Array(weightData).every(Number.isFinite)) {
    throw new UserError('invalid', 'weights.bin: it holds values that are no finite numbers');
  }
  const model = await tf.loadLayersModel(
    tf.io.fromMemory({ modelTopology: json.modelTopology, weightSpecs, weightData }),
  );
  const inputShape = model.inputs[0].shape.slice(1) as number[];
  const units = model.outputs[0].shape.at(-1)!;
  return {
    predict: (x, rows) => inBatches(inputShape, units, x, rows, (_, batch) => model.apply(batch) as Tensor),
    dispose: () => void model.dispose(),
  };
}

async function inBatches(
  inputShape: number[],
  units: number,
  x: Float32Array,
  rows: number,
  apply: (tf: Tf, batch: Tensor) => Tensor,
): Promise<Float32Array> {
  const tf = await activeTf();
  const width = inputShape.reduce((product, size) => product * size, 1);
  if (x.length !== rows * width) throw new Error(`${x.length} numbers for ${rows} rows of ${width}`);
  const result = new Float32Array(rows * units); // [rows, units]
  const batchRows = Math.max(1, Math.min(1024, Math.floor(BATCH_NUMBERS / width)));
  const breathe = createPace();
  for (let from = 0; from < rows; from += batchRows) {
    await breathe();
    const to = Math.min(from + batchRows, rows);
    let output: Tensor | null = null;
    try {
      checkDevice();
      output = tf.tidy(() => apply(tf, tf.tensor(x.subarray(from * width, to * width), [to - from, ...inputShape])));
      result.set((await whileDeviceWorks(output.data())) as Float32Array, from * units);
    } catch (error) {
      throw explainFailure(error, tf.getBackend() as BackendName);
    } finally {
      output?.dispose();
    }
  }
  return result;
}
