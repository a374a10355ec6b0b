// How long a step of a recipe takes on each backend of this machine: a few steps on made-up rows, within about a second
// in all, what is compiled for the first time not counted. What was measured is kept by adapter and shape.

import { checkSize } from '../gpu/device.ts';
import { timeSteps } from '../gpu/timing.ts';
import type { TrainingSpec } from '../model/recipe.ts';
import { headUnits, type Network } from '../model/spec.ts';
import { initialWeights } from '../model/weights.ts';
import { createRandom } from '../base/random.ts';
import { compiledGpu, compilerGap, tuning } from './compiled.ts';
import type { BackendInfo, BackendName } from './events.ts';
import { beginning } from './learner.ts';
import { startTf } from './tfBackends.ts';
import { createTfLearner } from './tfLearner.ts';
import type { Tf } from './tf.ts';

/** A training that is to be done. */
export interface Work {
  network: Network;
  training: TrainingSpec;
  /** of the training part */
  rows: number;
}

/** Milliseconds a step. */
export type StepTimes = Partial<Record<BackendName, number>>;

export interface Measured {
  times: StepTimes;
  /** why a backend was not timed, each a clause */
  notes: string[];
}

/** Milliseconds that one backend is timed for. */
const EACH_MS = 200;
/** Milliseconds after which no further backend is tried. */
const ALL_MS = 1000;
/** A training that takes the CPU less than so many milliseconds is over there before another backend has started. */
const SMALL_MS = 1000;

/** Where measurements are kept: in memory, until another place is named. */
export interface Shelf {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
}

const inMemory = new Map<string, unknown>();
let shelf: Shelf = {
  get: async (key) => inMemory.get(key),
  set: async (key, value) => void inMemory.set(key, value),
};

/** Keeps measurements on this shelf from now on. */
export function keepMeasurements(on: Shelf): void {
  shelf = on;
}

/** Steps of a training in all. */
export function stepsOf({ training, rows }: Work): number {
  return Math.ceil(rows / Math.min(training.batchSize, rows)) * training.epochs;
}

/** Times a step on the CPU and, where the training is worth it, on what else there is. */
export async function timeBackends(work: Work, backends: BackendInfo[]): Promise<Measured> {
  const key = keyOf(work, backends);
  const before = (await shelf.get(key)) as StepTimes | undefined;
  const times: StepTimes = { ...before };
  const notes: string[] = [];
  times.cpu ??= await timeTf(await startTf('cpu'), work);
  if (times.cpu * stepsOf(work) < SMALL_MS) {
    if (!before) await shelf.set(key, times);
    return { times: { cpu: times.cpu }, notes };
  }

  const usable = (name: BackendName) => backends.some((info) => info.name === name && info.available);
  const begin = performance.now();
  const settled = Object.keys(before ?? {}).length > 1; // what was chosen by it stays chosen
  if (usable('webgpu') && !settled) {
    try {
      times.webgpu = await timeCompiled(work);
    } catch (error) {
      notes.push(`WebGPU could not be timed: ${messageOf(error)}`);
    }
  }
  const webgl = backends.find(({ name }) => name === 'webgl');
  if (webgl?.available && times.webgl === undefined) {
    if (webgl.software) notes.push('WebGL was not timed, it has only a software adapter here');
    else if (settled || performance.now() - begin > ALL_MS)
      notes.push('WebGL was not timed, the others took long enough');
    else {
      try {
        times.webgl = await timeTf(await startTf('webgl'), work);
      } catch (error) {
        notes.push(`WebGL could not be timed: ${messageOf(error)}`);
      }
    }
  }
  if (Object.keys(times).length > Object.keys(before ?? {}).length) await shelf.set(key, times);
  return { times, notes };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Whatever a step's time depends on. */
function keyOf({ network, training, rows }: Work, backends: BackendInfo[]): string {
  const { inputShape, layers, head } = network;
  const { optimizer, l1, l2, batchSize } = training;
  const adapters = backends.filter(({ available }) => available).map(({ adapter }) => adapter);
  const batch = Math.min(batchSize, rows);
  const reads = Math.min(Math.ceil(rows / batch), 64); // short epochs wait for the device more often
  return JSON.stringify(['step', adapters, inputShape, layers, head, batch, reads, optimizer.kind, l1 > 0, l2 > 0]);
}

async function timeCompiled({ network, training, rows }: Work): Promise<number> {
  const gap = compilerGap(network);
  const { optimizer, batchSize, l1, l2 } = training;
  if (gap) return timeTf(await startTf('webgpu'), { network, training, rows });
  const gpu = await compiledGpu();
  const width = network.inputShape.reduce((all, size) => all * size, 1);
  checkSize(gpu, 'the training rows', 4 * rows * width);
  const { msPerStep } = await timeSteps({ gpu, network, batchSize, optimizer, l1, l2, rows, tuning }, EACH_MS);
  return msPerStep;
}

/** A step by TensorFlow.js: the lower quartile of some, as the first are slow, or what an eighth of a batch lets expect where that alone takes long. */
async function timeTf(tf: Tf, { network, training, rows }: Work): Promise<number> {
  const batch = Math.min(training.batchSize, rows);
  const pilot = Math.max(1, Math.ceil(batch / 8));
  const [, second] = await stepTimes(tf, network, training, pilot, 2);
  const expected = second * (batch / pilot);
  if (expected > EACH_MS) return expected;
  const times = await stepTimes(tf, network, training, batch, Math.max(3, Math.min(30, EACH_MS / second / 2)));
  return times.sort((a, b) => a - b)[Math.floor(times.length / 4)];
}

/** Milliseconds of each of some steps, fewer where they take long. */
async function stepTimes(
  tf: Tf,
  network: Network,
  training: TrainingSpec,
  rows: number,
  count: number,
): Promise<number[]> {
  const random = createRandom(1);
  const width = network.inputShape.reduce((all, size) => all * size, 1);
  const train = {
    rows,
    weights: null,
    x: Float32Array.from({ length: rows * width }, () => random.next()),
    y: Float32Array.from({ length: rows }, (_, row) => row % Math.max(2, headUnits(network.head))),
  };
  const { signal } = new AbortController();
  const learner = createTfLearner(
    tf,
    { network, training: { ...training, batchSize: rows }, seed: 1, train, validation: null, signal },
    beginning(initialWeights(network, 1)),
  );
  try {
    const order = Int32Array.from({ length: rows }, (_, row) => row);
    const times: number[] = [];
    const begin = performance.now();
    while (times.length < count && (times.length < 2 || performance.now() - begin < EACH_MS)) {
      await learner.beginEpoch(order);
      const start = performance.now();
      await learner.run([0], false);
      times.push(performance.now() - start);
    }
    return times;
  } finally {
    learner.dispose();
  }
}
