// How long a step of a training takes on one backend, where it is, within the time that it is allowed. Nothing is left
// to run: what takes too long is ended, and its device given back.

import { checkSize } from '../gpu/device.ts';
import { estimateStep, timeSteps } from '../gpu/timing.ts';
import { createRandom } from '../base/random.ts';
import { lossOf } from '../model/loss.ts';
import { headUnits } from '../model/spec.ts';
import { initialWeights } from '../model/weights.ts';
import { compiledGpu, compilerGap, tuning } from './compiled.ts';
import type { BackendName } from './events.ts';
import type { Work } from './fastest.ts';
import { beginning } from './learner.ts';
import { startTf, stopTf } from './tfBackends.ts';
import { createTfLearner } from './tfLearner.ts';
import { endAt, TooSlow } from './timeLimit.ts';
import { loadTf, type Tf } from './tf.ts';

export { TooSlow };

/** What a step takes, once everything is compiled. */
export interface StepTime {
  ms: number;
  /** reckoned from some rows of a batch or some of its kernels, as there was no time for a whole step */
  estimated?: true;
}

/**
 * @param mostRows of a batch where it takes a long time to end an operation; the figure is then an estimate
 * @throws TooSlow where no step was finished within `allowedMs`
 */
export type StepTimer = (work: Work, allowedMs: number, mostRows?: number) => Promise<StepTime>;

export interface StepTimers extends Record<BackendName, StepTimer> {
  /** Loads what all of them need. */
  load(): Promise<unknown>;
}

export const stepTimers: StepTimers = {
  load: loadTf,
  cpu: timeOnCpu,
  webgl: (...args) => timeOnTf('webgl', ...args),
  webgpu: (work, ...args) =>
    compilerGap(work.network) ? timeOnTf('webgpu', work, ...args) : timeCompiled(work, args[0]),
};

/** Milliseconds of steps that are timed, once everything is compiled. */
const STEPS_MS = 150;
/** More steps make no figure better. */
const MOST_STEPS = 30;

/** Where there is no time to compile all kernels, the figure is reckoned from the largest. */
async function timeCompiled({ network, training, rows, frozen }: Work, allowedMs: number): Promise<StepTime> {
  const { optimizer, batchSize, l1, l2, clipNorm } = training;
  const loss = lossOf(training, network.head);
  const control = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let estimate: number | undefined;
  let stepped = false;
  const over = new Promise<StepTime>((resolve, reject) => {
    timer = setTimeout(() => {
      control.abort(); // what compiles cannot be ended; a training that takes this device has it sooner
      if (estimate !== undefined && !stepped) resolve({ ms: estimate, estimated: true });
      else if (!stepped) reject(new TooSlow());
    }, allowedMs);
  });
  const time = async (): Promise<StepTime> => {
    const gpu = await compiledGpu();
    const width = network.inputShape.reduce((all, size) => all * size, 1);
    checkSize(gpu, 'the training rows', 4 * rows * width);
    const input = { gpu, network, batchSize, loss, optimizer, l1, l2, clipNorm, frozen, rows, tuning };
    estimate = await estimateStep(input);
    control.signal.throwIfAborted();
    return { ms: (await timeSteps(input, STEPS_MS, control.signal, () => (stepped = true))).msPerStep };
  };
  try {
    return await Promise.race([over, time()]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The batch grows from one row to as many as there is time for: nothing can end a step on the CPU. Few rows, and code
 * that has not run yet, take more than their share, so a step never takes longer than the one before lets expect.
 */
async function timeOnCpu({ network, training, rows: all, frozen }: Work, allowedMs: number): Promise<StepTime> {
  const tf = await startTf('cpu');
  const end = performance.now() + allowedMs;
  const batch = Math.min(training.batchSize, all);
  for (let rows = 1, first = true; ; first = false) {
    const steps = openSteps(tf, { network, training, rows, frozen });
    try {
      const cold = first ? await steps.next() : 0; // slow everywhere
      if (cold >= allowedMs) return reckoned(cold, 1, batch); // too much, but there is no time for another
      const ms = await steps.next();
      if (rows === batch) return { ms: lowerQuartile([ms, ...(await several(steps, end - ms))]) };
      const next = Math.min(batch, Math.floor((rows * (end - performance.now())) / ms));
      if (next <= rows) return reckoned(ms, rows, batch);
      rows = next;
    } finally {
      steps.close();
    }
  }
}

/** By TensorFlow.js on a device. Where it is too slow, the device is given back. */
export async function timeOnTf(
  name: 'webgl' | 'webgpu',
  { network, training, rows: all, frozen }: Work,
  allowedMs: number,
  mostRows = Infinity,
): Promise<StepTime> {
  const end = performance.now() + allowedMs;
  const batch = Math.min(training.batchSize, all);
  const rows = Math.min(batch, mostRows);
  const tf = await startTf(name);
  try {
    const steps = openSteps(tf, { network, training, rows, frozen });
    try {
      await endAt(tf, end, steps.next); // compiles
      const ms = await endAt(tf, end, steps.next);
      const free = await several(steps, Math.min(end, performance.now() + STEPS_MS) - ms);
      return reckoned(free.length > 0 ? lowerQuartile(free) : ms, rows, batch);
    } finally {
      steps.close();
    }
  } catch (error) {
    await stopTf(name);
    throw error;
  }
}

/** The milliseconds of a batch by those of some of its rows. */
const reckoned = (ms: number, rows: number, batch: number): StepTime =>
  rows === batch ? { ms } : { ms: ms * (batch / rows), estimated: true };

interface Steps {
  /** Does one step, and gives its milliseconds. */
  next(): Promise<number>;
  close(): void;
}

/** A training of made-up rows, all of them one batch. */
function openSteps(tf: Tf, { network, training, rows, frozen }: Work): Steps {
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
    { network, training: { ...training, batchSize: rows }, seed: 1, train, validation: null, frozen, signal },
    beginning(initialWeights(network, 1)),
  );
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  return {
    async next() {
      await learner.beginEpoch(order);
      const start = performance.now();
      await learner.run([0], { score: false, clear: true });
      return performance.now() - start;
    },
    close: () => learner.dispose(),
  };
}

/** Milliseconds of each of some steps, of which none begins after a moment. */
async function several({ next }: Steps, until: number): Promise<number[]> {
  const times: number[] = [];
  while (times.length < MOST_STEPS && performance.now() < until) times.push(await next());
  return times;
}

/** The first steps are slow, and some are disturbed. */
const lowerQuartile = (times: number[]): number => times.sort((a, b) => a - b)[Math.floor(times.length / 4)];
